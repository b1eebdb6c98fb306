"""The pure-Python engine behind its interface: every step type, failure, cancel, events, plan."""

from __future__ import annotations

import decimal
import gzip
import hashlib
import math
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networkx.algorithms.link_analysis import pagerank_alg

from parquetframe import errors
from parquetframe.io.csv_options import READ_DEFAULTS, WRITE_DEFAULTS
from parquetframe.workflow._python import PythonEngine
from parquetframe.workflow._python.dag import Dag
from parquetframe.workflow._python.schedule import Schedule

NYCFLIGHTS = Path(__file__).resolve().parents[2] / "examples" / "nycflights" / "data"
DEFAULTS: dict[str, dict[str, Any]] = {
    "read": {"format": "auto", "columns": None, "where": None, "schema": None, "limit": None},
    "select": {"exclude": []},
    "drop": {"missing": "error"},
    "cast": {"on_error": "error"},
    "groupby": {"having": None, "order_by": [], "sort": False, "drop_null_keys": False},
    "join": {"on": [], "how": "inner", "condition": None, "suffix": "_right", "coalesce_keys": True, "nulls_equal": False, "validate": "many_to_many", "algorithm": "auto"},
    "sort": {"nulls": "last", "limit": None},
    "limit": {"offset": 0},
    "distinct": {"on": None, "order_by": []},
    "union": {"mode": "by_name", "missing": "error", "distinct": False},
    "graph": {"src": "src", "dst": "dst", "weight": None, "directed": True, "vertices": None},
    "python": {"args": {}, "format": "arrow"},
    "check": {"severity": "error", "sample": 5},
    "save": {"mode": "replace", "mkdir": True, "compression": None, "row_group_rows": 1 << 20},
}  # fmt: skip
CSV: dict[str, dict[str, Any]] = {
    "read": READ_DEFAULTS,
    "save": WRITE_DEFAULTS | {"compression": "none"},
}
GRAPH: dict[str, dict[str, Any]] = {
    "pagerank": {"alpha": 0.85, "tol": 1e-6, "max_iter": 100, "personalization": None},
    "components": {"mode": "weak"},
    "bfs": {"max_depth": None},
    "shortest_path": {"target": None, "method": "auto", "cutoff": None},
}


def step(
    name: str,
    type_: str,
    inputs: list[str] | None = None,
    /,
    after: tuple[str, ...] = (),
    **config: Any,
) -> dict[str, Any]:
    filled = {**DEFAULTS.get(type_, {}), **GRAPH.get(config.get("algorithm", ""), {}), **config}
    if type_ in CSV:
        options = {
            name: filled.pop(name)
            for name in CSV[type_]
            if name in config and name != "compression"
        }
        filled["csv"] = CSV[type_] | options
    if type_ == "read" and isinstance(filled["path"], (str, Path)):
        filled["path"] = [str(filled["path"])]
    if type_ == "save":
        filled["path"] = str(filled["path"])
        filled.setdefault("format", filled["path"].removesuffix(".gz").rsplit(".", 1)[1])
        if filled["path"].endswith(".gz"):
            filled["csv"]["compression"] = "gz"
    return {
        "name": name,
        "type": type_,
        "inputs": inputs or [],
        "output": name,
        "depends_on": list(after),
        "config": filled,
    }


def canonical(
    steps: list[dict[str, Any]], *, keep: tuple[str, ...] = (), base_dir: Any = ".", **settings: Any
) -> dict[str, Any]:
    base = {
        "max_parallel": 2,
        "fail_fast": True,
        "fuse": True,
        "deterministic": False,
        "memory_limit": None,
    }
    return {
        "name": "test",
        "base_dir": str(base_dir),
        "variables": {"v": 1},
        "settings": {**base, **settings},
        "keep": list(keep),
        "steps": steps,
    }


def run(
    steps: list[dict[str, Any]],
    *,
    max_parallel: int = 2,
    on_event: Any = None,
    cancel: Any = None,
    **more: Any,
) -> dict[str, Any]:
    return PythonEngine().run(
        canonical(steps, **more), max_parallel=max_parallel, on_event=on_event, cancel=cancel
    )


