"""Reads a WebAssembly module as far as our tools need it (WebAssembly Core Specification 2.0, "Binary format").

    tools/wasm_module.py MODULE OUT    writes it without names
"""

import pathlib
import sys


class Bytes:
    """A cursor over bytes."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def number(self):
        """LEB128, also a signed one where its value does not matter."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def take(self, length):
        self.at += length
        return self.data[self.at - length : self.at]

    def text(self):
        return self.take(self.number()).decode()

    def more(self):
        return self.at < len(self.data)


CUSTOM, IMPORT, CODE = 0, 2, 10


def sections(module):
    """Each section: its id, its content, and all of its bytes."""
    if module[:8] != b"\0asm\1\0\0\0":
        raise ValueError("not a WebAssembly module")
    cursor = Bytes(module, 8)
    while cursor.more():
        begin = cursor.at
        kind = cursor.byte()
        content = cursor.take(cursor.number())
        yield kind, content, module[begin : cursor.at]


def stripped(module):
    """The module without names and whatever else a host does not need."""
    return module[:8] + b"".join(whole for kind, _, whole in sections(module) if kind != CUSTOM)


def imported_functions(content):
    """The names of imported functions, in their order."""
    cursor, names = Bytes(content), []
    for _ in range(cursor.number()):
        module, name, kind = cursor.text(), cursor.text(), cursor.byte()
        if kind == 0:
            cursor.number()
            names.append(f"{module}.{name}")
        elif kind == 1:
            cursor.byte()
            limits(cursor)
        elif kind == 2:
            limits(cursor)
        else:
            cursor.take(2)
    return names


def limits(cursor):
    if cursor.byte() & 1:
        cursor.number()
    cursor.number()


def function_names(content):
    """Index → name, of the content of the custom section `name`."""
    cursor = Bytes(content)
    cursor.text()
    while cursor.more():
        kind, part = cursor.byte(), Bytes(cursor.take(cursor.number()))
        if kind == 1:
            return {part.number(): part.text() for _ in range(part.number())}
    return {}


def bodies(content):
    """The instructions of each function of the module's own, in their order."""
    cursor = Bytes(content)
    for _ in range(cursor.number()):
        body = Bytes(cursor.take(cursor.number()))
        for _ in range(body.number()):
            body.number()
            body.byte()
        yield body


CALL, CALL_INDIRECT, UNREACHABLE = 0x10, 0x11, 0x00

# How many LEB128 numbers follow an opcode; those that are not here are followed by nothing.
NUMBERS = {0x0C: 1, 0x0D: 1, CALL: 1, CALL_INDIRECT: 2, 0xD0: 1, 0xD2: 1, 0x25: 1, 0x26: 1, 0x3F: 1, 0x40: 1, 0x41: 1, 0x42: 1}
NUMBERS |= dict.fromkeys((0x02, 0x03, 0x04), 1)
NUMBERS |= dict.fromkeys(range(0x20, 0x25), 1)
# Loads and stores: alignment and offset.
NUMBERS |= dict.fromkeys(range(0x28, 0x3F), 2)
# 0xFC: by the second opcode.
MISCELLANEOUS = {8: 2, 9: 1, 10: 2, 11: 1, 12: 2, 13: 1, 14: 2, 15: 1, 16: 1, 17: 1}


def instructions(body):
    """Opcode and, of a call, whom it calls."""
    while body.more():
        opcode = body.byte()
        first = None
        if opcode == 0xFC:
            skip(body, MISCELLANEOUS.get(body.number(), 0))
        elif opcode == 0xFD:
            vector(body)
        elif opcode == 0x0E:
            skip(body, body.number() + 1)
        elif opcode == 0x1C:
            skip(body, body.number())
        elif opcode == 0x43:
            body.take(4)
        elif opcode == 0x44:
            body.take(8)
        elif opcode in NUMBERS:
            first = body.number()
            skip(body, NUMBERS[opcode] - 1)
        elif opcode > 0xD2 or 0x12 <= opcode < 0x1A or 0x06 <= opcode < 0x0B:
            raise ValueError(f"an instruction that is not known: {opcode:#x}")
        yield opcode, first


def vector(body):
    """SIMD: loads and stores, constants and lanes."""
    opcode = body.number()
    if opcode <= 11 or 92 <= opcode <= 93:
        skip(body, 2)
    elif opcode in (12, 13):
        body.take(16)
    elif 21 <= opcode <= 34:
        body.byte()
    elif 84 <= opcode <= 91:
        skip(body, 2)
        body.byte()


def skip(body, numbers):
    for _ in range(numbers):
        body.number()


if __name__ == "__main__":
    pathlib.Path(sys.argv[2]).write_bytes(stripped(pathlib.Path(sys.argv[1]).read_bytes()))
