"""One method per step type, shared by :class:`Workflow` and by the reference to a step.

Each method takes the keys of its step under the names of the file format; what is left out keeps
the default of the format. Every method also takes the keys that all steps share:

* ``output``: name of the dataset, the step's name by default;
* ``depends_on``: steps that must have run, without using their data;
* ``description`` and ``tags``: for people.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from parquetframe.workflow.callables import call_name

if TYPE_CHECKING:
    from parquetframe.workflow.stepref import StepRef

__all__ = ["Common", "Input", "StepMethods"]

Names = str | Sequence[str]
PathLike = str | os.PathLike[str]
Input = Any  # a dataset's name or a StepRef; a plain alias, so that signatures stay readable
Expressions = Mapping[str, Any]


class Common(TypedDict, total=False):
    """Keys that every step takes."""

    output: str
    depends_on: Input | Sequence[Input]
    description: str
    tags: Sequence[str]


class StepMethods:
    """The fluent methods; on a :class:`StepRef` that step is the first input."""

    def _add(
        self,
        kind: str,
        name: str,
        input: Any,  # noqa: A002 - the name of the key in the file
        keys: Mapping[str, Any],
        common: Common,
        function: Callable[..., Any] | None = None,
    ) -> StepRef:
        raise NotImplementedError

    def _first(self, input: Any) -> Any:  # noqa: A002
        """The input given, else the step that the method was called on."""
        raise NotImplementedError

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

    def graph(
        self,
        name: str,
        *,
        algorithm: str,
        src: str | None = None,
        dst: str | None = None,
        weight: str | None = None,
        directed: bool | None = None,
        vertices: Input = None,
        input: Input = None,  # noqa: A002
        alpha: float | None = None,
        tol: float | None = None,
        max_iter: int | None = None,
        personalization: Mapping[Any, float] | None = None,
        dangling: Mapping[Any, float] | None = None,
        nstart: Mapping[Any, float] | None = None,
        on_fail: str | None = None,
        mode: str | None = None,
        sources: Sequence[Any] | None = None,
        max_depth: int | None = None,
        direction: str | None = None,
        per_source: bool | None = None,
        include_unreached: bool | None = None,
        source: Any = None,
        target: Any = None,
        method: str | None = None,
        delta: float | None = None,
        cutoff: float | None = None,
        predecessors: bool | None = None,
        sort_neighbors: bool | None = None,
        loops: str | None = None,
        k: int | None = None,
        seed: int | None = None,
        normalized: bool | None = None,
        endpoints: bool | None = None,
        wf_improved: bool | None = None,
        resolution: float | None = None,
        threshold: float | None = None,
        max_level: int | None = None,
        **common: Unpack[Common],
    ) -> StepRef:
        """Run a graph algorithm over a table of edges.

        Args:
            name: Name of the step.
            algorithm: ``pagerank``, ``components``, ``bfs``, ``shortest_path`` or another of the
                guide's table; each is a method of :class:`parquetframe.Graph`.
            src: Column of edge tails.
            dst: Column of edge heads.
            weight: Column of edge weights.
            directed: Whether an edge leads one way only.
            vertices: Dataset of vertices; keeps those without edges.
            input: Dataset of edges.
            alpha: pagerank: share of rank that follows an edge.
            tol: pagerank, hits: stop when an iteration changes the scores by less (L1 norm).
            max_iter: pagerank, hits, label_propagation: iterations to try.
            personalization: pagerank: weight of vertices to jump to.
            dangling: pagerank: weight of vertices that get rank without a way on.
            nstart: pagerank: ranks to start from.
            on_fail: pagerank, hits: ``warn``, ``raise`` or ``ignore`` if ``tol`` is not reached.
            mode: components: ``weak`` or ``strong``.
            sources: bfs: vertices to start from.
            max_depth: bfs, dfs: edges to follow at most.
            direction: bfs, dfs, degree, closeness, harmonic: ``out``, ``in`` or ``both``.
            per_source: bfs: search from each source on its own.
            include_unreached: bfs, shortest_path: also vertices that were not reached.
            source: shortest_path, dfs, dfs_edges: vertex to start from.
            target: shortest_path: vertex to reach; the result is then the path.
            method: shortest_path: ``auto``, ``bfs``, ``dijkstra``, ``delta``, ``bellman-ford``.
            delta: shortest_path: width of the buckets of ``method="delta"``.
            cutoff: shortest_path: distance to follow at most.
            predecessors: shortest_path: whether to give that column.
            sort_neighbors: dfs: follow edges in vertex order.
            loops: degree: whether a loop counts ``twice`` or ``once``.
            k: betweenness: search from so many vertices.
            seed: betweenness, louvain: of random choices.
            normalized: betweenness: divide by the number of pairs.
            endpoints: betweenness: whether ends count as on a path.
            wf_improved: closeness: scale by the share of vertices that reach it.
            resolution: louvain: above 1 more communities.
            threshold: louvain: stop below this gain of modularity.
            max_level: louvain: levels of merging at most.
            **common: Keys that every step takes.
        """
        keys = {
            "algorithm": algorithm,
            "src": src,
            "dst": dst,
            "weight": weight,
            "directed": directed,
            "vertices": vertices,
            "alpha": alpha,
            "tol": tol,
            "max_iter": max_iter,
            "personalization": personalization,
            "dangling": dangling,
            "nstart": nstart,
            "on_fail": on_fail,
            "mode": mode,
            "sources": sources,
            "max_depth": max_depth,
            "direction": direction,
            "per_source": per_source,
            "include_unreached": include_unreached,
            "source": source,
            "target": target,
            "method": method,
            "delta": delta,
            "cutoff": cutoff,
            "predecessors": predecessors,
            "sort_neighbors": sort_neighbors,
            "loops": loops,
            "k": k,
            "seed": seed,
            "normalized": normalized,
            "endpoints": endpoints,
            "wf_improved": wf_improved,
            "resolution": resolution,
            "threshold": threshold,
            "max_level": max_level,
        }
        return self._add("graph", name, self._first(input), keys, common)

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
