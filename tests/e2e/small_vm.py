"""The filter with little memory: the same code, and a limit in the module's memory section (WebAssembly 1.0, 5.5.8)."""

MEMORY = 5
PAGE = 65536


def limit_memory(module, more):
    """`module`, whose memory can grow by `more` bytes and no further."""
    at = 8
    while at < len(module):
        section, begin = module[at], at + 1
        size, content = number(module, begin)
        if section == MEMORY:
            count, flags = module[content], module[content + 1]
            least, end = number(module, content + 2)
            assert (count, flags, end) == (1, 0, content + size), "one memory without a limit"
            limited = b"\x01\x01" + encoded(least) + encoded(least + more // PAGE)
            return module[:begin] + encoded(len(limited)) + limited + module[end:]
        at = content + size
    raise ValueError("no memory section")


def number(data, at):
    """An unsigned LEB128 number, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def encoded(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
