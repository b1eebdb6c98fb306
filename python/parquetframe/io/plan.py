"""From a request to what is read of each file: names resolved, files pruned, filters shared out.

Pruning never changes the rows of the result: a file is left out only if a condition on its folder
names or its path alone is not true for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from parquetframe.errors import SchemaError
from parquetframe.workflow.names import suggestion

from .engine import Engine, FileRequest, Path
from .evolve import convert, is_same, wide_text
from .filters import Conjunct, bind_filter, keep, predicate_of
from .hive import constant, key_fields, key_value
from .leaves import leaf_indices, leaves_of, resolve
from .request import ReadRequest
from .sources import Source, expand

__all__ = ["FilePlan", "ReadPlan", "base_request", "like", "make_plan", "shape"]


@dataclass(frozen=True)
class FilePlan:
    """One file's part of a read.

    Attributes:
        request: What the engine is asked for.
        residual: Conditions that are left for its rows.
        virtual: Values of the columns that come from its path.
        fields: Columns of the result, and those that the residual needs.
        only_count: Nothing of the file is needed but its number of rows.
        untouched: The engine's answer already has the columns of the result.
    """

    source: Source
    request: FileRequest
    residual: tuple[Conjunct, ...]
    virtual: dict[str, Any]
    fields: pa.Schema
    only_count: bool = False
    untouched: bool = False


@dataclass(frozen=True)
class ReadPlan:
    """A whole read.

    Attributes:
        schema: Columns of the result.
        fields: Those, and the ones that only filters need; what `shape` makes of each file.
        sources: All files, pruned ones too.
    """

    request: ReadRequest
    engine: Engine
    sources: tuple[Source, ...]
    schema: pa.Schema
    fields: pa.Schema
    wanted: tuple[Path, ...] | None
    virtual: pa.Schema
    conjuncts: tuple[Conjunct, ...]
    first: pa.Schema

    def files(self) -> Iterator[FilePlan | None]:
        """The part of each file in order; ``None`` for a file that is left out."""
        for index, source in enumerate(self.sources):
            values = _virtual_values(source, self.virtual, self.request.include_path)
            constants = pa.table(
                [constant(values[f.name], f.type, 1) for f in self.virtual], schema=self.virtual
            )
            decided = [c for c in self.conjuncts if c.columns and c.columns <= set(values)]
            if decided and not keep(constants, decided).num_rows:
                yield None
                continue
            rest = tuple(c for c in self.conjuncts if c not in decided)
            yield self._file(index, source, values, rest)

    def _file(
        self, index: int, source: Source, values: dict[str, Any], rest: tuple[Conjunct, ...]
    ) -> FilePlan:
        request = base_request(self.request, source)
        groups = self.request.row_groups
        if groups is not None:
            request = replace(request, row_groups=groups[index])
        stored = self.first if index == 0 and self._first_is_stored else self.engine.schema(request)
        known = _pushable(stored, [f for f in self.fields if f.name not in values])
        pushed = [predicate_of(conjunct.tree, known) for conjunct in rest]
        trees = [tree for tree in pushed if tree is not None]
        residual = rest
        if self.engine.evaluates(self.request.format):
            residual = tuple(c for c, tree in zip(rest, pushed, strict=True) if tree is None)
        whole = set().union(*(conjunct.columns for conjunct in residual))
        result = set(self.schema.names)
        kept = [
            f if f.name in whole else self.schema.field(f.name)
            for f in self.fields
            if f.name in whole | result
        ]
        fields = pa.schema(kept, self.fields.metadata)
        own = [f for f in fields if f.name not in values]
        columns, exact = self._columns_of(stored, own, source, whole)
        request = replace(
            request,
            columns=columns,
            predicate=_all_of(trees),
            n_rows=self.request.n_rows if not residual else None,
        )
        return FilePlan(
            source,
            request,
            residual,
            values,
            fields,
            only_count=columns == () and not trees,
            untouched=exact and not residual and fields.names == self.schema.names,
        )

    @property
    def _first_is_stored(self) -> bool:
        return self.request.schema is None

    def _columns_of(
        self, stored: pa.Schema, own: Sequence[pa.Field], source: Source, whole: set[str]
    ) -> tuple[tuple[Path, ...] | None, bool]:
        """Paths to read of this file, and whether they come as the result has them."""
        rule, names_of_virtual = self.request, set(self.virtual.names)
        if self.wanted is None:
            extra = [name for name in stored.names if name not in self.fields.names]
            if extra and rule.extra_columns == "error":
                raise SchemaError(
                    f"column '{extra[0]}' is in {source.label}, but not in the reference schema",
                    column=extra[0], path=source.label,
                    hint='extra_columns="ignore" leaves it out; schema= names the reference',
                )  # fmt: skip
            same = [f.name for f in own] == stored.names and all(
                f.type == stored.field(i).type for i, f in enumerate(own)
            )
            if same and not any(f.name in names_of_virtual for f in own):
                return None, not names_of_virtual
        missing = [f.name for f in own if f.name not in stored.names]
        if missing and rule.missing_columns == "error":
            raise SchemaError(
                f"no column '{missing[0]}' in {source.label}",
                column=missing[0], path=source.label,
                hint=suggestion(missing[0], stored.names)
                if len(self.sources) == 1
                else 'missing_columns="null" fills it with nulls',
            )  # fmt: skip
        names = {f.name for f in own} - set(missing)
        if self.wanted is None:
            return tuple((f.name,) for f in own if f.name in names), False
        asked = [path for path in self.wanted if path[0] not in whole]
        asked += [(f.name,) for f in own if f.name in whole]
        paths = tuple(path for path in asked if path[0] in names)
        plain = all(len(path) == 1 for path in paths) and not names_of_virtual and not missing
        same = plain and all(f.type == stored.field(f.name).type for f in own)
        return paths, same and self.request.schema is None and len(self.sources) == 1


def make_plan(request: ReadRequest, engine: Engine) -> ReadPlan:
    """Resolve a request; reads the schema of the first file.

    Raises:
        SourceNotFound: There is no such file.
        SchemaError: An unknown column.
        ExpressionError: A filter that does not parse or type-check.
        ValueError: ``row_groups`` has not one list per file.
    """
    hive: Any = request.hive
    engine = engine.for_plan()
    sources = tuple(expand(request.src, request.format, hive))
    groups = request.row_groups
    if groups is not None and len(groups) != len(sources):
        raise ValueError(f"row_groups has {len(groups)} lists, but there are {len(sources)} files")
    text = wide_text(pa.string(), request.decode.string_type)
    stored = request.schema
    if stored is None:
        stored = engine.schema(base_request(request, sources[0]))
    virtual = _virtual_fields(request, sources, stored, text)
    full = pa.schema([*stored, *virtual], metadata=stored.metadata)
    conjuncts = tuple(bind_filter(request.filters, full) if request.filters is not None else ())
    wanted = _wanted_paths(request, full)
    schema = full if wanted is None else _selected(full, wanted)
    needed = {name for conjunct in conjuncts for name in conjunct.columns}
    extra = [full.field(name) for name in sorted(needed - set(schema.names))]
    whole = full
    if wanted is not None:  # a filter reads whole columns, the result may hold parts of them
        fields = [full.field(f.name) if f.name in needed else f for f in schema]
        whole = pa.schema([*fields, *extra], metadata=full.metadata)
    return ReadPlan(
        request, engine, sources, schema, whole, wanted, virtual, conjuncts, stored
    )  # fmt: skip


def base_request(request: ReadRequest, source: Source) -> FileRequest:
    """What all questions about one file have in common."""
    common = request.common
    return FileRequest(
        request.format,
        source.content,
        request.decode,
        batch_rows=request.batch_rows,
        threads=common.threads,
        memory_limit=common.memory_limit,
        cancel=common.cancel,
    )


def like(table: pa.Table, schema: pa.Schema, request: ReadRequest, source: Source) -> pa.Table:
    """A whole file's rows in the columns of the first file.

    Raises:
        SchemaError: Other columns, or a type that does not convert without loss.
    """
    label = source.label
    for name in table.column_names:
        if name not in schema.names:
            raise SchemaError(
                f"column '{name}' is in {label}, but not in the reference schema", column=name,
                path=label, hint="columns= names those that all files have",
            )  # fmt: skip
    arrays = []
    for field in schema:
        if field.name not in table.column_names:
            raise SchemaError(f"no column '{field.name}' in {label}", column=field.name, path=label)
        arrays.append(convert(table.column(field.name), field, request.cast, label))
    return pa.table(arrays, schema=schema)


def shape(table: pa.Table, file: FilePlan, plan: ReadPlan) -> pa.Table:
    """A file's rows as rows of the result: casts, missing and virtual columns, filter, order."""
    if file.untouched:
        return table
    arrays = []
    for field in file.fields:
        if field.name in file.virtual:
            column: Any = constant(file.virtual[field.name], field.type, table.num_rows)
        elif field.name in table.column_names:
            label = file.source.label
            column = convert(table.column(field.name), field, plan.request.cast, label)
        else:
            column = pa.nulls(table.num_rows, field.type)
        arrays.append(column)
    table = keep(pa.table(arrays, schema=file.fields), file.residual)
    return _narrowed(table, plan.schema)


