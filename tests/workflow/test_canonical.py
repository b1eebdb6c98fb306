"""The canonical form: defaults, spellings, and every form of every step type."""

from __future__ import annotations

import inspect
import json
import os
from typing import Any

import pytest

import parquetframe as pf
from parquetframe.io.csv_options import READ_DEFAULTS, WRITE_DEFAULTS
from parquetframe.workflow.compile import CompiledPlan, compile_plan
from parquetframe.workflow.document import document_from_dict, dump_yaml, load_document
from parquetframe.workflow.spec import STEP_TYPES
from parquetframe.workflow.spec.settings import available_cores, available_memory

SOURCES = [
    {"name": "t", "type": "read", "path": "t.csv"},
    {"name": "u", "type": "read", "path": "u.csv"},
]


def compiled(*steps: dict[str, Any], **top: Any) -> CompiledPlan:
    document = document_from_dict({"steps": [*SOURCES, *steps], **top}, base_dir="/base")
    plan = compile_plan(document, environ={})
    assert not plan.errors, plan.problems
    json.dumps(plan.canonical, allow_nan=False)
    return plan


def step(type_: str, **keys: Any) -> dict[str, Any]:
    keys.setdefault("input", "t")
    return compiled({"name": "s", "type": type_, **keys}).canonical["steps"][2]


def config(type_: str, **keys: Any) -> dict[str, Any]:
    return step(type_, **keys)["config"]


def only(type_: str, key: str, **keys: Any) -> Any:
    return config(type_, **keys)[key]


def test_the_whole_form() -> None:
    document = document_from_dict(
        {
            "name": "w",
            "version": 1.0,
            "x-note": {"any": "thing"},
            "variables": {"n": 3},
            "settings": {"max_parallel": 2, "memory_limit": "512MiB", "fail_fast": False},
            "steps": [
                {"type": "read", "path": "a.csv"},
                {"type": "limit", "input": "step_0", "n": "${n}", "output": "few", "tags": ["x"]},
                {"name": "last", "type": "distinct", "input": "few", "depends_on": "step_0"},
            ],
        },
        base_dir="/base",
    )
    plan = compile_plan(document, environ={})
    assert plan.problems == []
    form = plan.canonical
    assert {k: v for k, v in form.items() if k != "steps"} == {
        "name": "w",
        "base_dir": "/base",
        "variables": {"n": 3},
        "settings": {
            "max_parallel": 2,
            "fail_fast": False,
            "fuse": True,
            "deterministic": False,
            "memory_limit": 512 * 1024**2,
        },
        "keep": [],
    }
    assert form["steps"][0]["config"] == {
        "path": ["/base/a.csv"], "format": "auto", "columns": None, "where": None, "schema": None,
        "limit": None, "csv": READ_DEFAULTS,
    }  # fmt: skip
    assert form["steps"][1] == {
        "name": "step_1", "type": "limit", "inputs": ["step_0"], "output": "few",
        "depends_on": [], "config": {"n": 3, "offset": 0},
    }  # fmt: skip
    assert form["steps"][2]["depends_on"] == ["step_0"]
    assert form["steps"][2]["config"] == {"on": None, "order_by": []}