class Tables:
    """Writes tables as Parquet and runs steps over reads of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def reads(self, tables: dict[str, Any]) -> list[dict[str, Any]]:
        steps = []
        for name, table in tables.items():
            path = self.folder / f"{name}.parquet"
            pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), path)
            steps.append(step(name, "read", path=path))
        return steps

    def result(self, tables: dict[str, Any], *steps: dict[str, Any]) -> pa.Table:
        found = run([*self.reads(tables), *steps])
        assert found["error"] is None, found["error"]
        return found["outputs"][steps[-1]["output"]]

    def error(self, tables: dict[str, Any], *steps: dict[str, Any]) -> dict[str, Any]:
        found = run([*self.reads(tables), *steps])
        assert found["status"] == "failed"
        return found["error"]


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables(tmp_path)


def csv_read(path: Path, text: str | bytes, **config: Any) -> dict[str, Any]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return run([step("t", "read", path=path, **config)])


def csv_table(path: Path, text: str | bytes, **config: Any) -> pa.Table:
    found = csv_read(path, text, **config)
    assert found["error"] is None, found["error"]
    return found["outputs"]["t"]


def rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in table.to_pylist()]


def same_rows(ours: pa.Table, theirs: pa.Table) -> None:
    def key(row: tuple[Any, ...]) -> tuple[Any, ...]:  # duckdb sums integers to HUGEINT
        row = tuple(int(v) if isinstance(v, decimal.Decimal) else v for v in row)
        return tuple(round(v, 9) if isinstance(v, float) else v for v in row)

    assert ours.column_names == theirs.column_names
    assert Counter(map(repr, map(key, rows(ours)))) == Counter(map(repr, map(key, rows(theirs))))


# Reading.


@pytest.mark.parametrize(
    ("cells", "dtype", "values"),
    [
        (["1", "", "-3"], "int64", [1, None, -3]),
        (["007", "1"], "string", ["007", "1"]),
        (["+5"], "string", ["+5"]),
        (["0x1F"], "string", ["0x1F"]),
        (["1", "2.5", "1e3"], "double", [1.0, 2.5, 1000.0]),
        (["9007199254740993", "0.5"], "decimal128(38, 1)", [decimal.Decimal(9007199254740993), decimal.Decimal("0.5")]),
        (["18446744073709551615", "1"], "uint64", [18446744073709551615, 1]),
        (["18446744073709551615", "-1"], "decimal128(38, 0)", [decimal.Decimal(18446744073709551615), decimal.Decimal(-1)]),
        (["1e999"], "string", ["1e999"]),
        (["true", "False", "TRUE"], "bool", [True, False, True]),
        (["2013-01-31"], "date32[day]", None),
        (["2013-02-30"], "string", ["2013-02-30"]),
        (["2013-01-31 05:00", "2013-01-31T05:00:01.5"], "timestamp[us]", None),
        (["2013-01-31T05:00:00Z", "2013-01-31 05:00:00+02:00"], "timestamp[us, tz=UTC]", None),
        (["2013-01-31T05:00:00Z", "2013-01-31 05:00:00"], "string", None),
        (["", ""], "string", [None, None]),
        (["1"] * 2000 + ["x"], "string", ["1"] * 2000 + ["x"]),
    ],
)  # fmt: skip
def test_csv_types_come_from_all_cells(
    tmp_path: Path, cells: list[str], dtype: str, values: Any
) -> None:
    table = csv_table(tmp_path / "t.csv", "a,b\n" + "".join(f"{c},z\n" for c in cells))
    assert str(table.schema.field("a").type) == dtype
    if values is not None:
        assert table["a"].to_pylist() == values


def test_csv_quoted_empty_is_text_and_unquoted_is_null(tmp_path: Path) -> None:
    table = csv_table(tmp_path / "t.csv", 'a,b\n"",1\n,2\n"x\ny",3\n')
    assert table["a"].to_pylist() == ["", None, "x\ny"]


def test_csv_options(tmp_path: Path) -> None:
    text = "junk\n# note\na;b\n1;'p;q'\n# more\nNA;NULL\n".encode("utf-16")
    table = csv_table(
        tmp_path / "t.csv",
        text,
        sep=";",
        quote="'",
        comment="#",
        skip_rows=1,
        nulls=["NA", "NULL"],
        encoding="utf-16",
    )
    assert rows(table) == [(1, "p;q"), (None, None)]


def test_csv_without_header(tmp_path: Path) -> None:
    table = csv_table(tmp_path / "t.csv", "1,x\n2,y\n", header=False, limit=1)
    assert table.to_pydict() == {"column_1": [1], "column_2": ["x"]}


def test_csv_header_only_and_bom(tmp_path: Path) -> None:
    table = csv_table(tmp_path / "t.csv", b"\xef\xbb\xbfa,b\n")
    assert table.num_rows == 0
    assert table.column_names == ["a", "b"]


def test_csv_columns_where_and_schema(tmp_path: Path) -> None:
    text = "zip,n,x\n00501,1,a\n10001,2,b\n"
    table = csv_table(
        tmp_path / "t.csv", text, columns=["zip"], where="n > 1", schema={"zip": "string"}
    )
    assert table.to_pydict() == {"zip": ["10001"]}


@pytest.mark.parametrize(
    ("text", "config", "message", "line"),
    [
        ("a,b\n1,2\n3\n", {"sep": ","}, "expected 2 fields, found 1", 3),
        ('a,b\n"x\ny",2\n1,2,3\n', {"sep": ","}, "expected 2 fields, found 3", 4),
        ('a,b\n1,2\n3,"x\n', {"sep": ","}, "quote", 3),
        ("a\n1\nx\n", {"schema": {"a": "int64"}}, '"x" is not int64', 3),
        ("a\n1\nx\n", {"infer": 1}, '"x" is not int64', 3),
        (b"a\n\xff\n", {}, "not valid utf-8", 2),
        ("", {}, "the file is empty", None),
    ],
)
def test_bad_csv_names_the_line(
    tmp_path: Path, text: Any, config: dict[str, Any], message: str, line: int | None
) -> None:
    error = csv_read(tmp_path / "t.csv", text, **config)["error"]
    assert error["class"] == "CsvError"
    assert error["kind"] == "data"
    assert message in error["message"]
    assert error["data"].get("line") == line


def test_bad_lines_can_be_left_out(tmp_path: Path) -> None:
    found = csv_read(tmp_path / "t.csv", "a,b\n1,2\n3\n", on_bad_lines="warn")
    assert rows(found["outputs"]["t"]) == [(1, 2)]
    assert "line 3" in found["warnings"][0]
    assert csv_read(tmp_path / "t.csv", "a,b\n1,2\n3\n", on_bad_lines="skip")["warnings"] == []


def test_read_many_files_in_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("x\n2.5\n")
    with gzip.open(tmp_path / "a.csv.gz", "wt") as file:
        file.write("x\n1\n")
    (tmp_path / "readme.md").write_text("no data")
    for path in (tmp_path, tmp_path / "*.csv*"):
        table = run([step("t", "read", path=path)])["outputs"]["t"]
        assert table["x"].to_pylist() == [1.0, 2.5]


@pytest.mark.parametrize("name", ["missing.csv", "missing.parquet", "nothing/*.csv", "empty"])
def test_missing_source(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    error = run([step("t", "read", path=tmp_path / name)])["error"]
    assert error["class"] == "SourceNotFound"
    assert error["kind"] == "io"
    assert error["code"] == "E501"
    assert error["key"] == "path"
    assert error["message"].startswith("File not found: ")


@pytest.mark.parametrize("size", [0, 3, 40, -1])
def test_truncated_parquet(tmp_path: Path, size: int) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": [1, 2]}), path)
    path.write_bytes(path.read_bytes()[:size])
    error = run([step("t", "read", path=path)])["error"]
    assert error["class"] == "ParquetError"
    assert str(path) in error["message"]


def test_parquet_columns_where_limit(tables: Tables, tmp_path: Path) -> None:
    tables.reads({"t": {"a": [1, 2, 3, 4], "b": ["x", "y", "z", None], "c": [1.0] * 4}})
    read = step("r", "read", path=tmp_path / "t.parquet", columns=["b"], where="a > 1", limit=2)
    assert run([read])["outputs"]["r"].to_pydict() == {"b": ["y", "z"]}


def test_dictionary_and_large_columns_become_plain(tables: Tables) -> None:
    table = pa.table(
        {
            "a": pa.array(["x", "y", "x"]).dictionary_encode(),
            "b": pa.array(["p", None, "q"], pa.large_string()),
        }
    )
    found = tables.result(
        {"t": table}, step("f", "filter", ["t"], where="a = 'x' AND b IS NOT NULL")
    )
    assert rows(found) == [("x", "p"), ("x", "q")]


def test_avro_round_trip(tmp_path: Path, tables: Tables) -> None:
    pytest.importorskip("fastavro")
    table = pa.table(
        {
            "i": [1, None],
            "s": ["x", None],
            "f": [1.5, None],
            "ok": [True, None],
            "d": pa.array([1, None], pa.date32()),
            "t": pa.array([10, None], pa.timestamp("us", "UTC")),
            "m": pa.array([1, None], pa.decimal128(9, 2)),
        }
    )
    tables.result(
        {"t": table},
        step("out", "save", ["t"], path=tmp_path / "t.avro"),
        step("x", "limit", ["t"], n=1),
    )
    found = run([step("r", "read", path=tmp_path / "t.avro")])["outputs"]["r"]
    assert found.schema == table.schema
    assert found.to_pylist() == table.to_pylist()
    (tmp_path / "bad.avro").write_bytes(b"Obj\x01junk")
    assert run([step("r", "read", path=tmp_path / "bad.avro")])["error"]["class"] == "AvroError"


def test_avro_without_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastavro", None)
    (tmp_path / "t.avro").write_bytes(b"Obj\x01")
    error = run([step("r", "read", path=tmp_path / "t.avro")])["error"]
    assert error["class"] == "UnsupportedFeature"
    assert error["hint"] == "pip install parquetframe[avro]"


# Columns and rows.

BASE = {"k": ["x", "y", "x", None], "v": [1, 2, None, 4], "f": [1.5, math.nan, 0.5, None]}


def test_column_steps(tables: Tables) -> None:
    found = tables.result(
        {"t": BASE},
        step(
            "a",
            "select",
            ["t"],
            columns=[{"all": True}, {"name": "w", "expr": "v * 2"}],
            exclude=["f"],
        ),
        step(
            "b",
            "transform",
            ["a"],
            columns=[{"name": "v", "expr": "v + 1"}, {"name": "z", "expr": "v + w"}],
        ),
        step("c", "rename", ["b"], columns={"v": "w", "w": "v"}),
        step("d", "drop", ["c"], columns=["k", "nope"], missing="ignore"),
        step("e", "cast", ["d"], columns={"z": "string"}),
    )
    assert found.to_pydict() == {
        "w": [2, 3, None, 5],
        "v": [2, 4, None, 8],
        "z": ["4", "7", None, "13"],
    }


def test_cast_to_null_or_error(tables: Tables) -> None:
    data = {"t": {"s": ["1", "x", None, "99999999999999999999", " 2"]}}
    found = tables.result(data, step("c", "cast", ["t"], columns={"s": "int64"}, on_error="null"))
    assert found["s"].to_pylist() == [1, None, None, None, None]
    error = tables.error(data, step("c", "cast", ["t"], columns={"s": "int64"}))
    assert error["key"] == "columns.s"
    assert error["message"] == "cannot cast 'x' to int64 (row 2)"
    assert error["data"]["row"] == 2


@pytest.mark.parametrize(
    ("made", "key", "code", "name"),
    [
        (step("s", "filter", ["t"], where="vv > 1"), "where", "E301", "SchemaError"),
        (step("s", "filter", ["t"], where="k > 1"), "where", "E302", "ExpressionError"),
        (step("s", "filter", ["t"], where="v"), "where", "E302", "ExpressionError"),
        (step("s", "filter", ["t"], where="v >"), "where", "E300", "ExpressionError"),
        (step("s", "filter", ["t"], where="absolute(v) > 1"), "where", "E303", "ExpressionError"),
        (step("s", "transform", ["t"], columns=[{"name": "n", "expr": "v / 0"}]), "columns.n", "E601", "ExpressionError"),
        (step("s", "select", ["t"], columns=[{"name": "q", "column": "q"}]), "columns", "E301", "SchemaError"),
        (step("s", "rename", ["t"], columns={"v": "k"}), "columns", "E301", "SchemaError"),
        (step("s", "drop", ["t"], columns=["q"]), "columns", "E301", "SchemaError"),
        (step("s", "cast", ["t"], columns={"v": "integre"}), "columns.v", "E302", "SchemaError"),
        (step("s", "sort", ["t"], by=[{"expr": "q", "desc": False}]), "by", "E301", "SchemaError"),
        (step("s", "groupby", ["t"], by=[], agg=[{"kind": "fn", "key": "k", "fn": "sum"}]), "agg", "E302", "ExpressionError"),
        (step("s", "groupby", ["t"], by=[], agg=[{"kind": "fn", "key": "q", "fn": "sum"}]), "agg", "E301", "SchemaError"),
        (step("s", "groupby", ["t"], by=[], agg=[{"kind": "expr", "name": "n", "expr": "v + 1"}]), "agg.n", "E302", "ExpressionError"),
        (step("s", "sql", ["t"], tables={"t": "t"}, sql="SELECT q FROM t"), "sql", "E301", "SchemaError"),
    ],
)  # fmt: skip
def test_error_names_key_code_and_class(
    tables: Tables, made: dict[str, Any], key: str, code: str, name: str
) -> None:
    error = tables.error({"t": BASE}, made)
    assert (error["step"], error["key"], error["code"], error["class"]) == ("s", key, code, name)
    assert error["kind"] == "data"
    assert issubclass(getattr(errors, error["class"]), ValueError)


def test_plan_finds_the_same_problems(tables: Tables) -> None:
    steps = [
        *tables.reads({"t": BASE}),
        step("s", "filter", ["t"], where="vv > 1"),
        step("u", "sort", ["t"], by=[{"expr": "ff", "desc": False}]),
        step("w", "limit", ["s"], n=1),
    ]
    problems = PythonEngine().plan(canonical(steps), data=True)["problems"]
    assert [(p["step"], p["key"], p["code"], p["severity"]) for p in problems] == [
        ("s", "where", "E301", "error"),
        ("u", "by", "E301", "error"),
    ]
    assert "columns: f, k, v (3)" in problems[0]["hint"]
    assert PythonEngine().plan(canonical(steps), data=False)["problems"] == []


def test_plan_is_unsure_of_csv_types(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    steps = [
        step("t", "read", path=tmp_path / "t.csv"),
        step("x", "filter", ["t"], where="a = 'one'"),
        step("y", "filter", ["t"], where="c = 1"),
    ]
    found = PythonEngine().plan(canonical(steps), data=True)["problems"]
    assert [(p["step"], p["severity"]) for p in found] == [("x", "warning"), ("y", "error")]


def test_plan_stops_at_python_steps_and_files_made_later(tmp_path: Path, tables: Tables) -> None:
    out = tmp_path / "later.parquet"
    steps = [
        *tables.reads({"t": BASE}),
        step("p", "python", ["t"], call="nowhere:f"),
        step("q", "filter", ["p"], where="unknown > 1"),
        step("s", "save", ["t"], path=out),
        step("r", "read", path=out, after=("s",)),
        step("missing", "read", path=tmp_path / "no.parquet"),
    ]
    found = PythonEngine().plan(canonical(steps), data=True)
    assert [(p["step"], p["code"]) for p in found["problems"]] == [("missing", "E501")]
    assert not out.exists()
    assert ["s", "r"] in found["edges"]


def test_sort_nulls_nan_and_ties(tables: Tables) -> None:
    data = {"t": {"f": [2.0, None, math.nan, 1.0, 2.0], "i": [0, 1, 2, 3, 4]}}

    def order(desc: bool, nulls: str) -> list[int]:
        return tables.result(
            data, step("s", "sort", ["t"], by=[{"expr": "f", "desc": desc}], nulls=nulls)
        )["i"].to_pylist()

    assert order(False, "last") == [3, 0, 4, 2, 1]
    assert order(False, "first") == [1, 3, 0, 4, 2]
    assert order(True, "last") == [2, 0, 4, 3, 1]
    assert order(True, "first") == [1, 2, 0, 4, 3]
    top = tables.result(data, step("s", "sort", ["t"], by=[{"expr": "-i", "desc": False}], limit=2))
    assert top["i"].to_pylist() == [4, 3]


def test_limit_distinct_union(tables: Tables) -> None:
    data = {"t": BASE, "u": {"v": [9.5, 2.0], "k": ["z", "y"]}}
    assert tables.result(data, step("l", "limit", ["t"], n=2, offset=1))["v"].to_pylist() == [
        2,
        None,
    ]
    one = tables.result(
        data, step("d", "distinct", ["t"], on=["k"], order_by=[{"expr": "v", "desc": True}])
    )
    assert rows(one.select(["k", "v"])) == [(None, 4), ("y", 2), ("x", 1)]
    nan = tables.result(
        {"n": {"x": [math.nan, math.nan, 0.0, -0.0, None, None]}}, step("d", "distinct", ["n"])
    )
    assert nan.num_rows == 3
    error = tables.error(data, step("x", "union", ["t", "u"]))
    assert error["message"] == "no column 'f' in 'u'"
    both = tables.result(data, step("x", "union", ["t", "u"], missing="null"))
    assert both["v"].to_pylist() == [1.0, 2.0, None, 4.0, 9.5, 2.0]
    assert both["f"].null_count == 3
    narrow = step("n", "drop", ["t"], columns=["f"])
    swapped = step(
        "m",
        "select",
        ["u"],
        columns=[{"name": "k", "column": "k"}, {"name": "other", "column": "v"}],
    )
    unique = tables.result(
        data, narrow, swapped, step("x", "union", ["n", "m"], mode="by_position", distinct=True)
    )
    assert rows(unique) == [("x", 1.0), ("y", 2.0), ("x", None), (None, 4.0), ("z", 9.5)]


# Grouping.


def by(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "column": name} for name in names]


def named(name: str, column: str, fn: str) -> dict[str, str]:
    return {"kind": "named", "name": name, "column": column, "fn": fn}


def test_groupby_forms_of_agg(tables: Tables) -> None:
    data = {"t": {"k": ["x", "y", "x", None], "v": [1, 2, None, 4], "w": [1.0, 2.0, 3.0, 4.0]}}

    def group(agg: list[Any], keys: Any = ("k",), **more: Any) -> list[tuple[Any, ...]]:
        return rows(tables.result(data, step("g", "groupby", ["t"], by=by(*keys), agg=agg, **more)))

    assert group([{"kind": "all", "fn": "count"}]) == [("x", 1, 2), ("y", 1, 1), (None, 1, 1)]
    assert group([{"kind": "all", "fn": "count"}], ("k", "v", "w"))[0] == ("x", 1, 1.0, 1)
    assert group(
        [{"kind": "fn", "key": "v", "fn": "sum"}, {"kind": "fn", "key": "n", "fn": "count"}]
    ) == [("x", 1, 2), ("y", 2, 1), (None, 4, 1)]
    assert group([{"kind": "list", "key": "w", "items": ["sum", "mean"]}]) == [
        ("x", 4.0, 2.0),
        ("y", 2.0, 2.0),
        (None, 4.0, 4.0),
    ]
    assert group([{"kind": "list", "key": "total", "items": ["w", "sum"]}], sort=True) == [
        ("x", 4.0),
        ("y", 2.0),
        (None, 4.0),
    ]
    assert group(
        [{"kind": "expr", "name": "r", "expr": "sum(w) / count(*) + 1"}], drop_null_keys=True
    ) == [("x", 3.0), ("y", 3.0)]
    assert group([{"kind": "expr", "name": "r", "expr": "count(DISTINCT w) FILTER (WHERE w > 1)"}])[
        0
    ] == ("x", 1)
    assert group([named("s", "w", "sum")], having="s > 3 AND count(*) > 1") == [("x", 4.0)]
    last = group(
        [named("a", "w", "first"), named("b", "w", "last"), named("c", "w", "list")],
        order_by=[{"expr": "w", "desc": True}],
    )
    assert sorted(last, key=repr) == sorted(
        [("x", 3.0, 1.0, [3.0, 1.0]), ("y", 2.0, 2.0, [2.0]), (None, 4.0, 4.0, [4.0])], key=repr
    )
    assert group([named("s", "v", "sum"), named("n", "v", "size")], ()) == [(7, 4)]


def test_groupby_of_no_rows(tables: Tables) -> None:
    data = {"t": pa.table({"k": pa.array([], pa.string()), "v": pa.array([], pa.int64())})}
    agg = [
        named("s", "v", "sum"),
        named("n", "v", "count"),
        named("z", "v", "size"),
        named("m", "v", "median"),
        {"kind": "expr", "name": "e", "expr": "count(*) + 1"},
    ]
    one = tables.result(data, step("g", "groupby", ["t"], by=[], agg=agg))
    assert rows(one) == [(None, 0, 0, None, 1)]
    none = tables.result(data, step("g", "groupby", ["t"], by=by("k"), agg=agg))
    assert none.num_rows == 0
    assert none.schema.types == [pa.string(), *one.schema.types]


def test_groupby_sum_overflow_is_an_error(tables: Tables) -> None:
    data = {"t": {"v": [2**62, 2**62, 5]}}
    error = tables.error(data, step("g", "groupby", ["t"], by=[], agg=[named("s", "v", "sum")]))
    assert "integer overflow" in error["message"]
    fine = tables.result(
        {"t": {"v": [2**62, 2**62, -(2**62)]}},
        step("g", "groupby", ["t"], by=[], agg=[named("s", "v", "sum")]),
    )
    assert rows(fine) == [(2**62,)]


def test_groupby_nan_is_largest_and_equal(tables: Tables) -> None:
    data = {"t": {"k": [math.nan, math.nan, 0.0, -0.0], "v": [1.0, math.nan, math.nan, math.nan]}}
    found = tables.result(
        data,
        step(
            "g",
            "groupby",
            ["t"],
            by=by("k"),
            agg=[named("lo", "v", "min"), named("hi", "v", "max")],
        ),
    )
    assert repr(rows(found)) == "[(nan, 1.0, nan), (0.0, nan, nan)]"


def test_groupby_like_pandas(tables: Tables) -> None:
    rng = np.random.default_rng(7)
    n = 5000
    frame = pd.DataFrame(
        {
            "a": rng.integers(0, 20, n),
            "b": rng.choice(["p", "q", "r"], n),
            "x": rng.normal(size=n),
            "i": rng.integers(-9, 9, n),
        }
    )
    functions = ["sum", "mean", "min", "max", "count", "nunique", "median", "std", "var"]
    agg = [named(f"{c}_{f}", c, f) for c in ("x", "i") for f in functions] + [
        named("q", "x", "quantile(0.9)")
    ]
    found = tables.result(
        {"t": pa.Table.from_pandas(frame)},
        step("g", "groupby", ["t"], by=by("a", "b"), agg=agg, sort=True),
    ).to_pandas()
    grouped = frame.groupby(["a", "b"])
    for c in ("x", "i"):
        for f in functions:
            np.testing.assert_allclose(
                found[f"{c}_{f}"], getattr(grouped[c], f)(), rtol=1e-12, atol=1e-12
            )
    np.testing.assert_allclose(found["q"], grouped["x"].quantile(0.9), rtol=1e-12)


# Joining.

LEFT = {"k": ["a", "b", "b", None, "d"], "v": [1, 2, 3, 4, 5]}
RIGHT = {"k": ["b", "b", "c", None, "d"], "v": [10, 20, 30, 40, 50], "w": [1, 2, 3, 4, 5]}


@pytest.mark.parametrize("how", ["inner", "left", "right", "full"])
@pytest.mark.parametrize("nulls_equal", [False, True])
@pytest.mark.parametrize("condition", [None, "w < v", "left.v * 10 <> right.v AND v_right > 10"])
def test_join_like_duckdb(
    tables: Tables, how: str, nulls_equal: bool, condition: str | None
) -> None:
    found = tables.result(
        {"l": LEFT, "r": RIGHT},
        step(
            "j",
            "join",
            ["l", "r"],
            on=[["k", "k"]],
            how=how,
            nulls_equal=nulls_equal,
            condition=condition,
        ),
    )
    left, right = pa.table(LEFT), pa.table(RIGHT)
    on = "l.k IS NOT DISTINCT FROM r.k" if nulls_equal else "l.k = r.k"
    sql = {None: "true", "w < v": "r.w < l.v"}.get(condition, "l.v * 10 <> r.v AND r.v > 10")
    connection = duckdb.connect()
    connection.register("l", left)
    connection.register("r", right)
    theirs = connection.sql(
        f"SELECT coalesce(l.k, r.k) AS k, l.v AS v, r.v AS v_right, r.w AS w FROM l {how} JOIN r ON {on} AND {sql}"
    ).to_arrow_table()
    same_rows(found, theirs)


def test_join_semi_anti_cross(tables: Tables) -> None:
    data = {"l": LEFT, "r": RIGHT}

    def join(**config: Any) -> list[tuple[Any, ...]]:
        return rows(tables.result(data, step("j", "join", ["l", "r"], **config)))

    assert join(on=[["k", "k"]], how="semi") == [("b", 2), ("b", 3), ("d", 5)]
    assert join(on=[["k", "k"]], how="anti") == [("a", 1), (None, 4)]
    assert join(on=[["k", "k"]], how="semi", condition="w > 4") == [("d", 5)]
    assert len(join(how="cross")) == 25
    assert len(join(how="inner", condition="w >= v")) == 15


def test_join_names_and_keys(tables: Tables) -> None:
    data = {"l": LEFT, "r": {"key": ["a"], "v": [7]}}
    one = tables.result(data, step("j", "join", ["l", "r"], on=[["k", "key"]]))
    assert one.to_pydict() == {"k": ["a"], "v": [1], "v_right": [7]}
    both = tables.result(
        data, step("j", "join", ["l", "r"], on=[["k", "key"]], coalesce_keys=False, suffix="_2")
    )
    assert both.column_names == ["k", "v", "key", "v_2"]
    full = tables.result(
        {"l": {"k": [1]}, "r": {"q": pa.array([2], pa.int32())}},
        step("j", "join", ["l", "r"], on=[["k", "q"]], how="full"),
    )
    assert full.to_pydict() == {"k": [1, 2]}
    clash = tables.error(
        {"l": {"k": [1], "v": [1], "v_right": [1]}, "r": {"k": [1], "v": [1]}},
        step("j", "join", ["l", "r"], on=[["k", "k"]]),
    )
    assert clash["key"] == "suffix"
    wrong = tables.error(
        {"l": {"k": [1]}, "r": {"k": ["1"]}}, step("j", "join", ["l", "r"], on=[["k", "k"]])
    )
    assert (wrong["code"], wrong["key"]) == ("E302", "on")
    assert "'k' is int64, 'k' is string" in wrong["message"]


@pytest.mark.parametrize(
    ("rule", "fine"),
    [("many_to_many", True), ("one_to_many", False), ("many_to_one", False), ("one_to_one", False)],
)
def test_join_validate(tables: Tables, rule: str, fine: bool) -> None:
    data = {"l": LEFT, "r": RIGHT}
    found = run(
        [*tables.reads(data), step("j", "join", ["l", "r"], on=[["k", "k"]], validate=rule)]
    )
    assert (found["status"] == "completed") == fine
    if not fine:
        assert found["error"]["key"] == "validate"
        assert "k='b' is in 2 rows" in found["error"]["message"]


KEYS = st.lists(
    st.tuples(st.sampled_from([None, 0, 1, 2]), st.sampled_from([None, "x", "y"])), max_size=8
)


@given(KEYS, KEYS, st.sampled_from(["inner", "left", "right", "full"]))
def test_join_matches_the_definition(left: list[Any], right: list[Any], how: str) -> None:
    from parquetframe.workflow._python.steps.join import complete, match

    def columns(pairs: list[Any]) -> list[pa.ChunkedArray]:
        return [
            pa.chunked_array([pa.array([p[i] for p in pairs], t)])
            for i, t in ((0, pa.int64()), (1, pa.string()))
        ]

    pairs = match(columns(left), columns(right), len(left), len(right))
    found = complete(pairs, how, len(left), len(right))
    inner = [
        (i, j) for i, a in enumerate(left) for j, b in enumerate(right) if a == b and None not in a
    ]
    assert list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == inner
    expected = set(inner)
    if how in {"left", "full"}:
        expected |= {(i, -1) for i in range(len(left)) if i not in {a for a, _ in inner}}
    if how in {"right", "full"}:
        expected |= {(-1, j) for j in range(len(right)) if j not in {b for _, b in inner}}
    assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) == expected


# SQL.

QUERIES = [
    "SELECT * FROM l",
    "SELECT k, v + 1 AS n FROM l WHERE v > 1 ORDER BY n DESC LIMIT 2",
    "SELECT l.k, r.w FROM l JOIN r ON l.k = r.k ORDER BY 2, 1",
    "SELECT a.k, b.w FROM l AS a LEFT JOIN r b ON a.k = b.k AND b.w > 1",
    "SELECT a.v, b.w FROM l a FULL JOIN r b ON b.k = a.k",
    "SELECT k, w FROM l JOIN r USING (k)",
    "SELECT a.v, b.v AS bv FROM l a, r b WHERE a.k = b.k",
    "SELECT a.v, b.v AS bv FROM l a CROSS JOIN r b",
    "SELECT k, count(*) AS n, sum(v) AS s, avg(v) AS m FROM l GROUP BY k",
    "SELECT k, max(v) AS top FROM l GROUP BY 1 HAVING count(*) > 1",
    "SELECT v % 2 AS odd, count(*) AS n FROM l GROUP BY v % 2 ORDER BY n DESC, odd",
    "SELECT v % 2 AS odd, count(DISTINCT k) AS n FROM l GROUP BY odd",
    "SELECT count(*) AS n, min(k) AS first FROM l WHERE v > 100",
    "SELECT DISTINCT k FROM l ORDER BY k",
    "SELECT k FROM l UNION SELECT k FROM r",
    "SELECT k, v FROM l UNION ALL SELECT k, v FROM r ORDER BY v LIMIT 4",
    "SELECT k FROM l INTERSECT SELECT k FROM r",
    "SELECT k FROM l EXCEPT SELECT k FROM r",
    "WITH big AS (SELECT * FROM l WHERE v > 1), n(c) AS (SELECT count(*) FROM big) SELECT c FROM n",
    "SELECT q.k, q.s FROM (SELECT k, sum(v) AS s FROM l GROUP BY k) q WHERE q.s > 1",
    "SELECT k FROM l WHERE k IN (SELECT k FROM r WHERE w > 1)",
    "SELECT k FROM l WHERE k NOT IN (SELECT k FROM r WHERE w > 4)",
    "SELECT k FROM l WHERE v > (SELECT avg(v) FROM l)",
    "SELECT k FROM l WHERE EXISTS (SELECT 1 FROM r WHERE w > 100)",
    "SELECT k, CASE WHEN sum(v) > 3 THEN 'much' ELSE 'little' END AS c FROM l GROUP BY k",
    "SELECT sum(v) FILTER (WHERE k = 'b') AS b FROM l",
    "SELECT 1 + 1 AS two",
    "SELECT l.* FROM l JOIN r ON l.v < r.w",
    "SELECT k, v FROM l ORDER BY k NULLS FIRST, v DESC OFFSET 1",
    "SELECT v FROM l ORDER BY k DESC NULLS FIRST, v LIMIT 3",
]


@pytest.mark.parametrize("sql", QUERIES)
def test_sql_like_duckdb(tables: Tables, sql: str) -> None:
    names = [
        n
        for n in ("l", "r")
        if f" {n} " in f"{sql} ".replace(",", " ").replace(")", " ").replace(".", " ")
    ]
    reads = {"left": LEFT, "right": RIGHT}
    aliases = {n: {"l": "left", "r": "right"}[n] for n in names}
    found = tables.result(reads, step("q", "sql", list(aliases.values()), tables=aliases, sql=sql))
    connection = duckdb.connect()
    connection.register("l", pa.table(LEFT))
    connection.register("r", pa.table(RIGHT))
    theirs = connection.sql(sql).to_arrow_table()
    same_rows(found, theirs)
    if " ORDER BY " in sql:
        assert repr(rows(found)) == repr(rows(theirs))


def test_sql_descending_order_puts_nulls_first(tables: Tables) -> None:
    found = tables.result(
        {"l": LEFT},
        step("q", "sql", ["l"], tables={"l": "l"}, sql="SELECT k FROM l ORDER BY k DESC"),
    )
    assert found["k"].to_pylist() == [None, "d", "b", "b", "a"]


@pytest.mark.parametrize(
    ("sql", "name", "part"),
    [
        ("SELECT row_number() OVER (ORDER BY v) FROM l", "UnsupportedFeature", "window"),
        ("SELECT k FROM l WHERE v > (SELECT min(w) FROM r WHERE r.k = l.k)", "UnsupportedFeature", "correlated"),
        ("SELECT k FROM l WHERE EXISTS (SELECT 1 FROM r WHERE w = l.v)", "UnsupportedFeature", "correlated"),
        ("SELECT DISTINCT ON (k) v FROM l", "UnsupportedFeature", "DISTINCT ON"),
        ("SELECT k, v FROM l GROUP BY ROLLUP (k, v)", "UnsupportedFeature", "ROLLUP"),
        ("SELECT * FROM l TABLESAMPLE SYSTEM (10)", "UnsupportedFeature", ""),
        ("SELECT k, v FROM l GROUP BY k", "ExpressionError", "must be in GROUP BY"),
        ("SELECT v FROM l JOIN r ON l.k = r.k", "SchemaError", "ambiguous"),
        ("SELECT x FROM nowhere", "SchemaError", "no table 'nowhere'"),
        ("SELECT k, k FROM l", "SchemaError", "two columns"),
        ("DROP TABLE l", "ExpressionError", "only one SELECT"),
        ("SELECT 1; SELECT 2", "ExpressionError", "one expression"),
        ("SELECT FROM WHERE", "ExpressionError", "invalid SQL"),
    ],
)  # fmt: skip
def test_sql_refused(tables: Tables, sql: str, name: str, part: str) -> None:
    error = tables.error(
        {"l": LEFT, "r": RIGHT}, step("q", "sql", ["l", "r"], tables={"l": "l", "r": "r"}, sql=sql)
    )
    assert error["class"] == name, error
    assert part in error["message"]
    assert error["key"] == "sql"


# Graphs.


def random_graph(seed: int, n: int = 30, m: int = 90) -> dict[str, list[Any]]:
    rng = np.random.default_rng(seed)
    edges = {(int(a), int(b)) for a, b in rng.integers(0, n, (m, 2))}
    return {
        "src": [a for a, _ in sorted(edges)],
        "dst": [b for _, b in sorted(edges)],
        "w": [1 + (a * 7 + b) % 5 for a, b in sorted(edges)],
    }


def to_networkx(data: dict[str, list[Any]], directed: bool = True) -> Any:
    graph = nx.DiGraph() if directed else nx.Graph()
    graph.add_weighted_edges_from(zip(data["src"], data["dst"], data["w"], strict=True))
    return graph


def algorithm(tables: Tables, data: dict[str, Any], name: str, **config: Any) -> pa.Table:
    return tables.result({"e": data}, step("g", "graph", ["e"], algorithm=name, **config))


@pytest.mark.parametrize("seed", range(3))
def test_pagerank_like_networkx(tables: Tables, seed: int) -> None:
    data = random_graph(seed)
    found = algorithm(
        tables,
        data,
        "pagerank",
        weight="w",
        tol=1e-12,
        max_iter=500,
        personalization={data["src"][0]: 2, str(data["dst"][1]): 1},
    )
    expected = pagerank_alg._pagerank_python(
        to_networkx(data),
        tol=1e-14,
        max_iter=1000,
        personalization={data["src"][0]: 2, data["dst"][1]: 1},
    )
    assert found["vertex"].to_pylist() == sorted(expected)
    np.testing.assert_allclose(found["rank"], [expected[v] for v in sorted(expected)], atol=1e-9)


def test_pagerank_that_does_not_converge_warns(tables: Tables) -> None:
    found = run(
        [
            *tables.reads({"e": random_graph(1)}),
            step("g", "graph", ["e"], algorithm="pagerank", max_iter=1),
        ]
    )
    assert found["status"] == "completed"
    assert found["steps"]["g"]["info"]["converged"] is False
    assert "did not converge" in found["warnings"][0]


@pytest.mark.parametrize("seed", range(4))
def test_components_like_networkx(tables: Tables, seed: int) -> None:
    data = random_graph(seed, n=60, m=50)
    for mode, theirs in (
        ("weak", nx.weakly_connected_components),
        ("strong", nx.strongly_connected_components),
    ):
        found = algorithm(tables, data, "components", mode=mode)
        groups: dict[int, set[int]] = {}
        for vertex, label in rows(found):
            groups.setdefault(label, set()).add(vertex)
        assert [groups[i] for i in range(len(groups))] == sorted(theirs(to_networkx(data)), key=min)


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_bfs_and_paths_like_networkx(tables: Tables, seed: int, directed: bool) -> None:
    data = random_graph(seed, m=50)
    graph = to_networkx(data, directed)
    if not directed:  # networkx keeps one weight per pair
        data = {
            "src": [a for a, _ in graph.edges],
            "dst": [b for _, b in graph.edges],
            "w": [graph[a][b]["weight"] for a, b in graph.edges],
        }
    source = data["src"][0]
    hops = nx.single_source_shortest_path_length(graph, source)
    found = algorithm(tables, data, "bfs", sources=[source], directed=directed)
    assert {v: d for v, d, _ in rows(found)} == dict(hops)
    before = graph.pred if directed else graph.adj
    for vertex, distance, parent in rows(found):
        assert parent == (
            min(u for u in before[vertex] if hops.get(u) == distance - 1) if distance else None
        )
    near = algorithm(tables, data, "bfs", sources=[source], directed=directed, max_depth=1)
    assert set(near["vertex"].to_pylist()) == {v for v, d in hops.items() if d <= 1}
    lengths = nx.single_source_dijkstra_path_length(graph, source)
    for method in ("auto", "dijkstra", "bellman-ford"):
        path = algorithm(
            tables,
            data,
            "shortest_path",
            source=source,
            directed=directed,
            weight="w",
            method=method,
        )
        assert {v: d for v, d, _ in rows(path)} == lengths
        assert str(path.schema.field("distance").type) == "double"
    target = max(lengths, key=lambda v: lengths[v])
    way = algorithm(
        tables, data, "shortest_path", source=source, target=target, directed=directed, weight="w"
    )
    assert [r[0] for r in rows(way)] == list(range(way.num_rows))
    assert (way["vertex"][0].as_py(), way["vertex"][-1].as_py()) == (source, target)
    assert nx.path_weight(graph, way["vertex"].to_pylist(), "weight") == lengths[target]
    unweighted = algorithm(tables, data, "shortest_path", source=source, directed=directed)
    assert unweighted.schema == found.schema
    assert unweighted.equals(found)


def test_negative_weights(tables: Tables) -> None:
    data = {"src": ["a", "a", "b"], "dst": ["b", "c", "c"], "w": [4.0, 1.0, -5.0]}
    found = algorithm(tables, data, "shortest_path", source="a", weight="w")
    assert rows(found) == [("a", 0.0, None), ("b", 4.0, "a"), ("c", -1.0, "b")]
    config: dict[str, Any] = {"algorithm": "shortest_path", "source": "a", "weight": "w"}
    error = tables.error({"e": data}, step("g", "graph", ["e"], method="dijkstra", **config))
    assert (error["class"], error["data"]["row"]) == ("NegativeWeight", 3)
    loop = {"src": ["a", "b"], "dst": ["b", "a"], "w": [1.0, -2.0]}
    assert (
        tables.error({"e": loop}, step("g", "graph", ["e"], **config))["class"] == "NegativeCycle"
    )


def test_zero_weights_make_no_circle_of_predecessors(tables: Tables) -> None:
    data = {"src": [3, 1, 2], "dst": [1, 2, 1], "w": [0, 0, 0]}
    found = algorithm(tables, data, "shortest_path", source=3, weight="w")
    assert rows(found) == [(1, 0.0, 3), (2, 0.0, 1), (3, 0.0, None)]


def test_isolated_vertices_and_bad_edges(tables: Tables) -> None:
    data = {"e": {"src": [1], "dst": [2]}, "v": {"id": [5, 1]}}
    found = tables.result(
        data, step("g", "graph", ["e", "v"], algorithm="components", vertices="id")
    )
    assert rows(found) == [(1, 0), (2, 0), (5, 1)]
    null = tables.error(
        {"e": {"src": [1, None], "dst": [2, 3]}}, step("g", "graph", ["e"], algorithm="components")
    )
    assert (null["class"], null["message"]) == ("GraphError", "edge row 2: src is null")
    mixed = tables.error(
        {"e": {"src": [1], "dst": ["x"]}}, step("g", "graph", ["e"], algorithm="components")
    )
    assert (mixed["class"], mixed["code"]) == ("SchemaError", "E302")
    lost = tables.error(
        {"e": {"src": ["JFK"], "dst": ["ATL"]}},
        step("g", "graph", ["e"], algorithm="bfs", sources=["JFX"]),
    )
    assert lost["class"] == "VertexNotFound"
    assert "closest: 'JFK'" in lost["message"]


def test_graph_without_edges(tables: Tables) -> None:
    empty = pa.table({"src": pa.array([], pa.int64()), "dst": pa.array([], pa.int64())})
    for name in ("pagerank", "components"):
        assert algorithm(tables, empty, name).num_rows == 0


# Python steps.

MODULE = """
import pyarrow as pa

