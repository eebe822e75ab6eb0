"""Configurations of the filter in YAML files, and in which line of them is what."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from envoy_config import STRING, WASM, Texts, problems_of
from settings import Problem

STEP = re.compile(r"\[(\d+)\]")
# What Envoy's YAML library takes for a whole number: others, and those with decimals, are texts in a Struct.
WHOLE = re.compile(r"[-+]?(0x[0-9a-fA-F]+|[0-9]+)")
# What is no configuration of the filter, though it has none in it.
OTHERS = {"static_resources", "apiVersion", "resources", "AWSTemplateFormatVersion"}


@dataclass
class Written:
    """A configuration as it stands in a file."""

    path: Path
    # Of its YAML, whose first line is `offset` lines down in the file.
    node: yaml.Node
    offset: int = 0
    # Of the plugin that it is of, where it stands in a configuration of Envoy's.
    role: str | None = None
    vm_id: str | None = None
    fixed: dict = field(default_factory=dict)
    let_through: set = field(default_factory=set)
    # A Struct, to Envoy, which knows only whole numbers; else a text that is handed on as it is.
    is_struct: bool = False

    def line(self, where=""):
        """The line of what a path leads to, or of as much of it as is there."""
        return self.offset + 1 + found(self.node, where)[0].start_mark.line

    def value(self, where=""):
        """What is there, or what that would be in."""
        return value(found(self.node, where)[1], self.is_struct)

    def twice(self):
        """The paths of members that are written twice, of which Envoy keeps one in silence, and their second lines."""
        return [(path, self.offset + 1 + line) for path, line in twice(self.node)]


def read(path):
    """Every configuration of the filter in a file; the file itself, where it is nothing else."""
    with problems_of(path):
        roots = [root for root in yaml.compose_all(path.read_text(), Texts) if root is not None]
        plugins = [Written(path, **found) for root in roots for found in within(root, 0)]
    if plugins:
        return plugins
    if len(roots) == 1 and not OTHERS & members(roots[0]).keys():
        return [Written(path, roots[0])]
    raise Problem(f"{path}: there is no configuration of the filter in it")


def within(node, offset):
    """The plugins of the filter below a node, those in texts of YAML included, as ConfigMaps have them."""
    if isinstance(node, yaml.ScalarNode):
        if node.style == "|" and WASM in node.value:
            for root in yaml.compose_all(node.value, Texts):
                yield from within(root, offset + node.start_mark.line + 1)
        return
    below = members(node)
    if is_text(below.get("@type"), WASM):
        yield from plugin(members(below["config"]), offset)
    for child in below.values() if below else getattr(node, "value", ()):
        yield from within(child, offset)


def plugin(config, offset):
    written = members(config.get("configuration"))
    if "value" not in written:
        return
    vm = members(config.get("vm_config"))
    environment = members(vm.get("environment_variables"))
    node, is_struct = written["value"], not is_text(written.get("@type"), STRING)
    if not is_struct:
        text = node
        node = yaml.compose(text.value, Texts)
        offset += text.start_mark.line + (text.style == "|")
    yield {
        "node": node,
        "offset": offset,
        "role": getattr(config.get("root_id"), "value", ""),
        "vm_id": getattr(vm.get("vm_id"), "value", ""),
        "fixed": {name: node.value for name, node in members(environment.get("key_values")).items()},
        "let_through": {node.value for node in getattr(environment.get("host_env_keys"), "value", ())},
        "is_struct": is_struct,
    }


def is_text(node, text):
    return isinstance(node, yaml.ScalarNode) and node.value == text


def members(node):
    """The members of a mapping by their names; none of anything else."""
    return {key.value: child for key, child in node.value} if isinstance(node, yaml.MappingNode) else {}


def found(node, path):
    """What a path (names of members, items of lists) leads to: its first node, and what is there. Where a part is missing, what that would be in."""
    at = node
    while path:
        path = path.removeprefix(".")
        if isinstance(node, yaml.SequenceNode) and (step := STEP.match(path)):
            index, path = int(step[1]), path[step.end() :]
            if index >= len(node.value):
                break
            at = node = node.value[index]
            continue
        # A name may have dots in it: the longest that fits is it.
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        fitting = [(key, child) for key, child in pairs if re.match(re.escape(key.value) + r"(\.|\[|$)", path)]
        if not fitting:
            break
        at, node = max(fitting, key=lambda pair: len(pair[0].value))
        path = path[len(at.value) :]
    return at, node


def value(node, is_struct):
    """What a node is: as Envoy has it in a Struct, or as JSON."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): value(child, is_struct) for key, child in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [value(child, is_struct) for child in node.value]
    is_number = node.tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
    if is_struct and is_number and not WHOLE.fullmatch(node.value) or node.tag not in Texts.yaml_constructors:
        return node.value
    return Texts("").construct_object(node)


def twice(node, at=""):
    if isinstance(node, yaml.MappingNode):
        names = set()
        for key, child in node.value:
            path = f"{at}.{key.value}".removeprefix(".")
            if key.value in names:
                yield path, key.start_mark.line
            names.add(key.value)
            yield from twice(child, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from twice(child, f"{at}[{index}]")