EXPECTED = {
    "filter": ({"where": "x"}, {"where": "x"}),
    "select": ({"columns": "a"}, {"columns": [{"name": "a", "column": "a"}], "exclude": []}),
    "transform": ({"columns": {"a": 1}}, {"columns": [{"name": "a", "expr": "1"}]}),
    "rename": ({"columns": {"a": "b"}}, {"columns": {"a": "b"}}),
    "drop": ({"columns": "a"}, {"columns": ["a"], "missing": "error"}),
    "cast": ({"columns": {"a": "int8"}}, {"columns": {"a": "int8"}, "on_error": "error"}),
    "groupby": (
        {"by": []},
        {
            "by": [], "agg": [{"kind": "all", "fn": "count"}], "having": None, "order_by": [],
            "sort": False, "drop_null_keys": False,
        },
    ),
    "join": (
        {"input": ["t", "u"], "on": "k"},
        {
            "on": [["k", "k"]], "how": "inner", "condition": None, "suffix": "_right",
            "coalesce_keys": True, "nulls_equal": False, "validate": "many_to_many",
            "algorithm": "auto",
        },
    ),
    "sort": ({"by": "a"}, {"by": [{"expr": "a", "desc": False}], "nulls": "last", "limit": None}),
    "limit": ({"n": 1}, {"n": 1, "offset": 0}),
    "distinct": ({}, {"on": None, "order_by": []}),
    "union": ({"input": ["t", "u"]}, {"mode": "by_name", "missing": "error", "distinct": False}),
    "sql": ({"sql": "SELECT 1 FROM t"}, {"sql": "SELECT 1 FROM t", "tables": {"t": "t"}}),
    "python": ({"call": "m:f"}, {"call": "m:f", "args": {}, "format": "arrow"}),
    "check": (
        {"rules": [{"unique": "a"}]},
        {"rules": [{"rule": "unique", "columns": ["a"]}], "severity": "error", "sample": 5},
    ),
    "save": (
        {"path": "o/x.parquet"},
        {
            "path": "/base/o/x.parquet", "format": "parquet", "mode": "replace", "mkdir": True,
            "compression": "zstd", "row_group_rows": 1_048_576,
            "csv": WRITE_DEFAULTS | {"compression": "none"},
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("type_", EXPECTED)
def test_defaults_are_filled_in(type_: str) -> None:
    keys, expected = EXPECTED[type_]
    assert config(type_, **keys) == expected


def test_every_step_type_has_a_case_of_defaults() -> None:
    assert set(EXPECTED) | {"read", "graph"} == set(STEP_TYPES)


def test_defaults_are_not_shared_between_plans() -> None:
    only("distinct", "order_by").append("x")
    only("groupby", "agg", by=[])[0]["fn"] = "x"
    assert only("distinct", "order_by") == []
    assert only("groupby", "agg", by=[]) == [{"kind": "all", "fn": "count"}]


@pytest.mark.parametrize("nested", ["config", "params"])
def test_keys_may_stand_in_config(nested: str) -> None:
    assert step("filter", **{nested: {"where": "x"}}) == step("filter", where="x")


@pytest.mark.parametrize("key", ["where", "query", "expr", "condition"])
def test_spellings_of_filter(key: str) -> None:
    assert config("filter", **{key: "x > 1"}) == {"where": "x > 1"}


def test_spellings_of_types() -> None:
    assert step("write", path="x.csv")["type"] == "save"
    assert step("merge", input=["t", "u"], on="k")["type"] == "join"
    assert step("aggregate", by="k")["type"] == "groupby"
    assert step("datafusion.sql", query="SELECT * FROM t")["type"] == "sql"
    assert step("parquet.write", path="x.dat")["config"]["format"] == "parquet"
    assert step("transform", function="m.f")["type"] == "python"
    assert step("transform", function="pkg.m.f")["config"]["call"] == "pkg.m:f"
    read = compiled({"name": "s", "type": "parquet.read", "input": "x"}).canonical["steps"][2]
    assert (read["type"], read["config"]["path"]) == ("read", ["/base/x"])
    assert (read["config"]["format"], read["inputs"]) == ("parquet", [])


def test_output_on_save_is_a_path_unless_there_is_one() -> None:
    old = step("save", output="x.csv")
    assert (old["config"]["path"], old["output"]) == ("/base/x.csv", "s")
    nested = step("save", config={"output": "x.csv"}, output="done")
    assert (nested["config"]["path"], nested["output"]) == ("/base/x.csv", "done")
    new = step("save", path="x.csv", output="done")
    assert (new["config"]["path"], new["output"]) == ("/base/x.csv", "done")


def test_transforms_of_2_0() -> None:
    rename = step("transform", transforms=[{"column": "a", "operation": "rename", "to": "b"}])
    assert (rename["type"], rename["config"]) == ("rename", {"columns": {"a": "b"}})
    drop = step("transform", transforms=[{"column": "a", "operation": "drop"}])
    assert (drop["type"], drop["config"]) == ("drop", {"columns": ["a"], "missing": "error"})


def test_csv_options_in_both_spellings() -> None:
    def read(**keys: Any) -> dict[str, Any]:
        return compiled({"name": "s", "type": "read", "path": "x.csv", **keys}).canonical["steps"][2]["config"]  # fmt: skip

    assert read(sep="\t") == read(delimiter="\\t")
    assert read(sep="\t")["csv"]["sep"] == "\t"
    assert read(nulls=["", "NA"]) == read(null_values=["", "NA"])
    assert read(null_values="NA")["csv"]["nulls"] == ["NA"]
    assert read(null_values="strict") == read(nulls="strict")
    assert read(nulls={"a": ["x"]})["csv"]["nulls"] == {"a": ["x"]}
    assert read(infer="full") == read(infer_rows="all") == read()
    assert read(infer=100) == read(infer_rows=100)
    assert read(infer=100)["csv"]["infer"] == 100
    assert read(has_header=False) == read(header=False)
    assert read(quote="none")["csv"]["quote"] is None
    assert read(newline="\r\n") == read(newline=r"\r\n") == read(newline="crlf")
    assert read(compression="gzip")["csv"]["compression"] == "gz"
    assert read(encoding="UTF8")["csv"]["encoding"] == "utf8"
    assert read(columns="*")["columns"] is None
    assert read(dtypes={"a": "timestamp(us,UTC)"})["schema"] == {"a": "timestamp(us, UTC)"}


def test_options_of_a_read_are_those_of_read_csv() -> None:
    """Names and defaults; `dtypes` is the step's `schema`."""
    keys = {key.name: key for key in STEP_TYPES["read"].keys if key.only == ("csv",)}
    common = {"output", "string_type", "threads", "memory_limit", "progress", "cancel", "report", "engine", "dtype_backend", "null_ints", "dates", "decimals"}  # fmt: skip
    parameters = dict(inspect.signature(pf.read_csv).parameters)
    own = {"src", "columns", "dtypes", "schema", "n_rows", "filters", "storage_options"}
    assert set(keys) == set(parameters) - own - common
    assert set(keys) | {"dtypes"} == set(READ_DEFAULTS)
    for name, key in keys.items():
        default = parameters[name].default
        assert key.default == (default if default is not None else key.default), name
        if name not in ("true_values", "false_values"):  # the function says None for its own
            assert key.default == default, name


def test_options_of_a_save_are_those_of_write_csv() -> None:
    keys = {key.name: key for key in STEP_TYPES["save"].keys if key.only == ("csv",)}
    parameters = dict(inspect.signature(pf.write_csv).parameters)
    tail = {"data", "dest", "index", "atomic", "fsync", "overwrite", "threads", "progress", "cancel", "engine"}  # fmt: skip
    assert set(keys) | {"compression"} == set(parameters) - tail
    assert {name: key.default for name, key in keys.items()} == {
        name: parameters[name].default for name in keys
    }


@pytest.mark.parametrize("step_type", ["read", "save"])
def test_builder_has_every_csv_option(step_type: str) -> None:
    method = pf.Workflow.read if step_type == "read" else pf.Workflow.save
    for key in STEP_TYPES[step_type].keys:
        if key.only == ("csv",):
            wanted = {key.name, *key.aliases} - {"has_header"}
            assert wanted <= set(inspect.signature(method).parameters), key.name


def test_each_csv_option_changes_the_plan() -> None:
    """What tells steps apart is their canonical form."""
    read = {
        "sep": ";", "quote": "'", "escape": "\\", "header": 2, "names": ["a"], "infer": 9,
        "nulls": "pandas", "true_values": ["y"], "false_values": ["n"], "parse_dates": False,
        "decimal": ",", "thousands": "_", "leading_zeros": "number", "on_int_overflow": "string",
        "comment": "#", "skip_rows": 1, "blank_lines": "null", "newline": "lf",
        "strict_quotes": True, "trim": True, "ragged": "fill", "on_bad_lines": "collect",
        "encoding": "latin1", "invalid_bytes": "replace", "compression": "none",
    }  # fmt: skip
    assert set(read) | {"dtypes"} == set(READ_DEFAULTS)
    for name, value in read.items():
        steps = compiled({"name": "s", "type": "read", "path": "x.csv", name: value})
        found = steps.canonical["steps"][2]["config"]["csv"]
        assert found == READ_DEFAULTS | {name: value}, name
    save = {
        "sep": ";", "quote": "'", "quote_style": "always", "escape": "\\", "header": False,
        "null": "NA", "float_format": "%.3f", "date_format": "%d.%m.%Y",
        "timestamp_format": "%H:%M", "line_end": "\r\n", "encoding": "utf-16-le", "bom": True,
        "compression": "gz", "compression_level": 3,
    }  # fmt: skip
    assert set(save) == set(WRITE_DEFAULTS)
    for name, value in save.items():
        path = "x.csv.gz" if name.startswith("compression") else "x.csv"
        codec = "gz" if path.endswith(".gz") else "none"
        found = config("save", path=path, **{name: value})["csv"]
        assert found == WRITE_DEFAULTS | {"compression": codec, name: value}, name


def test_spellings_of_csv_options_of_save() -> None:
    def save(**keys: Any) -> dict[str, Any]:
        return config("save", path="x.csv", **keys)

    assert save(sep=";") == save(delimiter=";")
    assert save(null="NA") == save(null_value="NA")
    assert save(line_end="\r\n") == save(line_end=r"\r\n")
    assert save(quote="none")["csv"]["quote"] is None


@pytest.mark.parametrize(
    ("path", "keys", "expected"),
    [
        ("x.csv", {}, ("csv", None)), ("x.csv.gz", {}, ("csv", None)),
        ("x.avro", {}, ("avro", "deflate")), ("x.parquet", {"compression": "none"}, ("parquet", None)),
        ("x.parquet", {"compression": "snappy"}, ("parquet", "snappy")),
        ("x.dat", {"format": "csv"}, ("csv", None)), ("X.PQ", {}, ("parquet", "zstd")),
    ],
)  # fmt: skip
def test_format_and_compression_of_save(path: str, keys: dict[str, Any], expected: Any) -> None:
    found = config("save", path=path, **keys)
    assert (found["format"], found["compression"]) == expected


@pytest.mark.parametrize(
    ("path", "keys", "codec"),
    [
        ("x.csv", {}, "none"), ("x.csv.gz", {}, "gz"), ("x.tsv.zst", {}, "zst"),
        ("x.csv.bz2", {"compression": "auto"}, "bz2"), ("x.csv.xz", {"compression": "lzma"}, "xz"),
        ("x.csv.gz", {"compression": "gzip"}, "gz"), ("x.csv", {"compression": "none"}, "none"),
        ("x.parquet", {}, "none"),
    ],
)  # fmt: skip
def test_codec_of_a_saved_csv_file(path: str, keys: dict[str, Any], codec: str) -> None:
    assert config("save", path=path, **keys)["csv"]["compression"] == codec


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("a, b", [{"name": "a", "column": "a"}, {"name": "b", "column": "b"}]),
        ("*", [{"all": True}]),
        (["*", {"n": "a + 1"}], [{"all": True}, {"name": "n", "expr": "a + 1"}]),
        ({"a": "b"}, [{"name": "b", "column": "a"}]),
    ],
)
def test_select_items(columns: Any, expected: Any) -> None:
    assert only("select", "columns", columns=columns) == expected


def test_select_with_exclude_only() -> None:
    assert config("select", exclude="a") == {"columns": [{"all": True}], "exclude": ["a"]}


@pytest.mark.parametrize(
    ("agg", "expected"),
    [
        ("sum", {"kind": "all", "fn": "sum"}),
        ({"a": "sum"}, {"kind": "fn", "key": "a", "fn": "sum"}),
        ({"a": "quantile( .9 )"}, {"kind": "fn", "key": "a", "fn": "quantile(0.9)"}),
        ({"a": ["sum", "mean"]}, {"kind": "list", "key": "a", "items": ["sum", "mean"]}),
        ({"o": ["c", "sum"]}, {"kind": "list", "key": "o", "items": ["c", "sum"]}),
        ({"o": {"column": "c", "fn": "sum"}}, {"kind": "named", "name": "o", "column": "c", "fn": "sum"}),
        ({"o": '("c", "sum")'}, {"kind": "named", "name": "o", "column": "c", "fn": "sum"}),
        ({"o": "sum(d) / 1000"}, {"kind": "expr", "name": "o", "expr": "sum(d) / 1000"}),
        ({"n": "count(*)"}, {"kind": "expr", "name": "n", "expr": "count(*)"}),
    ],
)  # fmt: skip
def test_forms_of_aggregates(agg: Any, expected: Any) -> None:
    assert only("groupby", "agg", by="k", agg=agg) == [expected]


@pytest.mark.parametrize("key", ["by", "groupby", "group_by"])
def test_group_keys(key: str) -> None:
    expected = [{"name": "a", "column": "a"}, {"name": "y", "expr": "year(d)"}]
    assert only("groupby", "by", **{key: ["a", {"y": "year(d)"}]}) == expected


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("a", [("a", False)]),
        ("a DESC, f(b, 2) asc", [("a", True), ("f(b, 2)", False)]),
        ([{"a": "desc"}, "b"], [("a", True), ("b", False)]),
        ({"a": "asc"}, [("a", False)]),
        ("description", [("description", False)]),
        ("${c} desc", [("delay", True)]),
        ("${odd}", [('"a; b"', False)]),
        ("${cols}", [("a", False), ("b", False)]),
        ("x > ${n}", [("x > 1", False)]),
    ],
)
def test_sort_keys(by: Any, expected: Any) -> None:
    variables = {"c": "delay", "odd": "a; b", "cols": ["a", "b"], "n": 1}
    plan = compiled({"name": "s", "type": "sort", "input": "t", "by": by}, variables=variables)
    found = plan.canonical["steps"][2]["config"]["by"]
    assert [(key["expr"], key["desc"]) for key in found] == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"on": "a, b"}, [["a", "a"], ["b", "b"]]),
        ({"on": {"a": "b"}}, [["a", "b"]]),
        ({"on": ["a", {"b": "c"}]}, [["a", "a"], ["b", "c"]]),
        ({"left_on": "a", "right_on": ["b"]}, [["a", "b"]]),
        ({"how": "cross"}, []),
    ],
)
def test_join_keys(keys: dict[str, Any], expected: Any) -> None:
    found = step("join", input="t", right="u", **keys)
    assert found["config"]["on"] == expected
    assert found["inputs"] == ["t", "u"]
    assert not {"left_on", "right_on", "right"} & set(found["config"])


