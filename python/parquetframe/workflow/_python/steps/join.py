"""The `join` step and the matching that it shares with SQL's joins.

Rows are matched by key codes and counting, not by hashing rows, so the result keeps the order of
the left rows (then of the right), whatever the number of threads. The result is the same for every
``algorithm``; this engine has only this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import SchemaError
from parquetframe.types import format_type

from ..arrow_types import common_type
from ..expressions import Binder, Scope, Visible, require_columns, truth
from ..expressions.parse import parse_expression
from ..failure import at_key
from ..keys import encode
from .context import StepContext

Keys = list[pa.ChunkedArray]


@dataclass(frozen=True)
class Pairs:
    """Matched rows: ``left[i]`` goes with ``right[i]``; -1 stands for no row."""

    left: np.ndarray
    right: np.ndarray

    def left_rows(self) -> pa.Array:
        """Row numbers to take from the left table, null where there is none."""
        return pa.array(self.left, mask=self.left < 0)

    def right_rows(self) -> pa.Array:
        """Row numbers to take from the right table, null where there is none."""
        return pa.array(self.right, mask=self.right < 0)


def run(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Join two tables."""
    left, right = inputs
    how = config["how"]
    with at_key("on"):
        require_columns(left, [a for a, _ in config["on"]], f" in '{context.inputs[0]}'")
        require_columns(right, [b for _, b in config["on"]], f" in '{context.inputs[1]}'")
        left_keys = [left.column(a) for a, _ in config["on"]]
        right_keys = [right.column(b) for _, b in config["on"]]
        left_keys, right_keys = common_keys(left_keys, right_keys, config["on"])
    with at_key("suffix"):
        names = _right_names(left, right, config)
    context.check_cancelled()
    with at_key("validate"):
        _validate(config, left_keys, right_keys, left, right)
    pairs = match(
        left_keys, right_keys, left.num_rows, right.num_rows, nulls_equal=config["nulls_equal"]
    )
    context.check_cancelled()
    if config["condition"] is not None:
        with at_key("condition"):
            pairs = _only_true(config, pairs, left, right, context)
    pairs = complete(pairs, how, left.num_rows, right.num_rows)
    context.check_cancelled()
    result = left.take(pairs.left_rows())
    if how in {"semi", "anti"}:
        return result
    if config["coalesce_keys"] and how == "right":  # every row has a right key: its type stays
        for a, b in config["on"]:
            values = right.column(b).take(pairs.right_rows())
            result = result.set_column(result.schema.get_field_index(a), a, values)
    elif config["coalesce_keys"] and how == "full":
        result = _coalesced(result, config["on"], right_keys, pairs)
    for name, new_name in names:
        values = right.column(name).take(pairs.right_rows())
        result = result.append_column(new_name, values)
    return result


def common_keys(left: Keys, right: Keys, names: list[Any]) -> tuple[Keys, Keys]:
    """Both sides' keys with equal types.

    Raises:
        SchemaError: E302 if a pair of keys cannot be compared, such as text and number.
    """
    pairs: list[tuple[Any, Any]] = []
    for a, b, (left_name, right_name) in zip(left, right, names, strict=True):
        common = common_type(a.type, b.type)
        if common is None:
            raise SchemaError(
                f"join keys have different types: '{left_name}' is {format_type(a.type)}, "
                f"'{right_name}' is {format_type(b.type)}",
                code="E302",
                column=left_name,
                hint="give both one type with a cast step",
            )
        safe = not pa.types.is_floating(common)  # a wide integer meets its nearest float
        pairs.append((a.cast(common, safe=safe), b.cast(common, safe=safe)))
    return [a for a, _ in pairs], [b for _, b in pairs]


def together(left: Keys, right: Keys) -> Keys:
    """Key columns with the left rows, then the right ones."""
    return [pa.chunked_array(a.chunks + b.chunks, a.type) for a, b in zip(left, right, strict=True)]


def match(
    left: Keys, right: Keys, left_rows: int, right_rows: int, *, nulls_equal: bool = False
) -> Pairs:
    """All pairs of rows with equal keys, ordered by left row, then right row.

    Without keys every left row meets every right row.
    """
    groups = encode(together(left, right), left_rows + right_rows)
    left_codes, right_codes = groups.codes[:left_rows], groups.codes[left_rows:]
    usable = np.ones(right_rows, dtype=bool)
    if not nulls_equal:
        usable = ~groups.has_null[left_rows:]
    order = np.argsort(right_codes, kind="stable")
    order = order[usable[order]]
    counts = np.bincount(right_codes[usable], minlength=max(groups.count, 1))
    starts = np.cumsum(counts) - counts
    matches = counts[left_codes]
    left_index = np.repeat(np.arange(left_rows), matches)
    before = np.repeat(np.cumsum(matches) - matches, matches)
    within = np.arange(len(left_index)) - before
    right_index = order[starts[left_codes[left_index]] + within]
    return Pairs(left_index, right_index)


