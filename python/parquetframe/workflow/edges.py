"""Edges of the graph: what each step reads, what it waits for, and that this has no circle."""

from __future__ import annotations

import re
from collections import deque
from pathlib import PurePath
from typing import TYPE_CHECKING

from parquetframe.workflow.field import shorten
from parquetframe.workflow.names import suggestion
from parquetframe.workflow.sql_scan import has_order_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parquetframe.workflow.field import Scope
    from parquetframe.workflow.steps import Draft, InputRef

__all__ = ["link"]

_DEFAULT_INPUT = "data"
_GLOB = frozenset("*?[")
_KEEPS_ORDER = frozenset(
    ("filter", "select", "transform", "rename", "drop", "cast", "check", "save", "limit")
)
_SHOWN = 12
_MOST_HINTS = 100  # nearest names and circles take time: a hostile file gets no more of them


def link(scope: Scope, drafts: list[Draft]) -> None:
    """Resolve inputs and dependencies of all steps; report what does not fit."""
    _Linker(scope, drafts).run()


class _Linker:
    def __init__(self, scope: Scope, drafts: list[Draft]) -> None:
        self.scope = scope
        self.drafts = drafts
        self.position = {id(draft): index for index, draft in enumerate(drafts)}
        self.by_name: dict[str, int] = {}
        self.producer: dict[str, int] = {}
        self.after: list[set[int]] = [set() for _ in drafts]  # steps that each step waits for
        self.reasons: dict[tuple[int, int], str] = {}
        self.hints = 0

    def run(self) -> None:
        self.register()
        for draft in self.drafts:
            self.inputs(draft)
        for draft in self.drafts:
            self.depends_on(draft)
        self.paths()
        self.cycles()
        for draft in self.drafts:
            self.limit_order(draft)

    def register(self) -> None:
        for index, draft in enumerate(self.drafts):
            known = self.by_name.setdefault(draft.name, index)
            if known != index:
                where = self.where(known)
                path = draft.given.get("name", draft.field.path)
                message = f"two steps are named '{draft.name}', the first at {where}"
                self.scope.report("E203", message, path, step=draft.name)
                continue
            known = self.producer.setdefault(draft.output, index)
            if known != index:
                other = self.drafts[known]
                path = draft.given.get("output", draft.given.get("name", draft.field.path))
                message = f"the dataset '{draft.output}' is produced twice, first by '{other.name}'"
                hint = f"{self.where(known)}; give this step another 'output'"
                self.scope.report("E204", message, path, step=draft.name, hint=hint)

    def where(self, index: int) -> str:
        return str(self.scope.document.locate(self.drafts[index].field.path))

    def find(self, name: str) -> int | None:
        """The step that a dataset's or step's name stands for; datasets first."""
        found = self.producer.get(name)
        return self.by_name.get(name) if found is None else found

    def inputs(self, draft: Draft) -> None:
        if draft.broken or draft.type in ("noop", "handler"):
            for ref in draft.inputs or []:
                self.resolve(draft, ref)
            return
        if draft.inputs is None:
            self.default_input(draft)
        elif draft.type != "sql" and any(ref.alias is not None for ref in draft.inputs):
            message = "'input' is a mapping: only sql steps take {alias: dataset}"
            draft.reject("input", "E108", message)
            return
        for ref in draft.all_inputs():
            self.resolve(draft, ref)
        self.count(draft)
        self.unknown_tables(draft)

    def default_input(self, draft: Draft) -> None:
        default = self.producer.get(_DEFAULT_INPUT)
        if draft.spec.max_inputs == 0:
            return
        if default is not None and self.drafts[default] is not draft:
            draft.add_input(_DEFAULT_INPUT, draft.field.path)
        elif draft.spec.min_inputs > 0:
            above = next((d for d in self.drafts if d.index == draft.index - 1), None)
            hint = "input: name of the step to read from"
            if above is not None:
                hint = f"input: {above.output} (the step above)"
            message = f"a {draft.type} step needs 'input'"
            self.scope.report("E202", message, draft.field.path, step=draft.name, hint=hint)
            draft.broken = True

    def resolve(self, draft: Draft, ref: InputRef) -> None:
        found = self.find(ref.name)
        if found is None:
            self.missing(draft, ref)
            draft.broken = True
            return
        ref.dataset = self.drafts[found].output
        if ref.rule is not None:
            ref.rule["dataset"] = ref.dataset
        if ref.alias is not None:
            draft.config["tables"][ref.alias] = ref.dataset
        index = self.producer.get(ref.dataset, found)
        self.edge(index, draft, "reads")

    def edge(self, before: int, draft: Draft, reason: str) -> None:
        own = self.position[id(draft)]
        self.after[own].add(before)
        self.reasons.setdefault((before, own), reason)

    def missing(self, draft: Draft, ref: InputRef) -> None:
        known = [*self.producer, *self.by_name]
        what = "dataset" if ref.needle is None else "table"
        hint = self.nearest(ref.name, known, "datasets")
        path_like = "/" in ref.name or PurePath(ref.name).suffix in (
            ".csv",
            ".parquet",
            ".avro",
            ".gz",
        )
        if path_like and not (hint or "").startswith("did you mean"):
            hint = "'input' names a step or dataset; a file needs a step of type read"
        message = f"no {what} '{shorten(ref.name)}'"
        self.scope.report("E202", message, ref.path, step=draft.name, hint=hint, needle=ref.needle)

    def nearest(self, name: str, known: Iterable[str], what: str) -> str | None:
        self.hints += 1
        return suggestion(name, known, what) if self.hints <= _MOST_HINTS else None

    def count(self, draft: Draft) -> None:
        found, least, most = len(draft.inputs or []), draft.spec.min_inputs, draft.spec.max_inputs
        if draft.broken or (found >= least and (most is None or found <= most)):
            return
        wanted = str(least) if least == most else f"at least {least}"
        if most is not None and least != most:
            wanted = f"{least} to {most}"
        inputs = "input" if wanted == "1" else "inputs"
        draft.reject("input", "E108", f"a {draft.type} step takes {wanted} {inputs}, found {found}")

    def unknown_tables(self, draft: Draft) -> None:
        if draft.sql_tables is None:
            return
        aliases = [ref.alias for ref in draft.inputs or [] if ref.alias is not None]
        for table in draft.sql_tables:
            if table not in aliases:
                hint = suggestion(table, aliases, "inputs of the step")
                self.scope.report(
                    "E202", f"no table '{shorten(table)}' in 'input'", draft.given["sql"],
                    step=draft.name, hint=hint, needle=table,
                )  # fmt: skip

    def depends_on(self, draft: Draft) -> None:
        kept = []
        for name, path in draft.depends_on:
            found = self.by_name.get(name)
            if found is None and name in self.producer:
                found = self.producer[name]
            if found is None:
                hint = self.nearest(name, self.by_name, "steps")
                message = f"no step '{shorten(name)}'"
                self.scope.report("E206", message, path, step=draft.name, hint=hint)
                continue
            kept.append((self.drafts[found].name, path))
            self.edge(found, draft, "depends on")
        draft.depends_on = kept

    def paths(self) -> None:
        """Two saves to one file; reads of files that other steps save."""
        saved: dict[str, int] = {}
        for index, draft in enumerate(self.drafts):
            path = draft.config.get("path") if draft.type == "save" else None
            if not isinstance(path, str):
                continue
            first = saved.setdefault(path, index)
            if first != index:
                message = f"the step '{self.drafts[first].name}' saves to this path too"
                draft.reject("path", "E205", message, self.where(first))
        if saved:
            for draft in self.drafts:
                self.read_after_save(draft, saved)

    def read_after_save(self, draft: Draft, saved: dict[str, int]) -> None:
        paths = draft.config.get("path") if draft.type == "read" else None
        for pattern in paths if isinstance(paths, list) else ():
            for index in _saves_in(pattern, saved):
                name = self.drafts[index].name
                if name not in [known for known, _ in draft.depends_on]:
                    draft.depends_on.append((name, draft.given["path"]))
                self.edge(index, draft, "reads the file that is saved by")

    def cycles(self) -> None:
        waits = {index: set(before) for index, before in enumerate(self.after)}
        for _ in range(_MOST_HINTS):
            _trim(waits)
            if not waits:
                return
            start = min(waits)
            circle = _shortest_circle(waits, start)
            if circle:
                self.report_cycle(circle)
            for index in circle or [start]:
                waits.pop(index, None)

    def report_cycle(self, circle: list[int]) -> None:
        """``circle`` lists steps, each needed by the next; the first is needed by the last."""
        names = [self.drafts[index].name for index in [*circle, circle[0]]]
        shown = names if len(names) <= _SHOWN else [*names[: _SHOWN - 2], "...", names[-1]]
        lines = []
        for before, index in zip([circle[-1], *circle], circle, strict=False):
            draft, other = self.drafts[index], self.drafts[before]
            reason = self.reasons.get((before, index), "waits for")
            lines.append(f"'{draft.name}' ({self.where(index)}) {reason} '{other.name}'")
        draft = self.drafts[circle[0]]
        path = draft.given.get("input", draft.given.get("depends_on", draft.field.path))
        self.scope.report(
            "E201", f"steps wait for each other: {' -> '.join(shown)}", path,
            step=draft.name, hint="\n".join(lines[:_SHOWN]), related=tuple(names),
        )  # fmt: skip

    def limit_order(self, draft: Draft) -> None:
        """Warn of a limit that takes the first rows of something without an order."""
        if draft.type != "limit" or draft.broken:
            return
        current, seen = draft, set[int]()
        while current.inputs and current.inputs[0].dataset is not None:
            index = self.producer[current.inputs[0].dataset]
            current = self.drafts[index]
            if index in seen:
                return
            seen.add(index)
            if _open_order(current):
                message = (
                    f"the first rows of '{current.name}' ({current.type}) are in no fixed order"
                )
                draft.field.warn("W710", message, hint="put a sort step before the limit")
            if current.type not in _KEEPS_ORDER:
                return