def test_join_of_a_dataset_with_itself() -> None:
    assert step("join", input=["t", "t"], on="a")["inputs"] == ["t", "t"]


def test_sql_inputs_are_its_tables() -> None:
    query = 'WITH c AS (SELECT * FROM t) SELECT * FROM c JOIN "u" ON true -- FROM nowhere'
    found = step("sql", sql=query, input=None)
    assert (found["inputs"], found["config"]["tables"]) == (["t", "u"], {"t": "t", "u": "u"})
    renamed = step("sql", sql="SELECT * FROM x, u", input={"x": "t", "u": "u"})
    assert renamed["config"]["tables"] == {"x": "t", "u": "u"}
    assert step("sql", sql="SELECT 1", input=None)["inputs"] == []


def test_graph_has_the_keys_of_its_algorithm() -> None:
    assert config("graph", algorithm="pagerank") == {
        "algorithm": "pagerank", "src": "src", "dst": "dst", "weight": None, "directed": True,
        "vertices": None, "alpha": 0.85, "tol": 1e-6, "max_iter": 100, "personalization": None,
    }  # fmt: skip
    assert list(config("graph", algorithm="components"))[6:] == ["mode"]
    assert config("graph", algorithm="bfs", sources="a")["sources"] == ["a"]
    assert list(config("graph", algorithm="bfs", sources=1, direction="in"))[6:] == [
        "sources", "max_depth", "direction",
    ]  # fmt: skip
    assert config("graph", algorithm="hits")["tol"] == 1e-8
    assert config("graph", algorithm="label_propagation")["max_iter"] == 10
    assert config("graph", algorithm="closeness") == {
        "algorithm": "closeness", "src": "src", "dst": "dst", "weight": None, "directed": True,
        "vertices": None, "direction": "in", "wf_improved": True,
    }  # fmt: skip
    assert config("graph", algorithm="connected_components")["algorithm"] == "components"
    assert config("graph", algorithm="shortest_paths", source=1)["algorithm"] == "shortest_path"
    path = config("graph", algorithm="shortest_path", source=1)
    assert {k: path[k] for k in list(path)[6:]} == {
        "source": 1, "target": None, "method": "auto", "cutoff": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "inputs", "column"),
    [
        ({"vertices": "u"}, ["t", "u"], "vertex"),
        ({"vertices": "u.id"}, ["t", "u"], "id"),
        ({"vertices": {"dataset": "u", "column": "a.b"}}, ["t", "u"], "a.b"),
        ({"input": ["t", "u"], "vertices": "id"}, ["t", "u"], "id"),
        ({"input": ["t", "u"]}, ["t", "u"], "vertex"),
        ({}, ["t"], None),
    ],
)
def test_vertices_of_a_graph(keys: Any, inputs: Any, column: Any) -> None:
    found = step("graph", algorithm="components", **keys)
    assert (found["inputs"], found["config"]["vertices"]) == (inputs, column)


