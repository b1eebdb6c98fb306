"""YAML text to plain data and a table of locations, within fixed limits.

The parser's events are composed here, without recursion, so hostile files stop early: at 64 levels,
at 200,000 nodes counted after alias expansion ("billion laughs"), at an alias to an open node. Tags
beyond the core schema are refused, so no object is ever built from text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from parquetframe.workflow.problems import Location, Problem
from parquetframe.workflow.resolver import resolve_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_DEPTH", "MAX_NODES", "Composed", "Path", "compose", "split_lines"]

Path = tuple[str | int, ...]

MAX_DEPTH = 64
MAX_NODES = 200_000
_LARGE = 256 * 1024
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_CORE = "tag:yaml.org,2002:"
_SCALAR_TAGS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "null": (type(None),),
}


def split_lines(text: str) -> list[str]:
    """The lines as YAML counts them."""
    return _LINE_BREAK.split(text)


@dataclass
class _Node:
    kind: str  # "scalar", "list" or "map"
    line: int
    column: int
    tag: str | None
    text: str = ""
    plain: bool = False
    children: list[_Node] = field(default_factory=list)
    end: tuple[int, int] = (0, 0)
    size: int = 1
    depth: int = 1
    open: bool = True


@dataclass
class Composed:
    """What a YAML text holds.

    Attributes:
        data: Dicts, lists and scalars.
        values: Where each value starts.
        keys: Where the key of each mapping entry starts.
        problems: What is wrong; with problems, ``data`` is incomplete.
    """

    data: Any = None
    values: dict[Path, Location] = field(default_factory=dict)
    keys: dict[Path, Location] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class _StopError(Exception):
    """Composing cannot go on."""

    def __init__(
        self, code: str, message: str, at: tuple[int, int], hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.at, self.hint = code, message, at, hint


def compose(text: str, file: str) -> Composed:
    """Read one YAML document.

    Args:
        text: The document.
        file: Name for locations.

    Returns:
        Data, locations and problems; nothing is raised for bad text.
    """
    builder = _Builder(file, split_lines(text))
    try:
        root = _compose_events(text)
        if root is not None:
            builder.result.data = builder.build(root, ())
    except _StopError as stop:
        builder.problem(stop.code, stop.message, stop.at, 1, stop.hint)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = (mark.line, mark.column) if mark else (0, 0)
        message, hint = _explain(error, builder.lines, at)
        builder.problem("E101", message, at, 1, hint)
    except yaml.reader.ReaderError as error:
        at = _position(text, error.position)
        code = error.character if isinstance(error.character, int) else ord(error.character[:1])
        builder.problem("E101", f"the character U+{code:04X} is not allowed", at)
    except (yaml.YAMLError, ValueError, OverflowError, IndexError) as error:
        builder.problem("E101", f"not valid YAML: {error}", (0, 0))
    return builder.result


def _position(text: str, index: object) -> tuple[int, int]:
    before = split_lines(text[:index] if isinstance(index, int) else "")
    return len(before) - 1, len(before[-1])


def _explain(
    error: yaml.MarkedYAMLError, lines: list[str], at: tuple[int, int]
) -> tuple[str, str | None]:
    """A message and, for the usual slips, what to do."""
    message = str(error.problem or error.context or "not valid YAML")
    line = lines[at[0]] if at[0] < len(lines) else ""
    hint = None
    if "'\\t'" in message or line[: at[1] + 1].strip(" ").startswith("\t"):
        hint = "indent with spaces, not tabs"
    elif "${" in line and ("{" in line.replace("${", "") or "[" in line):
        hint = 'inside { } or [ ] a text with ${...} needs quotes: path: "${data}/file.csv"'
    elif "cannot start any token" in message:
        hint = "put the text in quotes"
    elif "mapping values are not allowed" in message:
        hint = "a text with ': ' in it needs quotes; otherwise check the indentation"
    if error.context and error.problem:
        message = f"{message} ({error.context})"
    return message, hint


def _compose_events(text: str) -> _Node | None:
    """Build the node graph of the only document; aliases share nodes."""
    fast = len(text) > _LARGE and hasattr(yaml, "CSafeLoader")
    loader: Any = yaml.CSafeLoader(text) if fast else yaml.SafeLoader(text)
    try:
        return _Composer().run(_events(loader))
    finally:
        loader.dispose()


def _events(loader: Any) -> Iterator[Any]:
    while loader.check_event():
        yield loader.get_event()


class _Composer:
    """A stack machine over parser events."""

    def __init__(self) -> None:
        self.stack: list[_Node] = []
        self.anchors: dict[str, _Node] = {}
        self.root: _Node | None = None
        self.count = 0

    def run(self, events: Iterator[Any]) -> _Node | None:
        documents = 0
        for event in events:
            at = (event.start_mark.line, event.start_mark.column)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _StopError(
                        "E101", "a workflow file holds one document; found a second", at
                    )
            elif isinstance(event, yaml.AliasEvent):
                self.add(self.resolve_alias(str(event.anchor), at), at)
            elif isinstance(event, yaml.ScalarEvent):
                node = _Node("scalar", *at, event.tag, event.value, event.implicit[0])
                self.enter(node, event.anchor)
                self.close(node, event.end_mark)
                self.add(node, at)
            elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
                kind = "list" if isinstance(event, yaml.SequenceStartEvent) else "map"
                node = _Node(kind, *at, event.tag)
                self.enter(node, event.anchor)
                self.stack.append(node)
                if len(self.stack) > MAX_DEPTH:
                    raise _StopError("E112", f"nested deeper than {MAX_DEPTH} levels", at)
            elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                node = self.stack.pop()
                self.close(node, event.end_mark)
                self.add(node, at)
        return self.root

    def enter(self, node: _Node, anchor: str | None) -> None:
        self.count += 1
        if self.count > MAX_NODES:
            raise _StopError("E112", f"more than {MAX_NODES:,} values", (node.line, node.column))
        if anchor is not None:
            self.anchors[anchor] = node

    def close(self, node: _Node, end: Any) -> None:
        node.end = (end.line, end.column)
        node.open = False

    def resolve_alias(self, anchor: str, at: tuple[int, int]) -> _Node:
        node = self.anchors.get(anchor)
        if node is None:
            raise _StopError(
                "E101", f"the alias '*{anchor}' has no anchor '&{anchor}' above it", at
            )
        if node.open:
            raise _StopError("E101", f"the alias '*{anchor}' refers to the value it is in", at)
        return node

    def add(self, node: _Node, at: tuple[int, int]) -> None:
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        parent.children.append(node)
        parent.size += node.size
        parent.depth = max(parent.depth, node.depth + 1)
        if parent.size > MAX_NODES:
            raise _StopError("E112", f"aliases expand to more than {MAX_NODES:,} values", at)
        if parent.depth > MAX_DEPTH:
            raise _StopError("E112", f"aliases nest deeper than {MAX_DEPTH} levels", at)


class _Builder:
    """Turns nodes into data and records locations. Depth is bounded by the composer."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self.file = file
        self.lines = lines
        self.result = Composed()

    def build(self, node: _Node, path: Path) -> Any:
        self.result.values[path] = self.location(node, path)
        if node.kind == "scalar":
            return self.scalar(node)
        allowed = "seq" if node.kind == "list" else "map"
        if node.tag not in (None, "!", _CORE + allowed):
            self.unknown_tag(node)
        if node.kind == "list":
            return [self.build(child, (*path, i)) for i, child in enumerate(node.children)]
        data: dict[Any, Any] = {}
        for key, key_node, value in self.entries(node):
            inner = (*path, key)
            self.result.keys[inner] = self.location(key_node, inner)
            data[key] = self.build(value, inner)
        return data

    def entries(self, node: _Node) -> list[tuple[Any, _Node, _Node]]:
        """Pairs of a mapping, those merged by ``<<`` first; own keys win."""
        own: dict[Any, tuple[_Node, _Node]] = {}
        merged: dict[Any, tuple[_Node, _Node]] = {}
        first: dict[Any, int] = {}
        for key_node, value in zip(node.children[::2], node.children[1::2], strict=True):
            if key_node.kind != "scalar":
                self.at(key_node, "E103", "a key must be a text, not a list or a mapping")
                continue
            is_merge = key_node.plain and key_node.text == "<<" and key_node.tag is None
            key = "<<" if is_merge else self.scalar(key_node)
            if key in first:
                line = first[key] + 1
                self.at(key_node, "E102", f"duplicate key '{key_node.text}', first on line {line}")
                continue
            first[key] = key_node.line
            if is_merge:
                for source in value.children if value.kind == "list" else [value]:
                    if source.kind != "map":
                        self.at(value, "E103", "'<<' takes a mapping or a list of mappings")
                        continue
                    for name, *pair in self.entries(source):
                        merged.setdefault(name, (pair[0], pair[1]))
            else:
                own[key] = (key_node, value)
        return [(key, *pair) for key, pair in {**merged, **own}.items()]

    def scalar(self, node: _Node) -> Any:
        if node.tag is None:
            return resolve_plain(node.text) if node.plain else node.text
        if node.tag in ("!", _CORE + "str"):
            return node.text
        kind = node.tag.removeprefix(_CORE)
        if node.tag == kind or kind not in _SCALAR_TAGS:
            self.unknown_tag(node)
            return node.text
        value = resolve_plain(node.text)
        wanted = _SCALAR_TAGS[kind]
        if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "bool"):
            self.at(node, "E101", f"{node.text!r} is not a value of the tag '!!{kind}'")
            return node.text
        return float(node.text) if kind == "float" and isinstance(value, int) else value

    def unknown_tag(self, node: _Node) -> None:
        tag = str(node.tag)
        shown = "!!" + tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag
        self.at(node, "E101", f"the tag '{shown}' is not allowed: workflow files hold plain data")

    def location(self, node: _Node, path: Path) -> Location:
        line = self.lines[node.line] if node.line < len(self.lines) else ""
        same_line = node.end[0] == node.line and node.end[1] > node.column
        end = node.end[1] if same_line else len(line.rstrip())
        width = max(1, end - node.column)
        return Location(self.file, node.line + 1, node.column + 1, path, width)

    def at(self, node: _Node, code: str, message: str) -> None:
        width = self.location(node, ()).width
        self.problem(code, message, (node.line, node.column), width)

    def problem(
        self, code: str, message: str, at: tuple[int, int], width: int = 1, hint: str | None = None
    ) -> None:
        line, column = at
        excerpt = self.lines[line] if line < len(self.lines) else None
        location = Location(self.file, line + 1, column + 1, (), width)
        self.result.problems.append(Problem(code, "error", message, None, location, hint, excerpt))
