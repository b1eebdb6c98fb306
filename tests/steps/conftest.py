"""Helpers of the step tests: tables in, one workflow, and exact comparison of what comes out."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import parquetframe as pf
from parquetframe import errors


def as_table(data: Any) -> pa.Table:
    return data if isinstance(data, pa.Table) else pa.table(data)


def columns_of(table: pa.Table) -> list[tuple[str, str]]:
    return [(field.name, str(field.type)) for field in table.schema]


def rows_of(table: pa.Table) -> list[tuple[Any, ...]]:
    """Rows as tuples; unlike `to_pylist`, two columns of one name would both show."""
    columns = [column.to_pylist() for column in table.columns]
    return list(zip(*columns, strict=True)) if columns else []


def sort_key(row: tuple[Any, ...]) -> list[tuple[str, str]]:
    """Any order that equal rows share: floats are rounded, and -0.0 is 0.0."""
    return [
        (type(value).__name__, f"{value + 0.0:.6g}" if isinstance(value, float) else repr(value))
        for value in row
    ]


def same_value(found: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(found, float) and isinstance(expected, float):
        if math.isnan(found) or math.isnan(expected):
            return math.isnan(found) and math.isnan(expected)
        return found == expected or math.isclose(found, expected, rel_tol=tolerance)
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(
            same_value(a, b, tolerance) for a, b in zip(found, expected, strict=True)
        )
    return type(found) is type(expected) and found == expected


class Flow:
    """Runs steps over tables that a workflow reads from Parquet files."""

    def __init__(self, folder: Any) -> None:
        self.folder = folder
        self.count = 0

    def read(self, name: str, table: Any) -> dict[str, Any]:
        self.count += 1
        path = self.folder / f"{name}-{self.count}.parquet"
        pq.write_table(as_table(table), path)
        return {"name": name, "type": "read", "path": str(path)}

    def workflow(
        self, tables: dict[str, Any], *steps: dict[str, Any], settings: dict[str, Any] | None = None
    ) -> pf.Workflow:
        """Tables under the names that steps use as inputs; a step without a name gets `out`."""
        reads = [self.read(name, table) for name, table in tables.items()]
        named = [{"name": "out", **step} for step in steps]
        data = {"name": "test", "settings": settings or {}, "steps": [*reads, *named]}
        return pf.Workflow.from_dict(data, base_dir=self.folder)

    def run(self, tables: dict[str, Any], *steps: dict[str, Any], **options: Any) -> pf.RunResult:
        settings = options.pop("settings", None)
        return self.workflow(tables, *steps, settings=settings).run(**options)

    def table(self, tables: dict[str, Any], *steps: dict[str, Any], **options: Any) -> pa.Table:
        """The output of the last step."""
        name = steps[-1].get("name", "out")
        return self.run(tables, *steps, keep=[name], **options).outputs[name]

    def one(self, data: Any, **step: Any) -> pa.Table:
        """The output of one step over one table."""
        return self.table({"t": data}, {"input": "t", **step})

    def fails(
        self, tables: dict[str, Any], *steps: dict[str, Any], cls: type[BaseException] | None = None
    ) -> errors.StepError:
        """The error of the run, whose `__cause__` must be exactly of class `cls`."""
        with pytest.raises(errors.StepError) as caught:
            self.run(tables, *steps)
        if cls is not None:
            assert type(caught.value.__cause__) is cls, repr(caught.value.__cause__)
        return caught.value

    def one_fails(
        self, data: Any, *, cls: type[BaseException] | None = None, **step: Any
    ) -> errors.StepError:
        return self.fails({"t": data}, {"input": "t", **step}, cls=cls)

    def invalid(self, tables: dict[str, Any], *steps: dict[str, Any]) -> errors.ValidationError:
        """The error of validation, before anything runs."""
        with pytest.raises(errors.ValidationError) as caught:
            self.run(tables, *steps)
        return caught.value

    @staticmethod
    def same(found: Any, expected: Any, *, ordered: bool = True, tolerance: float = 1e-12) -> None:
        """Columns, types, and rows are equal: in order, or as a multiset."""
        found, expected = as_table(found), as_table(expected)
        assert columns_of(found) == columns_of(expected)
        assert found.num_rows == expected.num_rows
        ours, theirs = rows_of(found), rows_of(expected)
        if not ordered:
            ours, theirs = sorted(ours, key=sort_key), sorted(theirs, key=sort_key)
        for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            pairs = zip(a, b, strict=True)
            assert all(same_value(x, y, tolerance) for x, y in pairs), f"row {number}: {a} != {b}"


@pytest.fixture
def flow(backend, tmp_path):
    return Flow(tmp_path)