def test_rules_of_a_check_and_their_places() -> None:
    text = """\
steps:
  - {name: t, type: read, path: t.csv}
  - {name: u, type: read, path: u.csv}
  - name: c
    type: check
    input: t
    rules:
      - rows: {min: 1}
      - between: {a: [0, 9], b: [x, y]}
      - in: {a: [1, true, x]}
      - matches: {a: '^x'}
      - schema: {a: int64}
      - foreign_key: {columns: [a], references: u.id}
      - foreign_key: {columns: [a, b], references: [u.x, u.y]}
      - expr: a > 0
"""
    plan = compile_plan(load_document(text), environ={})
    assert plan.problems == []
    found = plan.canonical["steps"][2]
    assert found["inputs"] == ["t", "u"]
    assert found["config"]["rules"] == [
        {"rule": "rows", "min": 1, "max": None},
        {"rule": "between", "column": "a", "min": 0, "max": 9},
        {"rule": "between", "column": "b", "min": "x", "max": "y"},
        {"rule": "in", "column": "a", "values": [1, True, "x"]},
        {"rule": "matches", "column": "a", "pattern": "^x"},
        {"rule": "schema", "columns": {"a": "int64"}},
        {"rule": "foreign_key", "columns": ["a"], "dataset": "u", "ref_columns": ["id"]},
        {"rule": "foreign_key", "columns": ["a", "b"], "dataset": "u", "ref_columns": ["x", "y"]},
        {"rule": "expr", "expr": "a > 0"},
    ]
    lines = [plan.location("c", f"rules.{i}").line for i in range(9)]  # type: ignore[union-attr]
    assert lines == [8, 9, 9, 10, 11, 12, 13, 14, 15]