def _all_of(trees: list[dict[str, Any]]) -> dict[str, Any] | None:
    if len(trees) < 2:
        return trees[0] if trees else None
    return {"op": "and", "args": trees}


def _narrowed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    if table.schema.names == schema.names and table.schema.equals(schema):
        return table
    arrays = [_part(table.column(f.name), f.type) for f in schema]
    return pa.table(arrays, schema=schema)


def _part(column: pa.ChunkedArray, dtype: pa.DataType) -> pa.ChunkedArray:
    return column if column.type == dtype else column.cast(dtype)


def _pushable(stored: pa.Schema, own: Sequence[pa.Field]) -> pa.Schema:
    """Columns of the file that mean the same there as in the result."""
    kept = {f.name: f for f in own}
    return pa.schema([f for f in stored if f.name in kept and is_same(f.type, kept[f.name].type)])


def _virtual_fields(
    request: ReadRequest, sources: Sequence[Source], stored: pa.Schema, text: pa.DataType
) -> pa.Schema:
    fields = key_fields(sources, text)
    if request.schema is not None:  # the schema may type or leave to the folders what they hold
        fields = [f for f in fields if f.name not in stored.names]
    if request.include_path is not None:
        fields.append(pa.field(request.include_path, text))
    names = [f.name for f in fields]
    for name in names:
        if name in stored.names or names.count(name) > 1:
            raise SchemaError(
                f"column '{name}' is in the files and comes from their paths too", column=name,
                hint="hive=False takes no columns from folders; include_path needs a free name",
            )  # fmt: skip
    return pa.schema(fields)