def _open_order(draft: Draft) -> bool:
    if draft.type == "groupby" and draft.config.get("sort") is True:
        return False
    if draft.type == "sql":
        text = draft.config.get("sql")
        return isinstance(text, str) and not has_order_by(text)
    return draft.spec.open_order and draft.type == draft.spec.type


def _saves_in(pattern: str, saved: dict[str, int]) -> list[int]:
    """The saves whose files a path, directory or glob to read takes in."""
    folder = pattern.rstrip("/") + "/"
    literal = [
        index
        for path, index in saved.items()
        if path == pattern or (path.startswith(folder) and "/" not in path[len(folder) :])
    ]
    if literal or _GLOB.isdisjoint(pattern):
        return literal
    try:
        covers = re.compile(_glob_regex(pattern)).fullmatch
    except re.error:  # an upside-down range such as [z-a]: it matches nothing
        return []
    return [index for path, index in saved.items() if covers(path)]


def _glob_regex(pattern: str) -> str:
    """A glob as a regular expression: ``*`` and ``?`` stay within a directory, ``**`` does not."""
    pieces = []
    for piece in re.split(r"(\*\*/|\*+|\?|\[[^\]/]+\])", pattern):
        if piece == "**/":
            pieces.append("(?:[^/]+/)*")
        elif piece.startswith("*"):
            pieces.append("[^/]*")
        elif piece == "?":
            pieces.append("[^/]")
        elif piece.startswith("[") and piece.endswith("]"):
            negated = piece[1] in "!^" and len(piece) > len("[!]")
            inside = re.escape(piece[2:-1] if negated else piece[1:-1]).replace(r"\-", "-")
            pieces.append(f"[{'^/' if negated else ''}{inside}]")
        else:
            pieces.append(re.escape(piece))
    return "".join(pieces)


