"""How what is added is written: as blocks of YAML, or in brackets where that is what is around it."""

import json
import re
import textwrap

import yaml

# For Envoy's reader more words are truth values than for Python's, and more are numbers.
PLAIN = re.compile(
    r"^\d+(\.\d+)?s$|^(?!(?:y|n|yes|no|on|off|true|false|null|nan|inf)$)[A-Za-z/][\w./-]*(?::[\w./-]+)*$", re.IGNORECASE
)


# Keys and texts in what is to be written: the member ANCHOR-OF-THIS gives its mapping an anchor (`&name`), and the text ALIAS-OF-name
# becomes an alias of it (`*name`). PyYAML names anchors itself.
ANCHOR, ALIAS = "ANCHOR-OF-THIS", "ALIAS-OF-"


class Writer(yaml.SafeDumper):
    def ignore_aliases(self, _):
        return True


Writer.add_representer(
    str, lambda writer, text: writer.represent_scalar("tag:yaml.org,2002:str", text, None if PLAIN.match(text) else '"')
)


def block(value, column, comment=None):
    """Lines of YAML, indented by `column`, without the end of the last."""
    text = yaml.dump(value, Dumper=Writer, sort_keys=False, width=10000, allow_unicode=True, default_flow_style=None).rstrip("\n")
    text = re.sub(rf":\n *{ANCHOR}: (\S+)\n", r": &\1\n", text).replace(ALIAS, "*")
    if comment:
        text = f"# {comment}\n{text}"
    return textwrap.indent(text, " " * column)


def brackets(value, indent=None):
    """JSON, on one line, or on several of which those after the first are indented by `indent`."""
    if indent is None:
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n" + " " * indent)


def append(source, node, values, owner, comment=None):
    """Adds items to the end of a list; `owner` is the mapping that it is in."""
    if node.kind == "list" and node.items and not node.is_flow:
        text = "".join("\n" + block([value], node.column, comment if number == 0 else None) for number, value in enumerate(values))
        source.insert(source.line_end(last(node).end), text)
    elif node.kind == "list" and not owner.is_flow and not node.items:
        # `[]`, or nothing at all, in a block.
        source.replace(node.start, node.end, "\n" + block(values, owner.column, comment))
    else:
        add_in_brackets(source, node, [brackets(value, inner(source, node)) for value in values])


def inner(source, node):
    """How far items of brackets are indented; None where all is on one line."""
    if not source.is_broken(node):
        return None
    first = node.items[0] if node.items else None
    place = (first[1] if isinstance(first, tuple) else first) if first else None
    return source.indent(place.start) if place else source.indent(node.start) + 2


def add_in_brackets(source, node, texts):
    indent = inner(source, node)
    gap = " " if indent is None else "\n" + " " * indent
    position = last(node).end if node.items else source.text.index("{" if node.kind == "mapping" else "[", node.start) + 1
    joined = f",{gap}".join(texts)
    source.insert(position, f",{gap}{joined}" if node.items else joined)


def last(node):
    found = node.items[-1]
    return found[1] if isinstance(found, tuple) else found


def insert_before(source, node, number, values, comment=None):
    """Adds items to a list, before the one with that number."""
    item = node.items[number]
    source.refuse_shared(item.start)
    if node.is_flow:
        indent = inner(source, node)
        gap = " " if indent is None else "\n" + " " * indent
        source.insert(item.start, "".join(f"{brackets(value, indent)},{gap}" for value in values))
        return
    position = dash(source, node, item)
    text = "\n".join(block([value], node.column, comment if at == 0 else None) for at, value in enumerate(values))
    if source.text[source.line_start(position) : position].strip():
        # `- - name: …`: the line begins with what it is in.
        source.insert(position, block(values, node.column).lstrip(" ") + "\n" + " " * node.column)
    else:
        source.insert(before_comments(source, source.line_start(position)), text + "\n")


def dash(source, node, item):
    """Where the `-` of an item is: in the list's column, in its line or one above."""
    start = source.line_start(item.start)
    while start > 0 and source.text[start + node.column : start + node.column + 1] != "-":
        start = source.line_start(start - 1)
    return start + node.column


def before_comments(source, start):
    """The beginning of the comment lines that stand directly before a line."""
    while start > 0 and source.text[(above := source.line_start(start - 1)) : start].lstrip(" ").startswith("#"):
        start = above
    return start


def add_member(source, node, name, value, comment=None):
    """Adds a member to the end of a mapping."""
    if node.is_flow:
        texts = [f"{json.dumps(name)}: {brackets(value, inner(source, node))}"]
        add_in_brackets(source, node, texts)
    else:
        source.insert(source.line_end(last(node).end), "\n" + block({name: value}, node.column, comment))