def _virtual_values(source: Source, virtual: pa.Schema, path_name: str | None) -> dict[str, Any]:
    return {f.name: source.label if f.name == path_name else key_value(source, f) for f in virtual}


def _wanted_paths(request: ReadRequest, full: pa.Schema) -> tuple[Path, ...] | None:
    if request.columns is None:
        return None
    paths = list(dict.fromkeys(resolve(name, full) for name in request.columns))
    if request.common.output == "pandas":
        paths += [(name,) for name in _index_names(full) if (name,) not in paths]
    whole = {path[0] for path in paths if len(path) == 1}
    return tuple(p for p in paths if len(p) == 1 or p[0] not in whole)


def _index_names(schema: pa.Schema) -> list[str]:
    from .pandas_index import index_columns

    return [name for name in index_columns(schema) if name in schema.names]


def _selected(full: pa.Schema, wanted: tuple[Path, ...]) -> pa.Schema:
    leaves = leaves_of(full)
    fields = []
    for name in dict.fromkeys(path[0] for path in wanted):
        field = full.field(name)
        mine = [path for path in wanted if path[0] == name]
        if all(len(path) > 1 for path in mine):
            kept = {i for path in mine for i in leaf_indices(leaves, path, full)}
            field = field.with_type(_pruned(field.type, _positions(leaves, name, kept)))
        fields.append(field)
    return pa.schema(fields, metadata=full.metadata)


def _positions(leaves: Sequence[Path], name: str, kept: set[int]) -> Iterator[bool]:
    return iter([i in kept for i, leaf in enumerate(leaves) if leaf[0] == name])


def _pruned(dtype: pa.DataType, keep_leaf: Iterator[bool]) -> pa.DataType:
    """The type with the leaves that are kept; the type of a dropped leaf is null."""
    t = pa.types
    if t.is_struct(dtype):
        fields = [(f, _pruned(f.type, keep_leaf)) for f in dtype]
        found = [f.with_type(inner) for f, inner in fields if not t.is_null(inner)]
        return pa.struct(found) if found else pa.null()
    if t.is_map(dtype):
        key, item = _pruned(dtype.key_type, keep_leaf), _pruned(dtype.item_type, keep_leaf)
        if t.is_null(key) and t.is_null(item):
            return pa.null()
        if t.is_null(key) or t.is_null(item):
            raise SchemaError("a part of a map cannot be read alone", hint="name the whole map")
        return pa.map_(key, dtype.item_field.with_type(item))
    if t.is_list(dtype) or t.is_large_list(dtype) or t.is_fixed_size_list(dtype):
        inner = _pruned(dtype.value_type, keep_leaf)
        if t.is_null(inner):
            return inner
        field = dtype.value_field.with_type(inner)
        if t.is_fixed_size_list(dtype):
            return pa.list_(field, dtype.list_size)
        return pa.list_(field) if t.is_list(dtype) else pa.large_list(field)
    return dtype if next(keep_leaf) else pa.null()
