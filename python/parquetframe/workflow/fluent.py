"""One method per step type, shared by :class:`Workflow` and by the reference to a step.

Each method takes the keys of its step under the names of the file format; what is left out keeps
the default of the format. Every method also takes the keys that all steps share:

* ``output``: name of the dataset, the step's name by default;
* ``depends_on``: steps that must have run, without using their data;
* ``description`` and ``tags``: for people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from parquetframe.workflow.callables import call_name
from parquetframe.workflow.fluent_base import Common, Expressions, Input, Names, PathLike
from parquetframe.workflow.fluent_graph import GraphMethod

if TYPE_CHECKING:
    from parquetframe.workflow.stepref import StepRef

__all__ = ["StepMethods"]


class StepMethods(GraphMethod):
    """The fluent methods; on a :class:`StepRef` that step is the first input."""

    def filter(
        self,
        name: str,
        *,
        where: str,
        input: Input = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Keep the rows for which ``where`` is true; NULL drops the row."""
        return self._add("filter", name, self._first(input), {"where": where}, common)

    def select(
        self,
        name: str,
        *,
        columns: Names | Expressions | Sequence[str | Expressions],
        exclude: Sequence[str] | None = None,
        input: Input = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Choose columns: names, ``"*"``, or ``{new: expression}`` items."""
        keys = {"columns": columns, "exclude": exclude}
        return self._add("select", name, self._first(input), keys, common)

    def transform(
        self,
        name: str,
        *,
        columns: Expressions,
        input: Input = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Add or replace columns, in order; later expressions see earlier columns."""
        return self._add("transform", name, self._first(input), {"columns": columns}, common)

    def rename(
        self,
        name: str,
        *,
        columns: Mapping[str, str],
        input: Input = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Rename columns, ``{old: new}``."""
        return self._add("rename", name, self._first(input), {"columns": columns}, common)

    def drop(
        self,
        name: str,
        *,
        columns: Names,
        missing: str | None = None,
        input: Input = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Remove columns; ``missing`` is ``error`` or ``ignore``."""
        keys = {"columns": columns, "missing": missing}
        return self._add("drop", name, self._first(input), keys, common)

    def cast(
        self,
        name: str,
        *,
        columns: Mapping[str, str],
        on_error: str | None = None,
        input: Input = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Change types, ``{column: type}``; ``on_error`` is ``error`` or ``null``."""
        keys = {"columns": columns, "on_error": on_error}
        return self._add("cast", name, self._first(input), keys, common)

    def groupby(
        self,
        name: str,
        *,
        by: Names | Sequence[str | Expressions],
        agg: str | Expressions | None = None,
        having: str | None = None,
        order_by: Names | Sequence[str | Mapping[str, str]] | None = None,
        sort: bool | None = None,
        drop_null_keys: bool | None = None,
        input: Input = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Aggregate per group.

        Args:
            name: Name of the step.
            by: Key columns, or ``{new: expression}`` items; ``[]`` makes one row.
            agg: A function for every other column, or aggregates by name: ``{"n": "count"}``,
                ``{"col": ["sum", "mean"]}``, ``{"out": {"column": "c", "fn": "sum"}}``,
                ``{"out": "sum(distance) / 1000"}``.
            having: Keep the groups for which this is true.
            order_by: Order inside a group, for ``first``, ``last`` and ``list``.
            sort: Sort the result by its keys.
            drop_null_keys: Leave out groups whose key is NULL.
            input: Dataset to aggregate.
            **common: Keys that every step takes.
        """
        keys = {
            "by": by,
            "agg": agg,
            "having": having,
            "order_by": order_by,
            "sort": sort,
            "drop_null_keys": drop_null_keys,
        }
        return self._add("groupby", name, self._first(input), keys, common)

    def sort(
        self,
        name: str,
        *,
        by: Names | Sequence[str | Mapping[str, str]],
        nulls: str | None = None,
        limit: int | None = None,
        input: Input = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Sort by columns, ``"col desc"`` or ``{"col": "desc"}``; ``limit`` keeps the first."""
        keys = {"by": by, "nulls": nulls, "limit": limit}
        return self._add("sort", name, self._first(input), keys, common)

    def limit(
        self,
        name: str,
        *,
        n: int,
        offset: int | None = None,
        input: Input = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Keep ``n`` rows, after ``offset`` rows."""
        keys = {"n": n, "offset": offset}
        return self._add("limit", name, self._first(input), keys, common)

    def distinct(
        self,
        name: str,
        *,
        on: Names | None = None,
        order_by: Names | Sequence[str | Mapping[str, str]] | None = None,
        input: Input = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Keep one row per value of ``on`` (all columns); ``order_by`` decides which."""
        keys = {"on": on, "order_by": order_by}
        return self._add("distinct", name, self._first(input), keys, common)

    def check(
        self,
        name: str,
        *,
        rules: Sequence[Mapping[str, Any]],
        severity: str | None = None,
        sample: int | None = None,
        input: Input = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Test the data and pass it on; ``severity`` ``warn`` reports instead of failing."""
        keys = {"rules": rules, "severity": severity, "sample": sample}
        return self._add("check", name, self._first(input), keys, common)

    def save(
        self,
        name: str,
        *,
        path: PathLike,
        format: str | None = None,  # noqa: A002
        mode: str | None = None,
        mkdir: bool | None = None,
        compression: str | None = None,
        row_group_rows: int | None = None,
        sep: str | None = None,
        quote: str | None = '"',
        quote_style: str | None = None,
        escape: str | None = None,
        header: bool | None = None,
        null: str | None = None,
        float_format: str | None = None,
        date_format: str | None = None,
        timestamp_format: str | None = None,
        line_end: str | None = None,
        encoding: str | None = None,
        bom: bool | None = None,
        compression_level: int | None = None,
        delimiter: str | None = None,
        null_value: str | None = None,
        input: Input = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        r"""Write the dataset to a file, which appears whole or not at all.

        The options of CSV are those of :func:`parquetframe.write_csv`, with the same defaults.

        Args:
            name: Name of the step.
            path: Where to; the suffix tells the format unless ``format`` does.
            format: ``parquet``, ``csv`` or ``avro``.
            mode: ``replace`` an existing file, or ``error``.
            mkdir: Make missing directories.
            compression: Codec of the format.
            row_group_rows: Parquet: rows per row group.
            sep: CSV: character between fields.
            quote: CSV: character around fields, or ``None``.
            quote_style: CSV: ``necessary``, ``always``, ``nonnumeric`` or ``never``.
            escape: CSV: before quotes inside fields; doubled quotes without it.
            header: CSV: write the names first.
            null: CSV: text for NULL.
            float_format: CSV: such as ``%.3f``; the shortest exact text without it.
            date_format: CSV: a ``strftime`` pattern; ISO 8601 without it.
            timestamp_format: CSV: a ``strftime`` pattern; ISO 8601 without it.
            line_end: CSV: ``\n``, ``\r\n`` or ``\r``.
            encoding: CSV: encoding of the file.
            bom: CSV: begin with a byte order mark.
            compression_level: CSV: how hard the codec tries.
            delimiter: Same as ``sep``.
            null_value: Same as ``null``.
            input: Dataset to write.
            **common: Keys that every step takes.
        """
        keys = {
            "path": path,
            "format": format,
            "mode": mode,
            "mkdir": mkdir,
            "compression": compression,
            "row_group_rows": row_group_rows,
            "sep": sep,
            "quote": quote_key(quote),
            "quote_style": quote_style,
            "escape": escape,
            "header": header,
            "null": null,
            "float_format": float_format,
            "date_format": date_format,
            "timestamp_format": timestamp_format,
            "line_end": line_end,
            "encoding": encoding,
            "bom": bom,
            "compression_level": compression_level,
            "delimiter": delimiter,
            "null_value": null_value,
        }
        return self._add("save", name, self._first(input), keys, common)

    def python(
        self,
        name: str,
        *,
        call: str | Callable[..., Any],
        args: Mapping[str, Any] | None = None,
        format: str | None = None,  # noqa: A002
        input: Input | Sequence[Input] = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Call a function as ``fn(*inputs, **args)``.

        Args:
            name: Name of the step.
            call: ``"module:function"``, or the function itself. Only a function that can be
                imported survives :meth:`Workflow.to_yaml`.
            args: Keyword arguments.
            format: What the function receives: ``arrow``, ``pandas`` or ``polars``.
            input: Datasets, in the order of the parameters.
            **common: Keys that every step takes.
        """
        function = None if isinstance(call, str) else call
        text = call if isinstance(call, str) else call_name(call)
        keys = {"call": text, "args": args, "format": format}
        return self._add("python", name, self._first(input), keys, common, function)


def quote_key(quote: str | None) -> str | None:
    """The key ``quote`` of a file: left out for the default, ``none`` for no quotes."""
    return "none" if quote is None else None if quote == '"' else quote


def names_self(sql: str) -> bool:
    """Whether a query mentions the table ``self``."""
    return re.search(r"\bself\b", sql) is not None