def double(t, *, k=2, ctx=None):
    assert ctx.variables == {"v": 1} and not ctx.cancelled() and ctx.attempt == 1
    return t.append_column("d", pa.array([v * k for v in t["v"].to_pylist()]))

def frame(t):
    t["z"] = t["v"] + 1
    return t

def made():
    return {"a": [1, 2]}

def nothing(t):
    return None

def number(t):
    return 42

def broken(t):
    raise KeyError("lost")

def same(t):
    return t
"""


@pytest.fixture
def module(tmp_path: Path) -> str:
    name = f"steps_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    (tmp_path / f"{name}_bad.py").write_text("1 / 0")
    return name


def test_python_step_returns(tables: Tables, module: str, tmp_path: Path) -> None:
    path = list(sys.path)
    reads = tables.reads({"t": {"v": [1, 2]}})

    def call(name: str, inputs: tuple[str, ...] = ("t",), **config: Any) -> pa.Table:
        found = run(
            [*reads, step("p", "python", list(inputs), call=f"{module}:{name}", **config)],
            base_dir=tmp_path,
        )
        assert found["error"] is None, found["error"]
        return found["outputs"].get("p")

    assert call("double", args={"k": 3})["d"].to_pylist() == [3, 6]
    assert call("frame", format="pandas")["z"].to_pylist() == [2, 3]
    assert call("same", format="polars")["v"].to_pylist() == [1, 2]
    assert call("made", ()).to_pydict() == {"a": [1, 2]}
    assert call("nothing") is None
    assert sys.path == path


def test_python_step_given_as_an_object(tables: Tables) -> None:
    plan = canonical([*tables.reads({"t": {"v": [1]}}), step("p", "python", ["t"], call="no:name")])
    plan["callables"] = {"p": lambda t: {"n": [t.num_rows]}}
    found = PythonEngine().run(plan, max_parallel=1)
    assert found["outputs"]["p"].to_pydict() == {"n": [1]}


def test_python_step_errors(tables: Tables, module: str, tmp_path: Path) -> None:
    reads = tables.reads({"t": {"v": [1, 2]}})

    def error(call: str, *more: dict[str, Any]) -> dict[str, Any]:
        return run([*reads, step("p", "python", ["t"], call=call), *more], base_dir=tmp_path)[
            "error"
        ]

    raised = error(f"{module}:broken")
    assert (raised["kind"], raised["class"], raised["message"]) == (
        "python",
        "StepError",
        "KeyError: 'lost'",
    )
    assert isinstance(raised["exception"], KeyError)
    assert error(f"{module}_bad:x")["message"] == "ZeroDivisionError: division by zero"
    assert "no module 'nowhere_at_all'" in error("nowhere_at_all:f")["message"]
    assert "has no function 'absent'" in error(f"{module}:absent")["message"]
    number = error(f"{module}:number")
    assert "returned int 42, which is no table" in number["message"]
    assert "__arrow_c_stream__" in number["hint"]
    none = error(f"{module}:nothing", step("q", "limit", ["p"], n=1))
    assert "returned None, but other steps use 'p'" in none["message"]


# Checks.


def test_check_passes_and_reports(tables: Tables) -> None:
    data = {"t": {"k": ["a", "b", "b", None], "v": [1, 20, None, 3]}, "ref": {"k": ["a"]}}
    good = [
        {"rule": "rows", "min": 1, "max": 4},
        {"rule": "between", "column": "v", "min": 1, "max": 20},
        {"rule": "in", "column": "k", "values": ["a", "b"]},
        {"rule": "matches", "column": "k", "pattern": "[ab]"},
        {"rule": "schema", "columns": {"k": "string", "v": "int64"}},
        {"rule": "expr", "expr": "v > 0 OR v IS NULL"},
    ]
    assert tables.result(data, step("c", "check", ["t"], rules=good)).num_rows == 4
    bad = [
        ({"rule": "rows", "min": 9, "max": None}, "rows: 4 rows, expected at least 9"),
        (
            {"rule": "not_null", "columns": ["k", "v"]},
            "not_null k, v: 2 rows break it (row 3: k='b', v=None; row 4",
        ),
        ({"rule": "unique", "columns": ["k"]}, "unique k: 1 row break"),
        ({"rule": "between", "column": "v", "min": 2, "max": 10}, "between v: 2 rows break it"),
        ({"rule": "in", "column": "k", "values": ["a"]}, "in k: 2 rows break it"),
        ({"rule": "matches", "column": "k", "pattern": "a"}, "matches k: 2 rows break it"),
        ({"rule": "schema", "columns": {"v": "string"}}, "'v' is int64, expected string"),
        ({"rule": "expr", "expr": "v > 0"}, "expr v > 0: 1 row"),
        (
            {"rule": "foreign_key", "columns": ["k"], "dataset": "ref", "ref_columns": ["k"]},
            "foreign_key k -> ref.k: 2 rows break it",
        ),
    ]
    for rule, text in bad:
        error = tables.error(data, step("c", "check", ["t", "ref"], rules=[rule]))
        assert (error["class"], error["code"]) == ("CheckError", "E602")
        assert text in error["message"]
    found = run(
        [*tables.reads(data), step("c", "check", ["t"], rules=[bad[0][0]], severity="warn")]
    )
    assert found["status"] == "completed"
    assert "expected at least 9" in found["warnings"][0]
    assert found["outputs"]["c"].num_rows == 4


# Saving.


def test_save_is_recorded_and_passes_through(tables: Tables, tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    path = tmp_path / "new" / "out.parquet"
    found = run(
        [
            *tables.reads({"t": BASE}),
            step("s", "save", ["t"], path=path, row_group_rows=3),
            step("n", "limit", ["s"], n=1),
        ],
        on_event=events.append,
    )
    record = found["steps"]["s"]["file"]
    assert record == {
        "path": str(path),
        "rows": 4,
        "bytes": path.stat().st_size,
        "checksum": "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    assert pq.ParquetFile(path).metadata.num_row_groups == 2
    assert list(found["outputs"]) == ["n"]
    published = [e for e in events if e["type"] == "output_published"]
    assert [(e["step"], e["path"], e["rows"]) for e in published] == [("s", str(path), 4)]
    assert [p.name for p in path.parent.iterdir()] == ["out.parquet"]


def test_csv_round_trip_keeps_null_and_empty_apart(tables: Tables, tmp_path: Path) -> None:
    data = {
        "s": ["a,b", 'say "hi"', "", None, "line\nbreak", "é"],
        "f": [1.0, 0.1, None, 1e20, -0.5, 2.0],
        "t": pa.array([0, 1, None, 3, 4, 5], pa.timestamp("us", "UTC")),
    }
    for name in ("o.csv", "o.csv.gz"):
        tables.result(
            {"t": data},
            step("s", "save", ["t"], path=tmp_path / name),
            step("x", "limit", ["t"], n=1),
        )
        found = run([step("r", "read", path=tmp_path / name)])["outputs"]["r"]
        assert found.to_pylist() == pa.table(data).to_pylist()
    tables.result(
        {"t": {"a": ["NA", None]}},
        step("s", "save", ["t"], path=tmp_path / "n.csv", null="NA", header=False),
        step("x", "limit", ["t"], n=1),
    )
    assert (tmp_path / "n.csv").read_text() == '"NA"\nNA\n'


def test_failed_save_leaves_the_old_file(tables: Tables, tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text("old")
    nested = {"t": {"a": [[1], [2]]}}
    error = tables.error(nested, step("s", "save", ["t"], path=path))
    assert error["class"] == "UnsupportedFeature"
    assert path.read_text() == "old"
    exists = tables.error({"t": BASE}, step("s", "save", ["t"], path=path, mode="error"))
    assert (exists["class"], exists["kind"]) == ("WriteError", "io")
    parent = tables.error(
        {"t": BASE}, step("s", "save", ["t"], path=tmp_path / "no" / "o.csv", mkdir=False)
    )
    assert "directory does not exist" in parent["message"]
    codec = tables.error(
        {"t": BASE}, step("s", "save", ["t"], path=tmp_path / "o.parquet", compression="zip")
    )
    assert (codec["class"], codec["key"]) == ("UnsupportedFeature", "compression")
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".tmp")]


# Scheduling, events, failure, cancel.


def noop(name: str, *after: str) -> dict[str, Any]:
    return step(name, "noop", after=after)


def test_plan_shape() -> None:
    found = PythonEngine().plan(
        canonical([noop("c", "a", "b"), noop("a"), noop("b"), noop("d", "c")]), data=False
    )
    assert found["order"] == ["a", "b", "c", "d"]
    assert found["levels"] == [["a", "b"], ["c"], ["d"]]
    assert found["edges"] == [["a", "c"], ["b", "c"], ["c", "d"]]
    assert found["width"] == 2
    assert found["groups"][0] == {"id": 0, "steps": ["c"], "reads": [1, 2]}


def test_cycle_is_named() -> None:
    with pytest.raises(errors.CycleError) as caught:
        PythonEngine().plan(
            canonical([noop("x"), noop("a", "c"), noop("b", "a"), noop("c", "b")]), data=False
        )
    assert list(caught.value.cycle) == ["a", "b", "c", "a"]


def test_order_with_one_worker_and_events() -> None:
    events: list[dict[str, Any]] = []
    found = run(
        [noop("c", "b"), noop("a"), noop("b"), noop("d")], max_parallel=1, on_event=events.append
    )
    assert [e["step"] for e in events if e["type"] == "step_started"] == ["a", "b", "c", "d"]
    assert [e["type"] for e in events][:3] == ["run_started", "step_started", "step_completed"]
    assert (events[-1]["type"], events[-1]["status"]) == ("run_finished", "completed")
    assert [e["seq"] for e in events] == list(range(len(events)))
    assert {e["run_id"] for e in events} == {found["run_id"]}
    assert found["steps_executed"] == found["total_steps"] == 4
    assert found["peak_parallelism"] == 1


def failing(name: str, *after: str) -> dict[str, Any]:
    return step(name, "read", path="/does/not/exist.csv", after=after)


@pytest.mark.parametrize("fail_fast", [True, False])
def test_failure(fail_fast: bool) -> None:
    events: list[dict[str, Any]] = []
    steps = [
        failing("bad"),
        noop("after", "bad"),
        noop("later", "after"),
        noop("free"),
        noop("end", "free"),
    ]
    found = run(steps, max_parallel=1, on_event=events.append, fail_fast=fail_fast)
    status = {name: record["status"] for name, record in found["steps"].items()}
    rest = "cancelled" if fail_fast else "succeeded"
    assert status == {
        "bad": "failed",
        "after": "skipped",
        "later": "skipped",
        "free": rest,
        "end": rest,
    }
    assert found["status"] == "failed"
    assert found["cancelled"] is False
    assert (found["failed_steps"], found["skipped_steps"]) == (1, 2)
    assert found["steps"]["later"]["because"] == "bad"
    assert found["error"] == found["steps"]["bad"]["error"]
    ends = Counter(
        e["step"]
        for e in events
        if e["type"] in {"step_completed", "step_failed", "step_skipped", "step_cancelled"}
    )
    assert set(ends.values()) == {1}


class Token:
    def __init__(self) -> None:
        self.asked = False

    def is_cancelled(self) -> bool:
        return self.asked


@pytest.mark.parametrize("make", [Token, threading.Event])
def test_cancel_between_steps(make: Any) -> None:
    token = make()

    def on_event(event: dict[str, Any]) -> None:
        if event["type"] == "step_completed" and event["step"] == "b":
            token.set() if isinstance(token, threading.Event) else setattr(token, "asked", True)

    found = run(
        [noop("a"), noop("b"), noop("c"), noop("d", "c")],
        max_parallel=1,
        on_event=on_event,
        cancel=token,
    )
    assert found["status"] == "cancelled"
    assert found["cancelled"] is True
    assert [r["status"] for r in found["steps"].values()] == [
        "succeeded",
        "succeeded",
        "cancelled",
        "cancelled",
    ]


def test_cancel_before_the_start(tables: Tables, tmp_path: Path) -> None:
    token = threading.Event()
    token.set()
    found = run(
        [*tables.reads({"t": BASE}), step("s", "save", ["t"], path=tmp_path / "o.csv")],
        cancel=token,
    )
    assert found["status"] == "cancelled"
    assert not (tmp_path / "o.csv").exists()


def test_cancel_token_of_a_wrong_type() -> None:
    with pytest.raises(TypeError, match="CancellationToken"):
        run([noop("a")], cancel=object())


def test_raising_callback_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    def on_event(event: dict[str, Any]) -> None:
        raise RuntimeError("no")

    assert run([noop("a"), noop("b")], on_event=on_event)["status"] == "completed"
    assert len(caplog.records) == 1


def test_interrupt_in_the_callback_cancels() -> None:
    def on_event(event: dict[str, Any]) -> None:
        if event["type"] == "step_started":
            raise KeyboardInterrupt

    assert run([noop("a"), noop("b")], on_event=on_event)["status"] == "cancelled"


@pytest.fixture
def default_sigint() -> Iterator[None]:
    """Python's own handler, also where the tests run as a background job that ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("default_sigint")
