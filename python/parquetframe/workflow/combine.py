"""The fluent methods of steps without an input, or with several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from parquetframe.workflow.fluent import StepMethods, quote_key
from parquetframe.workflow.fluent_base import Common, Input, Names, PathLike

if TYPE_CHECKING:
    from parquetframe.workflow.stepref import StepRef

__all__ = ["WorkflowMethods"]

Nulls = str | Sequence[str] | Mapping[str, Sequence[str]]
Function = TypeVar("Function", bound=Callable[..., Any])


class WorkflowMethods(StepMethods):
    """What a :class:`Workflow` offers besides the methods that continue from one step."""

    def read(
        self,
        name: str,
        *,
        path: PathLike | Sequence[PathLike],
        format: str | None = None,  # noqa: A002
        columns: Names | None = None,
        where: str | None = None,
        schema: Mapping[str, str] | None = None,
        limit: int | None = None,
        sep: str | None = None,
        quote: str | None = '"',
        escape: str | None = None,
        header: bool | int | str | None = None,
        names: Sequence[str] | None = None,
        infer: str | int | None = None,
        nulls: Nulls | None = None,
        true_values: Sequence[str] | None = None,
        false_values: Sequence[str] | None = None,
        parse_dates: bool | Mapping[str, str] | None = None,
        decimal: str | None = None,
        thousands: str | None = None,
        leading_zeros: str | None = None,
        on_int_overflow: str | None = None,
        comment: str | None = None,
        skip_rows: int | None = None,
        blank_lines: str | None = None,
        newline: str | None = None,
        strict_quotes: bool | None = None,
        trim: bool | None = None,
        ragged: str | None = None,
        on_bad_lines: str | None = None,
        encoding: str | None = None,
        invalid_bytes: str | None = None,
        compression: str | None = None,
        delimiter: str | None = None,
        null_values: Nulls | None = None,
        infer_rows: str | int | None = None,
        **common: Unpack[Common],
    ) -> StepRef:
        """Read files.

        The options of CSV are those of :func:`parquetframe.read_csv`, with the same defaults.

        Args:
            name: Name of the step.
            path: A path, a glob, a directory or a list of them; files of a glob come by name.
            format: ``parquet``, ``csv`` or ``avro``; told by the suffix if left out.
            columns: Columns to read.
            where: Keep the rows for which this is true.
            schema: Types by column, instead of inferring them.
            limit: Rows to read at most.
            sep: CSV: character between fields, or ``auto``.
            quote: CSV: character around fields; ``None`` reads quotes as text.
            escape: CSV: inside quotes, takes the next character as it is.
            header: CSV: whether the first record has the names, the number of the record that
                has them, or ``auto``.
            names: CSV: names of the columns.
            infer: CSV: rows to infer types from, or ``full``.
            nulls: CSV: ``auto``, ``strict``, ``pandas``, or the unquoted texts that mean NULL.
            true_values: CSV: texts that are true.
            false_values: CSV: texts that are false.
            parse_dates: CSV: ISO 8601 dates and timestamps, none, or patterns by column.
            decimal: CSV: character before a fraction.
            thousands: CSV: character between groups of three digits.
            leading_zeros: CSV: ``string`` keeps ``007`` text, ``number`` does not.
            on_int_overflow: CSV: beyond int64: ``decimal``, ``string`` or ``error``.
            comment: CSV: lines that start with this are left out.
            skip_rows: CSV: lines before the table.
            blank_lines: CSV: ``skip``, ``null`` or ``error``.
            newline: CSV: ``auto``, ``lf``, ``crlf`` or ``cr``.
            strict_quotes: CSV: text behind a closing quote is an error.
            trim: CSV: leave out spaces around fields without quotes.
            ragged: CSV: ``fill`` fills records that are too short with nulls.
            on_bad_lines: CSV: ``error``, ``warn``, ``skip`` or ``collect`` (into ``info``).
            encoding: CSV: name of an encoding, or ``auto``.
            invalid_bytes: CSV: ``error``, ``replace`` or ``binary``.
            compression: CSV: ``auto``, a codec, or ``none``.
            delimiter: Same as ``sep``.
            null_values: Same as ``nulls``.
            infer_rows: Same as ``infer``.
            **common: Keys that every step takes.
        """
        keys = {
            "path": path,
            "format": format,
            "columns": columns,
            "where": where,
            "schema": schema,
            "limit": limit,
            "sep": sep,
            "quote": quote_key(quote),
            "escape": escape,
            "header": header,
            "names": names,
            "infer": infer,
            "nulls": nulls,
            "true_values": true_values,
            "false_values": false_values,
            "parse_dates": parse_dates,
            "decimal": decimal,
            "thousands": thousands,
            "leading_zeros": leading_zeros,
            "on_int_overflow": on_int_overflow,
            "comment": comment,
            "skip_rows": skip_rows,
            "blank_lines": blank_lines,
            "newline": newline,
            "strict_quotes": strict_quotes,
            "trim": trim,
            "ragged": ragged,
            "on_bad_lines": on_bad_lines,
            "encoding": encoding,
            "invalid_bytes": invalid_bytes,
            "compression": compression,
            "delimiter": delimiter,
            "null_values": null_values,
            "infer_rows": infer_rows,
        }
        return self._add("read", name, None, keys, common)

    def join(
        self,
        name: str,
        *,
        input: Sequence[Input],  # noqa: A002
        on: Names | Mapping[str, str] | None = None,
        left_on: Names | None = None,
        right_on: Names | None = None,
        how: str | None = None,
        condition: str | None = None,
        suffix: str | None = None,
        coalesce_keys: bool | None = None,
        nulls_equal: bool | None = None,
        validate: str | None = None,
        algorithm: str | None = None,
        **common: Unpack[Common],
    ) -> StepRef:
        """Join two datasets.

        Args:
            name: Name of the step.
            input: Left and right dataset.
            on: Key columns, or ``{left: right}``.
            left_on: Key columns of the left side, with ``right_on``.
            right_on: Key columns of the right side.
            how: ``inner``, ``left``, ``right``, ``full``, ``semi``, ``anti`` or ``cross``.
            condition: A further expression that a pair must fulfil.
            suffix: Appended to a right column whose name exists on the left.
            coalesce_keys: Keep one column per key.
            nulls_equal: NULL keys match each other.
            validate: ``one_to_one``, ``one_to_many``, ``many_to_one`` or ``many_to_many``.
            algorithm: ``auto``, ``hash`` or ``sort_merge``.
            **common: Keys that every step takes.
        """
        keys = {
            "on": on,
            "left_on": left_on,
            "right_on": right_on,
            "how": how,
            "condition": condition,
            "suffix": suffix,
            "coalesce_keys": coalesce_keys,
            "nulls_equal": nulls_equal,
            "validate": validate,
            "algorithm": algorithm,
        }
        return self._add("join", name, list(input), keys, common)

    def union(
        self,
        name: str,
        *,
        input: Sequence[Input],  # noqa: A002
        mode: str | None = None,
        missing: str | None = None,
        distinct: bool | None = None,
        **common: Unpack[Common],
    ) -> StepRef:
        """Put the rows of two or more datasets one below the other.

        Args:
            name: Name of the step.
            input: The datasets.
            mode: Match columns ``by_name`` or ``by_position``.
            missing: What a column that one dataset lacks is: an ``error`` or ``null``.
            distinct: Keep one of equal rows.
            **common: Keys that every step takes.
        """
        keys = {"mode": mode, "missing": missing, "distinct": distinct}
        return self._add("union", name, list(input), keys, common)

    def sql(
        self,
        name: str,
        *,
        sql: str,
        input: Mapping[str, Input] | None = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Run one SELECT; the tables it names are datasets, ``input={alias: dataset}`` renames."""
        return self._add("sql", name, dict(input) if input else None, {"sql": sql}, common)

    def step(
        self,
        *,
        input: Input | Sequence[Input] = None,  # noqa: A002
        name: str | None = None,
        args: Mapping[str, Any] | None = None,
        format: str | None = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> Callable[[Function], Function]:
        """Decorate a function to add it as a ``python`` step; the function stays as it is.

        Args:
            input: Datasets, in the order of the parameters.
            name: Name of the step, the function's by default.
            args: Keyword arguments.
            format: What the function receives: ``arrow``, ``pandas`` or ``polars``.
            **common: Keys that every step takes.

        Examples:
            >>> from parquetframe import Workflow
            >>> wf = Workflow("nyc")
            >>> flights = wf.read("flights", path="flights.csv")
            >>> @wf.step(input=[flights])
            ... def score(flights, *, k=3):
            ...     return flights
            >>> wf.steps
            ('flights', 'score')
        """

        def decorate(function: Function) -> Function:
            self.python(
                name or function.__name__,
                call=function,
                input=input,
                args=args,
                format=format,
                **common,
            )
            return function

        return decorate

    def _first(self, input: Any) -> Any:  # noqa: A002
        return input
