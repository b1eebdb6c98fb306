"""What would run: order, levels, fused groups; as text, Mermaid or DOT."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Group", "Plan", "build_plan"]

_WIDTH = 72


@dataclass(frozen=True)
class Group:
    """Steps that run as one: a chain is streamed without keeping what lies between.

    Attributes:
        id: Number of the group.
        steps: Its steps, in order.
        reads: Groups whose results it needs.
    """

    id: int
    steps: tuple[str, ...]
    reads: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """The order of a workflow's steps, without having run any.

    Attributes:
        name: Name of the workflow.
        engine: ``rust`` or ``python``.
        order: Names of the steps in an order that respects every edge.
        levels: Steps by distance from the start; those of one level are independent.
        edges: Pairs of steps; the first runs before the second.
        groups: Fused groups.
        width: How many groups can run at the same time at most.
        steps: Type and a short text per step.
    """

    name: str
    engine: str
    order: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    edges: tuple[tuple[str, str], ...]
    groups: tuple[Group, ...]
    width: int
    steps: Mapping[str, tuple[str, str]] = field(repr=False)

    def explain(self) -> str:
        """The plan as text: one line per step, by level, with its group and what it waits for."""
        group_of = {step: group for group in self.groups for step in group.steps}
        waits: dict[str, list[str]] = {step: [] for step in self.order}
        for first, second in self.edges:
            waits[second].append(first)
        name_width = max((len(step) for step in self.order), default=0)
        type_width = max((len(kind) for kind, _ in self.steps.values()), default=0)
        head = (
            f"{self.name}: {_count(len(self.order), 'step')} in "
            f"{_count(len(self.groups), 'group')}, at most {self.width} at a time, "
            f"engine {self.engine}"
        )
        lines = [head]
        for number, level in enumerate(self.levels, 1):
            lines.append(f"level {number}")
            for step in level:
                kind, text = self.steps[step]
                line = f"  {step:<{name_width}}  {kind:<{type_width}}  {text}".rstrip()
                group = group_of.get(step)
                if group is not None and len(group.steps) > 1:
                    line += f"  [group {group.id}]"
                if waits[step]:
                    line += f"  <- {', '.join(waits[step])}"
                lines.append(line)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The plan as data for JSON."""
        return {
            "name": self.name,
            "engine": self.engine,
            "order": list(self.order),
            "levels": [list(level) for level in self.levels],
            "edges": [list(edge) for edge in self.edges],
            "groups": [
                {"id": group.id, "steps": list(group.steps), "reads": list(group.reads)}
                for group in self.groups
            ],
            "width": self.width,
            "steps": [
                {"name": step, "type": self.steps[step][0], "text": self.steps[step][1]}
                for step in self.order
            ],
        }

    def to_mermaid(self) -> str:
        """The steps as a Mermaid flowchart."""
        ids = {step: f"s{number}" for number, step in enumerate(self.order)}
        lines = ["flowchart TD"]
        for step in self.order:
            label = f"{step}<br/>{self.steps[step][0]}"
            lines.append(f'  {ids[step]}["{_mermaid_text(label)}"]')
        lines += [f"  {ids[first]} --> {ids[second]}" for first, second in self.edges]
        return "\n".join(lines) + "\n"

    def to_dot(self) -> str:
        """The steps as a Graphviz digraph."""
        lines = [f"digraph {_dot_text(self.name)} {{", "  rankdir=TB;", "  node [shape=box];"]
        for step in self.order:
            label = _dot_text(f"{step}\n{self.steps[step][0]}")
            lines.append(f"  {_dot_text(step)} [label={label}];")
        for first, second in self.edges:
            lines.append(f"  {_dot_text(first)} -> {_dot_text(second)};")
        return "\n".join([*lines, "}", ""])

    def _repr_html_(self) -> str:
        import html

        return f"<pre>{html.escape(self.explain())}</pre>"


def build_plan(canonical: Mapping[str, Any], planned: Mapping[str, Any], engine: str) -> Plan:
    """Join an engine's answer with the canonical workflow it was asked about."""
    groups = tuple(
        Group(group["id"], tuple(group["steps"]), tuple(group["reads"]))
        for group in planned["groups"]
    )
    return Plan(
        name=canonical["name"],
        engine=engine,
        order=tuple(planned["order"]),
        levels=tuple(tuple(level) for level in planned["levels"]),
        edges=tuple((first, second) for first, second in planned["edges"]),
        groups=groups,
        width=planned["width"],
        steps={
            step["name"]: (step["type"], _describe(step, canonical)) for step in canonical["steps"]
        },
    )


def _describe(step: Mapping[str, Any], canonical: Mapping[str, Any]) -> str:
    """The part of a step that tells most about it, on one line."""
    config = step["config"]
    kind = step["type"]
    text = ""
    if kind in ("read", "save"):
        paths = config["path"] if isinstance(config["path"], list) else [config["path"]]
        text = ", ".join(_relative(path, canonical.get("base_dir")) for path in paths)
    elif kind == "join":
        keys = ", ".join(
            left if left == right else f"{left} = {right}" for left, right in config["on"]
        )
        text = f"{config['how']} on {keys}" if keys else config["how"]
    elif kind in ("filter", "sql"):
        text = " ".join(str(config["where" if kind == "filter" else "sql"]).split())
    elif kind in ("groupby", "sort"):
        keys = ", ".join(_key(key) for key in config["by"])
        text = f"by {keys}" if keys else "all rows"
    elif kind == "transform":
        text = ", ".join(column["name"] for column in config["columns"])
    elif kind == "graph":
        text = f"{config['algorithm']} {config['src']} -> {config['dst']}"
    elif kind == "python":
        text = str(config["call"])
    elif kind == "limit":
        text = str(config["n"])
    elif kind == "check":
        text = _count(len(config["rules"]), "rule")
    return text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."


def _key(key: Mapping[str, Any]) -> str:
    name = str(key.get("name") or key.get("expr"))
    return f"{name} desc" if key.get("desc") else name


def _relative(path: str, base: str | None) -> str:
    if base is None or not path.startswith(base.rstrip("/\\") + os.sep):
        return path
    return path[len(base.rstrip("/\\")) + 1 :]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _mermaid_text(text: str) -> str:
    return text.replace('"', "#quot;")


def _dot_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