def test_ctrl_c_cancels(tmp_path: Path) -> None:
    (tmp_path / "ctrl_c_module.py").write_text(
        "import os, signal\ndef press(ctx):\n    os.kill(os.getpid(), signal.SIGINT)\n    while not ctx.cancelled():\n        pass\n"
    )
    found = run(
        [step("a", "python", call="ctrl_c_module:press"), noop("b", "a")], base_dir=tmp_path
    )
    assert (found["status"], found["steps"]["b"]["status"]) == ("cancelled", "cancelled")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_branches_run_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "barrier_module.py").write_text(
        "import threading\nbarrier = threading.Barrier(2, timeout=20)\ndef meet():\n    barrier.wait()\n"
    )
    steps = [step(n, "python", call="barrier_module:meet") for n in ("a", "b")]
    found = run(steps, base_dir=tmp_path)
    assert found["status"] == "completed"
    assert found["peak_parallelism"] == 2
    assert found["busy_ms"] > 0


def test_outputs_are_terminal_and_kept_only(tables: Tables) -> None:
    steps = [
        *tables.reads({"t": BASE}),
        step("a", "limit", ["t"], n=2),
        step("b", "limit", ["a"], n=1),
        step("c", "limit", ["a"], n=1),
    ]
    assert set(run(steps)["outputs"]) == {"b", "c"}
    assert set(run(steps, keep=("a",))["outputs"]) == {"a", "b", "c"}