def complete(pairs: Pairs, how: str, left_rows: int, right_rows: int) -> Pairs:
    """Add or keep the rows that the kind of join asks for, in order of left rows."""
    matched = np.zeros(left_rows, dtype=bool)
    matched[pairs.left] = True
    if how in {"semi", "anti"}:
        kept = np.flatnonzero(matched if how == "semi" else ~matched)
        return Pairs(kept, np.full(len(kept), -1))
    left, right = pairs.left, pairs.right
    if how in {"left", "full"}:
        alone = np.flatnonzero(~matched)
        left = np.concatenate([left, alone])
        right = np.concatenate([right, np.full(len(alone), -1)])
        order = np.argsort(left, kind="stable")
        left, right = left[order], right[order]
    if how in {"right", "full"}:
        met = np.zeros(right_rows, dtype=bool)
        met[pairs.right] = True
        alone = np.flatnonzero(~met)
        left = np.concatenate([left, np.full(len(alone), -1)])
        right = np.concatenate([right, alone])
    return Pairs(left, right)


def _right_names(left: pa.Table, right: pa.Table, config: dict[str, Any]) -> list[tuple[str, str]]:
    """(name, name in the result) of the right columns that stay."""
    if config["how"] in {"semi", "anti"}:
        return []
    dropped = {b for _, b in config["on"]} if config["coalesce_keys"] else set()
    taken = set(left.column_names)
    names = []
    for name in right.column_names:
        if name in dropped:
            continue
        new_name = name + config["suffix"] if name in taken else name
        if new_name in taken:
            raise SchemaError(
                f"two columns are named '{new_name}'",
                code="E301",
                column=new_name,
                hint="choose another suffix, or rename a column before the join",
            )
        taken.add(new_name)
        names.append((name, new_name))
    return names


def _validate(
    config: dict[str, Any], left_keys: Keys, right_keys: Keys, left: pa.Table, right: pa.Table
) -> None:
    rule = config["validate"]
    if rule in {"one_to_one", "one_to_many"}:
        _require_unique(left_keys, left, [a for a, _ in config["on"]], rule, "left", config)
    if rule in {"one_to_one", "many_to_one"}:
        _require_unique(right_keys, right, [b for _, b in config["on"]], rule, "right", config)


def _require_unique(
    keys: Keys, table: pa.Table, names: list[str], rule: str, side: str, config: dict[str, Any]
) -> None:
    groups = encode(keys, table.num_rows)
    counted = groups.codes if config["nulls_equal"] else groups.codes[~groups.has_null]
    counts = np.bincount(counted, minlength=max(groups.count, 1))
    if not len(counts) or counts.max() <= 1:
        return
    row = int(np.flatnonzero(groups.codes == counts.argmax())[0])
    key = ", ".join(f"{name}={table.column(name)[row].as_py()!r}" for name in names)
    raise SchemaError(
        f"validate {rule}: the {side} keys are not unique: {key} is in {counts.max()} rows",
        code="E601",
        column=names[0],
    )


def _only_true(
    config: dict[str, Any], pairs: Pairs, left: pa.Table, right: pa.Table, context: StepContext
) -> Pairs:
    """Pairs that also meet ``condition``.

    Names: a column's name; `left.x`, `right.x` or the datasets' names tell equal names apart, and
    a plain name that both sides have means the left one.
    """
    visible, columns = [], {}
    sides = (("left", left, pairs.left_rows()), ("right", right, pairs.right_rows()))
    for dataset, (side, table, rows) in zip(context.inputs, sides, strict=True):
        for name in table.column_names:
            internal, dtype = f"{side}.{name}", table.schema.field(name).type
            visible.append(Visible(side, name, internal, dtype))
            if context.inputs[0] != context.inputs[1] and dataset not in {"left", "right"}:
                visible.append(Visible(dataset, name, internal, dtype))
            columns[internal] = (table.column(name), rows)
    binder = Binder(_ConditionScope(visible, config["suffix"]), config["condition"])
    node = binder.bind_bool(parse_expression(config["condition"]))
    used = {n: columns[n][0].take(columns[n][1]) for n in sorted(node.columns())}
    table = pa.table(used) if used else pa.table({"": pa.nulls(len(pairs.left))})
    kept = np.asarray(truth(node, table), dtype=bool)
    return Pairs(pairs.left[kept], pairs.right[kept])


class _ConditionScope(Scope):
    """A plain name is the left column, else the right one; `x_right` is the right `x`."""

    def __init__(self, columns: list[Visible], suffix: str) -> None:
        super().__init__(columns)
        self._suffix = suffix

    def resolve(self, name: str, table: str | None = None) -> Visible:
        if table is None:
            for side in ("left", "right"):
                if found := [c for c in self.columns if c.name == name and c.table == side]:
                    return found[0]
            plain = name.removesuffix(self._suffix) if self._suffix else name
            if plain != name and any(c.name == plain for c in self.columns):
                return super().resolve(plain, "right")
        return super().resolve(name, table)


def _coalesced(result: pa.Table, on: list[Any], right_keys: Keys, pairs: Pairs) -> pa.Table:
    """Key columns of rows that exist only on the right get the right value."""
    for (name, _), key in zip(on, right_keys, strict=True):
        values = result.column(name).cast(key.type)
        missing = pa.array(pairs.left < 0)
        values = pc.if_else(missing, key.take(pairs.right_rows()), values)
        result = result.set_column(result.schema.get_field_index(name), name, values)
    return result