def test_locations_fall_back_to_the_parent_and_the_step() -> None:
    text = """\
steps:
  - {name: t, type: read, path: t.csv}
  - name: s
    type: transform
    input: t
    params:
      columns: {a.b: x, a: y}
  - {name: r, type: select, input: s, columns: [a, {n: a + 1}]}
"""
    plan = compile_plan(load_document(text), environ={})
    for name, key, place in [
        ("s", "columns.a.b", "7:22"), ("s", "columns.a", "7:28"), ("s", "columns.zz", "7:16"),
        ("s", "nothing", "3:5"), ("s", None, "3:5"), ("r", "columns.n", "8:56"),
        ("r", "columns.a", "8:49"), ("r", "columns.0", "8:49"), ("t", "where", "2:5"),
    ]:  # fmt: skip
        assert str(plan.location(name, key)) == f"<text>:{place}"
    assert plan.location("nobody") is None


def test_default_input_is_the_dataset_data() -> None:
    document = document_from_dict(
        {"steps": [{"name": "data", "type": "read", "path": "x.csv"}, {"type": "distinct"}]}
    )
    assert compile_plan(document).canonical["steps"][1]["inputs"] == ["data"]


def test_steps_may_be_named_instead_of_their_datasets() -> None:
    plan = compiled(
        {"name": "a", "type": "distinct", "input": "t", "output": "unique"},
        {"name": "b", "type": "distinct", "input": "a"},
    )
    assert plan.canonical["steps"][3]["inputs"] == ["unique"]


