"""What a case and a contestant are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peers import Job, Run

THP = {"POLARS_THP": "1"}
MALLOC_THP = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "ARROW_DEFAULT_MEMORY_POOL": "system"}


@dataclass(frozen=True)
class Contestant:
    """One peer at one setting.

    Attributes:
        peer: Name of the library.
        setting: What differs from its defaults.
        prepare: Makes the timed call.
        env: Environment that the library reads when it loads.
        ordered: Whether the rows are promised in file order.
        rounds: Most rounds to take part in; for those that take many times longer.
        interpreter: Which other Python runs it: ``pandas2``, or ours.
    """

    peer: str
    setting: str
    prepare: Callable[[Job], Run]
    env: dict[str, str] = field(default_factory=dict)
    ordered: bool = True
    rounds: int | None = None
    interpreter: str = ""

    @property
    def name(self) -> str:
        """Peer and setting."""
        return f"{self.peer} ({self.setting})" if self.setting else self.peer


@dataclass(frozen=True)
class Case:
    """One measurement.

    Attributes:
        title: For the table.
        source: Name of the file that it reads: a key of ``data.SOURCES``.
        gives: ``arrow``, ``pandas``, ``value``, ``file`` or ``csv``: how results are compared.
        contestants: Who takes part.
        repeated: Whether one run makes many calls, for work that is too short to time.
        types: Types by name, for formats that store none: results are cast to them without loss
            before they are compared.
    """

    title: str
    source: str
    gives: str
    contestants: list[Contestant]
    types: dict[str, str] | None = None
    repeated: bool = False