def test_unknown_step_type_is_refused() -> None:
    with pytest.raises(errors.UnsupportedFeature, match="no step type 'handler'"):
        run([step("h", "handler")])


DAGS = st.integers(1, 8).flatmap(
    lambda n: st.tuples(
        st.lists(st.sets(st.integers(0, n - 1)), min_size=n, max_size=n),
        st.lists(st.sampled_from("sfc"), min_size=n, max_size=n),
        st.booleans(),
    )
)


@given(DAGS)
def test_schedule_ends_every_step_once(case: Any) -> None:
    before, outcomes, fail_fast = case
    steps = [
        noop(str(i), *(str(j) for j in sorted(deps) if j < i)) for i, deps in enumerate(before)
    ]
    dag = Dag.of(canonical(steps))
    schedule = Schedule(dag, fail_fast=fail_fast, keep=set())
    ended: list[str] = []
    good: set[str] = set()
    while not schedule.finished:
        name = schedule.ready()
        assert name is not None, "nothing running and nothing ready, but not finished"
        assert all(other in good for other in dag.before[name])
        outcome = outcomes[int(name)]
        effects = (
            schedule.done(name)
            if outcome == "s"
            else schedule.fail(name)
            if outcome == "f"
            else schedule.stopped(name)
        )
        good |= {name} if outcome == "s" else set()
        ended += [name, *(e[0] for e in effects.ended)]
        if outcome == "c":
            ended += [e[0] for e in schedule.cancel().ended]
    assert sorted(ended) == sorted(dag.steps)


