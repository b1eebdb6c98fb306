"""Ids that resemble one that is missing, for the message that says so."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..labels import label

__all__ = ["closest_ids"]

_MOST = 3
_LOOKED_AT = 1 << 16  # so that an error on a huge graph still comes at once
_EPOCH = dt.date(1970, 1, 1)


def closest_ids(ids: pa.Array, value: Any) -> list[str]:
    """Up to three ids, best first: neighbours in value, or text with a third changed at most."""
    if isinstance(value, str):
        return [label(text) for text in _closest_texts(ids.slice(0, _LOOKED_AT), value)]
    if isinstance(value, bytes):
        return []
    if isinstance(value, dt.date):
        value, ids_as = (value - _EPOCH).days, ids.cast(pa.int32())
    else:
        value, ids_as = int(value), ids.cast(pa.uint8()) if pa.types.is_boolean(ids.type) else ids
    numbers = np.asarray(ids_as)
    numbers = numbers.astype(np.uint64 if numbers.dtype == np.uint64 else np.int64, copy=False)
    limits = np.iinfo(numbers.dtype)
    wanted = numbers.dtype.type(min(max(value, limits.min), limits.max))
    # Differences wrap around at 2^64, which is right for numbers without a sign.
    with np.errstate(over="ignore"):
        gap = (np.maximum(numbers, wanted) - np.minimum(numbers, wanted)).astype(np.uint64)
    best = np.lexsort((numbers, gap))[:_MOST]
    return [label(ids[int(i)].as_py()) for i in best]


def _closest_texts(ids: pa.Array, text: str) -> list[str]:
    wanted = text.lower()
    lengths = np.asarray(pc.utf8_length(ids), dtype=np.int64)
    limit = np.maximum(np.maximum(lengths, len(wanted)) // 3, 1)
    near = np.flatnonzero(np.abs(lengths - len(wanted)) <= limit)
    found: list[tuple[int, int, str]] = []
    for place in near.tolist():
        candidate = ids[place].as_py()
        distance = _edits(wanted, candidate.lower())
        if distance <= limit[place]:
            found.append((distance, place, candidate))
    return [candidate for _, _, candidate in sorted(found)[:_MOST]]


def _edits(a: str, b: str) -> int:
    """Insertions, deletions and replacements that turn one text into the other.

    A column of the table of Wagner and Fischer (J. ACM 21(1), 1974) is two integers: where it rises
    and where it falls (Myers, J. ACM 46(3), 1999).
    """
    if not a:
        return len(b)
    places: dict[str, int] = {}
    for i, letter in enumerate(a):
        places[letter] = places.get(letter, 0) | 1 << i
    full, last = (1 << len(a)) - 1, 1 << (len(a) - 1)
    rises, falls, distance = full, 0, len(a)
    for letter in b:
        same = places.get(letter, 0)
        diagonal = (((same & rises) + rises) ^ rises) | same | falls
        up, down = falls | ~(diagonal | rises) & full, rises & diagonal
        distance += bool(up & last) - bool(down & last)
        up, down = (up << 1 | 1) & full, down << 1 & full
        rises, falls = down | ~(diagonal | up) & full, up & diagonal
    return distance