def _trim(waits: dict[int, set[int]]) -> None:
    """Remove steps that wait for nothing, and those that nothing waits for, until none is left."""
    needed: dict[int, set[int]] = {index: set() for index in waits}
    for index, before in waits.items():
        before.difference_update([other for other in before if other not in waits])
        for other in before:
            needed[other].add(index)
    queue = deque(i for i in waits if not waits[i] or not needed[i])
    while queue:
        index = queue.popleft()
        if index not in waits:
            continue
        for other in waits.pop(index):
            needed[other].discard(index)
            if other in waits and not needed[other]:
                queue.append(other)
        for other in needed.pop(index):
            if other in waits:
                waits[other].discard(index)
                if not waits[other]:
                    queue.append(other)


def _shortest_circle(waits: dict[int, set[int]], start: int) -> list[int]:
    """Steps of a shortest circle through ``start``, each needed by the next; empty if none."""
    came: dict[int, int] = {}
    queue = deque([start])
    while queue:
        index = queue.popleft()
        for other in sorted(waits[index]):
            if other == start:
                circle = [index]
                while circle[-1] != start:
                    circle.append(came[circle[-1]])
                return [start, *(i for i in circle if i != start)]
            if other not in came and other in waits:
                came[other] = index
                queue.append(other)
    return []
