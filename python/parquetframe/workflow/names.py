"""Names that the user may have meant."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["distance", "nearest", "path_suggestion", "suggestion"]

_MAX_DISTANCE = 2
_MIN_PREFIX = 3
_SHOWN = 8
_LONGEST = 100


def distance(left: str, right: str) -> int:
    """Edit distance in which a swap of neighbours counts once (optimal string alignment).

    Examples:
        >>> distance("arr_dely", "arr_delay"), distance("teh", "the")
        (1, 1)
    """
    before: list[int] = []
    last = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def _shared_prefix(left: str, right: str) -> int:
    count = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        count += 1
    return count


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like ``name``, or None.

    A name is like another within two edits (fewer for short names) or when it shares a prefix of
    three characters that covers half of the shorter name. Case counts little.

    Examples:
        >>> nearest("arr_dely", ["carrier", "arr_delay"])
        'arr_delay'
        >>> nearest("x", ["flights"]) is None
        True
    """
    if not name or len(name) > _LONGEST:
        return None
    wanted = name.lower()
    best: tuple[int, int, str] | None = None
    for candidate in known:
        if len(candidate) > _LONGEST:
            continue
        other = candidate.lower()
        if other == wanted:
            return candidate
        shorter = min(len(wanted), len(other))
        prefix = _shared_prefix(wanted, other)
        edits = _MAX_DISTANCE + 1
        if abs(len(wanted) - len(other)) <= _MAX_DISTANCE:
            edits = distance(wanted, other)
        close = edits <= min(_MAX_DISTANCE, max(1, shorter - 1)) and shorter > 1
        if close or (prefix >= _MIN_PREFIX and prefix * 2 >= shorter):
            rank = (edits if close else _MAX_DISTANCE + 1, -prefix, candidate)
            if best is None or rank < best:
                best = rank
    return best[2] if best else None


def suggestion(name: str, known: Iterable[str], what: str = "columns") -> str:
    """A hint: the nearest name, then what there is.

    Examples:
        >>> suggestion("arr_dely", ["carrier", "arr_delay"])
        "did you mean 'arr_delay'? columns: arr_delay, carrier (2)"
    """
    names = sorted(dict.fromkeys(known))
    if not names:
        return f"there are no {what}"
    found = nearest(name, names)
    shown = names[:_SHOWN]
    if found is not None and found not in shown:
        shown[-1] = found
    dots = ", ..." if len(names) > len(shown) else ""
    listing = f"{what}: {', '.join(shown)}{dots} ({len(names)})"
    return f"did you mean '{found}'? {listing}" if found is not None else listing


def path_suggestion(path: str) -> str | None:
    """A hint for a path that does not exist: what its folder holds under a similar name."""
    missing = Path(path)
    while missing.parent != missing and not missing.parent.exists():
        missing = missing.parent
    if missing.parent.is_file():
        return f"{missing.parent} is a file, not a folder"
    if glob.has_magic(missing.name):
        return None
    try:
        found = nearest(missing.name, (entry.name for entry in missing.parent.iterdir()))
    except OSError:
        return None
    return None if found is None else f"did you mean '{found}'? it is in {missing.parent}"
