"""YAML, or JSON, which is YAML, as it is written: where things stand in the text, so that it can be added to and stays as it is."""

import dataclasses
import re
from dataclasses import dataclass, field

import yaml

from settings import Problem

BLOCK_SCALARS = ("|", ">")


@dataclass
class Node:
    """A mapping, a list or a scalar, with its place in the text: `start` up to `end`, and the column of `start`."""

    kind: str
    start: int
    column: int
    end: int = 0
    is_flow: bool = False
    # Of a mapping pairs of key and node, of a list nodes.
    items: list = field(default_factory=list)
    scalar: object = None

    def get(self, name):
        """A member, by Envoy's name for it or by the one that JSON may have (`http_filters`, `httpFilters`)."""
        camel = re.sub(r"_(\w)", lambda found: found[1].upper(), name)
        return next((node for key, node in self.items if key in (name, camel)), None) if self.kind == "mapping" else None

    def each(self, name):
        found = self.get(name)
        return found.items if found is not None and found.kind == "list" else []

    def text(self, name):
        found = self.get(name)
        return str(found.scalar) if found is not None and found.kind == "scalar" else None

    def plain(self):
        """As Python has it."""
        if self.kind == "mapping":
            return {key: node.plain() for key, node in self.items}
        return [node.plain() for node in self.items] if self.kind == "list" else self.scalar


class Source:
    """A text, its nodes, and what is to be added to it."""

    def __init__(self, text):
        self.text = text
        self.is_json = text.lstrip().startswith("{")
        # From where to where the text becomes another.
        self.changes = []
        # Nodes that an alias repeats elsewhere, and the names of their anchors.
        self.shared = []
        self.anchors = {}
        try:
            events = yaml.parse(text, yaml.SafeLoader)
            self.root = self.document(events)
        except yaml.YAMLError as error:
            raise Problem(f"this is no YAML: {error}") from error
        if self.root is None or self.root.kind != "mapping":
            raise Problem("this is no bootstrap of Envoy's: it should be a mapping with static_resources in it")

    def document(self, events):
        root = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise Problem("there are several documents in this file; Envoy reads one")
                root = self.node(next(events), events)
        return root

    def node(self, event, events):
        if isinstance(event, yaml.AliasEvent):
            found = self.anchors[event.anchor]
            self.shared.append((event.anchor, found))
            # What it stands for, in its own place.
            here = {"start": event.start_mark.index, "end": event.end_mark.index, "column": event.start_mark.column}
            return dataclasses.replace(found, **here)
        found = Node("scalar", event.start_mark.index, event.start_mark.column)
        if isinstance(event, yaml.ScalarEvent):
            found.scalar = scalar(event)
            found.end = event.end_mark.index
            if event.style in BLOCK_SCALARS:
                found.end = found.start + len(self.text[found.start : found.end].rstrip())
        else:
            self.collection(found, event, events)
        if event.anchor:
            self.anchors[event.anchor] = found
        return found

    def collection(self, found, event, events):
        found.is_flow = bool(event.flow_style)
        found.kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "list"
        found.end = event.start_mark.index
        while not isinstance(event := next(events), yaml.MappingEndEvent | yaml.SequenceEndEvent):
            key = event.value if found.kind == "mapping" else None
            first = event.start_mark
            child = self.node(next(events) if found.kind == "mapping" else event, events)
            if not found.items and not found.is_flow:
                # An anchor may stand before it.
                found.column = first.column if found.kind == "mapping" else self.dash_column(found, first.index)
            found.items.append((key, child) if found.kind == "mapping" else child)
            found.end = child.end
        if found.is_flow:
            found.end = event.end_mark.index

    def dash_column(self, found, first):
        below = re.search(r"\n( *)-\s", self.text[found.start : first])
        return len(below[1]) if below else found.column

    # Adding

    def insert(self, position, text):
        self.replace(position, position, text)

    def replace(self, position, end, text):
        self.refuse_shared(position)
        self.changes.append((position, end, text))

    def refuse_shared(self, position):
        for anchor, node in self.shared:
            if node.start <= position <= node.end:
                raise Problem(
                    f"line {self.line(position)} is part of what is written once, as &{anchor}, and used again, as *{anchor}: "
                    "what is added would be in both places. Write it out first"
                )

    def result(self):
        text = self.text
        # Later places first; of one place, what was added later stands behind.
        for _, (start, end, new) in sorted(enumerate(self.changes), key=lambda found: (found[1][0], found[0]), reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def line(self, position):
        return self.text.count("\n", 0, position) + 1

    def line_start(self, position):
        return self.text.rfind("\n", 0, position) + 1

    def line_end(self, position):
        found = self.text.find("\n", position)
        return len(self.text) if found < 0 else found

    def indent(self, position):
        """Of the line in which something stands."""
        line = self.text[self.line_start(position) : self.line_end(position)]
        return len(line) - len(line.lstrip(" "))

    def is_broken(self, node):
        """Whether a mapping or list in brackets goes over several lines."""
        return "\n" in self.text[node.start : node.end]


def scalar(event):
    loader = yaml.SafeLoader("")
    plain = event.implicit[0]
    tag = loader.resolve(yaml.ScalarNode, event.value, (plain, not plain))
    return loader.construct_object(yaml.ScalarNode(tag, event.value)) if plain and ":timestamp" not in tag else event.value