def test_overhead_of_noops_stays_small() -> None:
    steps = [noop(f"s{i}", *([f"s{i - 1}"] if i else [])) for i in range(2000)]
    start = time.perf_counter()
    assert run(steps, max_parallel=1)["steps_executed"] == 2000
    assert time.perf_counter() - start < 5.0


# The worked example.


@pytest.mark.skipif(
    not (NYCFLIGHTS / "flights.csv.gz").is_file() and not list(NYCFLIGHTS.glob("*/flights.csv.gz")),
    reason="the example's data are not here",
)
def test_nycflights_golden_facts(tmp_path: Path) -> None:
    folder = next(iter(NYCFLIGHTS.rglob("flights.csv.gz"))).parent
    na = {"nulls": ["NA"]}
    steps = [
        step("airlines", "read", path=folder / "airlines.csv"),
        step("airports", "read", path=folder / "airports.csv", **na),
        step("weather", "read", path=folder / "weather.csv.gz", columns=["origin", "time_hour", "visib", "wind_speed"], **na),
        step("flights", "read", path=folder / "flights.csv.gz", **na),
        step("flown", "filter", ["flights"], where="dep_delay IS NOT NULL AND arr_delay IS NOT NULL"),
        step("checked", "check", ["flown", "airlines"], rules=[{"rule": "rows", "min": 300000, "max": None}, {"rule": "not_null", "columns": ["origin", "dest", "time_hour"]}, {"rule": "between", "column": "distance", "min": 1, "max": 6000}, {"rule": "foreign_key", "columns": ["carrier"], "dataset": "airlines", "ref_columns": ["carrier"]}]),
        step("marked", "transform", ["checked"], columns=[{"name": "late", "expr": "CAST(arr_delay > 15 AS DOUBLE)"}]),
        step("by_carrier", "groupby", ["marked"], by=by("carrier"), agg=[{"kind": "fn", "key": "flights", "fn": "count"}, named("mean_arr_delay", "arr_delay", "mean"), {"kind": "expr", "name": "late_share", "expr": "avg(late)"}, {"kind": "expr", "name": "miles", "expr": "sum(distance)"}]),
        step("named", "join", ["by_carrier", "airlines"], on=[["carrier", "carrier"]], how="left", validate="one_to_one"),
        step("ranked", "sort", ["named"], by=[{"expr": "mean_arr_delay", "desc": True}]),
        step("save_carriers", "save", ["ranked"], path=tmp_path / "carriers.parquet"),
        step("routes", "groupby", ["marked"], by=by("origin", "dest"), agg=[{"kind": "fn", "key": "flights", "fn": "count"}]),
        step("hubs", "graph", ["routes"], algorithm="pagerank", src="origin", dst="dest", weight="flights"),
        step("hubs_named", "join", ["hubs", "airports"], on=[["vertex", "faa"]], how="left"),
        step("joined", "join", ["marked", "weather"], on=[["origin", "origin"], ["time_hour", "time_hour"]], validate="many_to_one"),
        step("banded", "transform", ["joined"], columns=[{"name": "band", "expr": "CASE WHEN visib < 1 THEN '0-1' WHEN visib < 3 THEN '1-3' WHEN visib < 10 THEN '3-10' ELSE '10' END"}]),
        step("by_weather", "groupby", ["banded"], by=by("origin", "band"), agg=[{"kind": "fn", "key": "flights", "fn": "count"}]),
    ]  # fmt: skip
    assert PythonEngine().plan(canonical(steps), data=True)["problems"] == []
    found = run(steps)
    assert found["error"] is None, found["error"]
    count = {name: record["rows"] for name, record in found["steps"].items()}
    assert (count["flights"], count["flown"], count["ranked"], count["routes"]) == (
        336_776,
        327_346,
        16,
        223,
    )
    assert (count["hubs"], count["joined"], count["by_weather"]) == (107, 325_819, 12)
    carriers = pq.read_table(tmp_path / "carriers.parquet").to_pylist()
    assert carriers[0]["carrier"] == "F9"
    assert round(carriers[0]["mean_arr_delay"], 2) == 21.92
    hubs = found["outputs"]["hubs_named"].sort_by([("rank", "descending")]).to_pylist()
    assert (hubs[0]["vertex"], round(hubs[0]["rank"], 5)) == ("ATL", 0.01036)
    assert sorted(h["vertex"] for h in hubs if h["name"] is None) == ["BQN", "PSE", "SJU", "STT"]
