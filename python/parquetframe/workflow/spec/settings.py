"""Keys of ``settings`` and what sizes and core counts mean on this machine."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parquetframe.workflow.field import Field, Reject, describe
from parquetframe.workflow.spec.kinds import Bool, Choice, Int, Text, or_variable, scalar
from parquetframe.workflow.spec.model import Key, KeyTable, planned

__all__ = ["MAX_PARALLEL", "SETTINGS", "available_cores", "available_memory"]

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB|%)", re.IGNORECASE)
_UNITS = {
    **{unit: 1000**power for power, unit in enumerate(("b", "kb", "mb", "gb", "tb"))},
    **{unit: 1024**power for power, unit in enumerate(("kib", "mib", "gib", "tib"), 1)},
}
_LEAST_MEMORY = 1024**2
MAX_PARALLEL = 1024
_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory() -> int | None:
    """Bytes of memory: the smaller of the machine's and the control group's; None if unknown."""
    found = []
    with contextlib.suppress(AttributeError, ValueError, OSError):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for name in _CGROUP_LIMITS:
        try:
            text = Path(name).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            continue
        if text.isdigit() and int(text) > 0:
            found.append(int(text))
    return min(found) if found else None


@dataclass(frozen=True)
class Memory:
    """A size such as ``4GB``, ``512MiB``, ``60%`` or bytes."""

    def parse(self, place: Field, value: Any) -> int:
        filled = scalar(place, value)
        if isinstance(filled, str):
            filled = self._size(place, filled)
        if isinstance(filled, bool) or not isinstance(filled, int):
            raise place.wrong("a size such as 4GB, 512MiB or 60%", filled)
        if not _LEAST_MEMORY <= filled < 2**63:
            raise Reject("E109", f"'{place.key}' must be at least 1 MiB, found {describe(value)}")
        return filled

    def _size(self, place: Field, text: str) -> int:
        match = _SIZE.fullmatch(text.strip())
        if match is None:
            raise place.wrong("a size such as 4GB, 512MiB or 60%", text)
        number, unit = float(match[1]), match[2].lower()
        if unit != "%":
            return int(min(number * _UNITS[unit], 2.0**63))
        memory = available_memory()
        if not 0 < number <= 100:
            raise Reject("E109", f"'{place.key}' must be above 0% and at most 100%")
        if memory is None:
            raise Reject("E109", "the memory of this machine is not known", "give a size: 4GB")
        return int(memory * number / 100)

    def schema(self) -> dict[str, Any]:
        size = {"type": "string", "pattern": r"^[0-9.]+ *([KMGT]i?B|B|%)$"}
        return or_variable({"anyOf": [{"type": "integer", "minimum": _LEAST_MEMORY}, size]})


@dataclass(frozen=True)
class Parallel:
    """A number of workers, or ``auto`` for the cores."""

    def parse(self, place: Field, value: Any) -> int:
        if place.plain(value) == "auto":
            return available_cores()
        return Int(1, MAX_PARALLEL).parse(place, value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [Int(1).schema(), {"const": "auto"}]}


SETTINGS = KeyTable(
    "settings",
    (
        Key("max_parallel", Parallel(), "Steps at a time; auto is the number of cores.", "auto"),
        Key("fail_fast", Bool(), "Stop at the first failure; else unrelated branches go on.", True),
        Key("fuse", Bool(), "Run chains of steps as one.", True),
        Key("deterministic", Bool(), "The same bytes on every run.", False),
        Key("memory_limit", Memory(), "60%, 4GB or bytes; the rust engine takes 60% by default."),
        Key(
            "engine",
            Choice(("auto", "rust", "python"), planned=("dask",)),
            "Which engine runs it.",
            "auto",
        ),
        Key("strict", Bool(), "Warnings are errors.", False),
        Key(
            "base_dir",
            Text("a path"),
            "Where relative paths start; the file's directory by default.",
        ),
        planned("timeout_s", "Limit for the whole run.", ("timeout_ms",)),
        planned("grace_s", "Time before a child is killed."),
        planned("retry", "Attempts of every step.", ("retry_policy",)),
        planned("resources", "Totals of cores, input/output and memory."),
        planned("cache", "Keep results between runs."),
        planned("history", "Record of runs."),
        planned("report", "HTML report."),
        planned("python", "How Python steps run."),
        planned("fingerprint", "How files are compared."),
        planned("state_dir", "Where the record of runs lives."),
        planned("scratch_dir", "Where data spill."),
    ),
)
