"""A workflow document: its data, and where in the file each key and value stands."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parquetframe.errors import SourceNotFound, ValidationError
from parquetframe.workflow.problems import Location, Problem, render_problems
from parquetframe.workflow.yaml_dump import dump_yaml
from parquetframe.workflow.yaml_nodes import MAX_DEPTH, MAX_NODES, compose, split_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parquetframe.workflow.yaml_nodes import Path as KeyPath

__all__ = ["MAX_BYTES", "Document", "document_from_dict", "dump_yaml", "load_document"]

MAX_BYTES = 10 * 1024 * 1024


@dataclass
class Document:
    """The data of a workflow and the table of locations.

    Attributes:
        data: Top level mapping.
        name: What errors call the document: the path as given, ``<text>`` or ``<dict>``.
        base_dir: Absolute directory that relative paths start from.
        text: The YAML text, if there is one.
        path: The file, if there is one.
        locations: Where values stand, by key path.
        keys: Where the keys of mapping entries stand, by key path.
        problems: What was wrong with data that did not come from YAML.
    """

    data: dict[str, Any]
    name: str
    base_dir: Path
    text: str | None = None
    path: Path | None = None
    locations: Mapping[KeyPath, Location] = field(default_factory=dict)
    keys: Mapping[KeyPath, Location] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _lines: list[str] | None = field(default=None, repr=False, compare=False)

    def locate(self, path: KeyPath, *, value: bool = True) -> Location:
        """The place of a value (or of its key), or of the nearest parent that has one.

        Args:
            path: Keys and list indices from the top.
            value: False for the key itself.
        """
        tables = (self.locations,) if value else (self.keys, self.locations)
        for end in range(len(path), -1, -1):
            for table in tables if end == len(path) else (self.keys, self.locations):
                found = table.get(path[:end])
                if found is not None:
                    return found
        return Location(self.name, path=path)

    def excerpt(self, location: Location) -> str | None:
        """The line of the text at a location."""
        if self.text is None or not location.line:
            return None
        if self._lines is None:
            self._lines = split_lines(self.text)
        return self._lines[location.line - 1] if location.line <= len(self._lines) else None


def load_document(source: str | os.PathLike[str]) -> Document:
    """Read a workflow file, or YAML text.

    Args:
        source: A path, or text with at least one line break.

    Raises:
        SourceNotFound: There is no such file.
        ValidationError: The text is not one YAML mapping, or breaks a limit; see ``problems``.
    """
    if isinstance(source, str) and "\n" in source:
        return _parse(source, "<text>", Path.cwd(), None)
    name = os.fspath(source)
    path = Path(name)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        message = f"File not found: {name}"
        hint = "a string without a line break is taken as a path, not as YAML text"
        raise SourceNotFound(message, path=name, hint=hint) from None
    except IsADirectoryError:
        raise _invalid(name, "E501", "this is a directory, not a workflow file") from None
    except ValueError:  # a NUL byte in the path
        message = f"File not found: {name!r}"
        raise SourceNotFound(message, path=name) from None
    if len(raw) > MAX_BYTES:
        raise _invalid(name, "E112", f"the file is larger than {MAX_BYTES >> 20} MB")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        what = f"the file is not UTF-8 text: byte 0x{raw[error.start]:02x} at offset {error.start}"
        raise _invalid(name, "E113", what, line, column) from None
    resolved = path.absolute()
    return _parse(text, name, resolved.parent, resolved)


def _invalid(name: str, code: str, message: str, line: int = 0, column: int = 0) -> ValidationError:
    problem = Problem(code, "error", message, None, Location(name, line, column))
    return ValidationError(problem.render(), problems=[problem])


def _parse(text: str, name: str, base_dir: Path, path: Path | None) -> Document:
    if len(text) > MAX_BYTES:
        raise _invalid(name, "E112", f"the text is larger than {MAX_BYTES >> 20} MB")
    composed = compose(text, name)
    if not composed.problems and not isinstance(composed.data, dict):
        if composed.data is None:
            raise _invalid(name, "E101", "the file is empty: it needs a list of 'steps'")
        what = "a list" if isinstance(composed.data, list) else "a single value"
        message = f"the top level must be a mapping with the key 'steps', not {what}"
        raise _invalid(name, "E103", message, 1, 1)
    if composed.problems:
        problems = sorted(composed.problems, key=lambda p: (p.line or 0, p.column or 0))
        raise ValidationError(render_problems(problems), problems=problems)
    return Document(
        data=composed.data,
        name=name,
        base_dir=base_dir,
        text=text,
        path=path,
        locations=composed.values,
        keys=composed.keys,
    )


def document_from_dict(
    data: Any, *, name: str = "<dict>", base_dir: str | os.PathLike[str] | None = None
) -> Document:
    """Make a document from Python data, which is copied.

    Anything is taken: data that are no mapping, contain themselves or pass the limits are reported
    as ``problems`` of the document. Tuples become lists, paths become texts.

    Args:
        data: The workflow as dicts and lists.
        name: What errors call it.
        base_dir: Directory that relative paths start from; the current one by default.
    """
    base = Path.cwd() if base_dir is None else Path(base_dir).absolute()
    copier = _Copier(name)
    copied = copier.copy(data, (), ())
    if not isinstance(copied, dict):
        what = f"the workflow must be a mapping with the key 'steps', not {type(data).__name__}"
        copier.report("E103", what, ())
        copied = {}
    return Document(
        copied, name, base, locations=copier.locations, keys={}, problems=copier.problems
    )


class _Copier:
    """Copies data within the limits and numbers the locations."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.locations: dict[KeyPath, Location] = {}
        self.problems: list[Problem] = []

    def report(self, code: str, message: str, path: KeyPath) -> None:
        if not any(problem.code == code for problem in self.problems):
            location = Location(self.name, path=path)
            self.problems.append(Problem(code, "error", message, None, location))

    def copy(self, value: Any, path: KeyPath, parents: tuple[int, ...]) -> Any:
        self.count += 1
        if self.count > MAX_NODES:
            self.report("E112", f"more than {MAX_NODES:,} values", path)
            return None
        self.locations[path] = Location(self.name, path=path)
        if isinstance(value, os.PathLike):
            return os.fsdecode(value)
        if not isinstance(value, (dict, list, tuple)):
            return value
        if id(value) in parents:
            self.report("E112", "the data contain themselves", path)
            return None
        if len(parents) >= MAX_DEPTH:
            self.report("E112", f"nested deeper than {MAX_DEPTH} levels", path)
            return None
        inner = (*parents, id(value))
        if isinstance(value, dict):
            return {key: self.copy(item, (*path, key), inner) for key, item in value.items()}
        return [self.copy(item, (*path, index), inner) for index, item in enumerate(value)]