@pytest.mark.parametrize(
    "pattern", ["out.csv", ".", "*.csv", "../base/o*t.csv", "/base/**/*.csv", "[a-o]u?.csv"]
)
def test_reading_what_another_step_saves_waits_for_it(pattern: str) -> None:
    plan = compiled(
        {"name": "s", "type": "save", "input": "t", "path": "out.csv"},
        {"name": "r", "type": "read", "path": ["z.csv", pattern]},
    )
    assert plan.canonical["steps"][3]["depends_on"] == ["s"]


def test_settings() -> None:
    def settings(**keys: Any) -> CompiledPlan:
        return compiled(settings=keys)

    auto = settings().canonical["settings"]
    assert auto["max_parallel"] == available_cores() == len(os.sched_getaffinity(0))
    assert auto["memory_limit"] is None
    assert settings(max_parallel="auto").canonical["settings"] == auto
    memory = available_memory()
    assert memory is not None
    for text, expected in [
        ("4GB", 4 * 10**9), ("1.5 GiB", 3 * 2**29), (2**30, 2**30), ("60%", int(memory * 0.6)),
    ]:  # fmt: skip
        assert settings(memory_limit=text).canonical["settings"]["memory_limit"] == expected
    assert settings(engine="python").engine == "python"
    assert settings().engine == "auto"
    moved = settings(base_dir="data").canonical
    assert moved["base_dir"] == "/base/data"
    assert moved["steps"][0]["config"]["path"] == ["/base/data/t.csv"]
    assert not compiled(config={"stop_on_failure": False}).canonical["settings"]["fail_fast"]


def test_placeholders_and_handlers() -> None:
    data = {
        "steps": [
            {"name": "a", "type": "anything"},
            {"name": "b", "type": "read", "input": "x.csv", "depends_on": ["a"], "retries": "${n}"},
            {"name": "c", "type": "other", "input": "a", "config": {"k": [1]}},
        ],
        "variables": {"n": 3},
    }
    plan = compile_plan(document_from_dict(data), environ={}, allow_handlers=True)
    assert plan.problems == []
    assert [s["type"] for s in plan.canonical["steps"]] == ["handler"] * 3
    assert [s["inputs"] for s in plan.canonical["steps"]] == [[], [], ["a"]]
    assert [s["config"] for s in plan.canonical["steps"]] == [
        {"type": "anything", "config": {}},
        {"type": "read", "config": {"input": "x.csv", "retries": 3}},
        {"type": "other", "config": {"k": [1]}},
    ]
    bare = {
        "steps": [{"name": "a"}, {"type": "read", "depends_on": ["a"]}, {"name": "c", "type": "zz"}]
    }
    plan = compile_plan(document_from_dict(bare), allow_noop=True)
    assert plan.problems == []
    assert [(s["type"], s["config"]) for s in plan.canonical["steps"]] == [("noop", {})] * 3
    assert compile_plan(document_from_dict(bare)).errors


def test_a_dumped_document_compiles_to_the_same_plan() -> None:
    keys = {"agg": {"n": "count"}, "by": "on"}
    data = {"steps": [*SOURCES, {"name": "s", "type": "groupby", "input": "t", **keys}]}
    first = compile_plan(document_from_dict(data), environ={}).canonical
    assert compile_plan(load_document(dump_yaml(data)), environ={}).canonical == first
