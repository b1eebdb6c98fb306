"""What is wrong with a workflow: all of it, in file order, at its place, with a hint."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parquetframe.errors import CycleError, ValidationError
from parquetframe.workflow.compile import CompiledPlan, compile_plan
from parquetframe.workflow.document import document_from_dict, load_document
from parquetframe.workflow.names import nearest, suggestion
from parquetframe.workflow.problems import Location, Problem, render_problems
from parquetframe.workflow.spec import (
    COMMON,
    REQUIRED,
    SETTINGS,
    STEP_TYPES,
    TOP_LEVEL,
    TYPE_ALIASES,
)
from parquetframe.workflow.sql_scan import find_tables, scan

SOURCES = [
    {"name": "t", "type": "read", "path": "t.csv"},
    {"name": "u", "type": "read", "path": "u.csv"},
]


def check(*steps: Any, strict: bool = False, **top: Any) -> CompiledPlan:
    document = document_from_dict({"steps": [*SOURCES, *steps], **top}, base_dir="/base")
    return compile_plan(document, environ={}, strict=strict)


def codes(*steps: Any, **top: Any) -> list[str]:
    return [problem.code for problem in check(*steps, **top).problems]


def of_step(type_: str, **keys: Any) -> list[str]:
    keys.setdefault("input", "t")
    return codes({"name": "s", "type": type_, **keys})


def test_all_problems_in_file_order_with_carets_and_hints() -> None:
    text = """\
nam: x
steps:
  - {name: flights, type: read, path: f.csv}
  - {name: late, type: filter, input: flihgts, where: ""}
  - name: late
    typ: sort
    input: flights
"""
    plan = compile_plan(load_document(text), environ={})
    assert render_problems(plan.problems).splitlines() == [
        "<text>:1:1: error[E104] unknown key 'nam' in the workflow",
        "    1 | nam: x",
        "      | ^^^",
        "   hint: did you mean 'name'? keys: config, description, name, settings, steps, variables, version (7)",
        "<text>:4:39: error[E202] step 'late': no dataset 'flihgts'",
        '    4 |   - {name: late, type: filter, input: flihgts, where: ""}',
        "      |                                       ^^^^^^^",
        "   hint: did you mean 'flights'? datasets: flights, late (2)",
        "<text>:4:55: error[E304] step 'late': 'where' is an empty expression",
        '    4 |   - {name: late, type: filter, input: flihgts, where: ""}',
        "      |                                                       ^^",
        "<text>:5:5: error[E107] step 'late': the step needs a 'type'",
        "    5 |   - name: late",
        "      |     ^^^^^^^^^^",
        f"   hint: types: {', '.join(STEP_TYPES)}",
        "<text>:5:11: error[E203] step 'late': two steps are named 'late', the first at <text>:4:5",
        "    5 |   - name: late",
        "      |           ^^^^",
    ]  # fmt: skip
    with pytest.raises(ValidationError) as caught:
        plan.raise_if_invalid()
    assert caught.value.problems == plan.problems
    assert str(caught.value) == render_problems(plan.problems)


def test_problems_expose_their_place() -> None:
    [problem] = compile_plan(load_document("steps:\n  - {type: distinct, input: x}\n")).problems
    assert (problem.file, problem.line, problem.column) == ("<text>", 2, 29)
    [problem] = check({"type": "distinct", "input": "x"}).problems
    assert (problem.file, problem.line, problem.column) == ("<dict>", None, None)
    assert str(problem.location) == "<dict>:steps[2].input"
    bare = Problem("E101", "error", "bad")
    assert (bare.file, bare.line, bare.render()) == (None, None, "error[E101] bad")


def test_long_lines_are_shown_in_part() -> None:
    location = Location("f", 1, 501, (), 3)
    lines = Problem("E101", "error", "m", None, location, None, "x" * 500 + "bad" + "y" * 500)
    text, caret = lines.render().splitlines()[1:]
    assert len(text) < 200
    assert text[caret.index("^") : caret.rindex("^") + 1] == "bad"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"type": "filtr", "input": "t", "where": "x"}, ["E105"]),
        ({"type": 5}, ["E108"]),
        ({"type": None}, ["E107"]),
        ({"type": "filter", "where": "x"}, ["E202"]),
        ({"type": "filter", "input": "t"}, ["E107"]),
        ({"type": "filter", "input": "t", "where": None}, ["E304"]),
        ({"type": "filter", "input": "t", "where": []}, ["E108"]),
        ({"type": "filter", "input": "t", "where": "-- only"}, ["E304"]),
        ({"type": "filter", "input": "t", "where": "(x"}, ["E303"]),
        ({"type": "filter", "input": "t", "where": "x = 'a"}, ["E303"]),
        ({"type": "filter", "input": "t", "where": "x", "query": "y"}, ["E110"]),
        ({"type": "filter", "input": "t", "where": "x", "config": {"where": "y"}}, ["E110"]),
        ({"type": "filter", "input": "t", "config": {"where": "x"}, "params": {}}, ["E110"]),
        ({"type": "filter", "input": "t", "config": ["where"]}, ["E107", "E103"]),
        ({"type": "filter", "input": "t", "wher": "x"}, ["E107", "E104"]),
        ({"type": "filter", "input": ["t", "u"], "where": "x"}, ["E108"]),
        ({"type": "filter", "input": [], "where": "x"}, ["E108"]),
        ({"type": "filter", "input": 5, "where": "x"}, ["E108"]),
        ({"type": "filter", "input": {"a": "t"}, "where": "x"}, ["E108"]),
        ({"type": "filter", "input": "t", "where": "x", True: 1}, ["E104"]),
        ({"type": "sql", "input": {1: "t"}, "sql": "SELECT 1"}, ["E108"]),
        ({"type": "filter", "input": "t", "where": "x", "name": 5}, ["E108"]),
        ({"type": "filter", "input": "t", "where": "x", "name": "a b"}, ["E111"]),
        ({"type": "filter", "input": "t", "where": "x", "output": "1a"}, ["E111"]),
        ({"type": "filter", "input": "t", "where": "x", "depends_on": ["zz"]}, ["E206"]),
        ({"type": "filter", "input": "t", "where": "x", "name": "t"}, ["E203"]),
        ({"type": "filter", "input": "t", "where": "x", "output": "u"}, ["E204"]),
        ("text", ["E103"]), (None, ["E103"]), ([], ["E103"]), (5, ["E103"]),
    ],
)  # fmt: skip
def test_steps_and_common_keys(step: Any, expected: list[str]) -> None:
    assert codes(step) == expected


@pytest.mark.parametrize(
    ("type_", "keys", "expected"),
    [
        ("select", {}, ["E107"]),
        ("select", {"columns": []}, ["E109"]),
        ("select", {"columns": [1]}, ["E108"]),
        ("select", {"columns": ["a", "a"]}, ["E109"]),
        ("select", {"columns": ["a"], "exclude": ["b"]}, ["E109"]),
        ("select", {"columns": {"late": "a > 15"}}, ["E109"]),
        ("transform", {"columns": {}}, ["E109"]),
        ("transform", {"columns": {"a": None}}, ["E304"]),
        ("transform", {"columns": "a"}, ["E108"]),
        ("transform", {"columns": {1: "a"}}, ["E108"]),
        ("transform", {"transforms": [{"column": "a", "operation": "upper"}]}, ["E109"]),
        ("transform", {"transforms": [{"column": "a", "operation": "drop"}, {"column": "b", "operation": "rename", "to": "c"}]}, ["E109"]),
        ("rename", {"columns": {"a": "c", "b": "c"}}, ["E109"]),
        ("rename", {"columns": ["a"]}, ["E108"]),
        ("drop", {"columns": "a", "missing": "ignor"}, ["E109"]),
        ("cast", {"columns": {"a": "int"}}, ["E109"]),
        ("cast", {"columns": {"a": "decimal(40,2)"}}, ["E109"]),
        ("groupby", {}, ["E107"]),
        ("groupby", {"by": "k", "agg": "sums"}, ["E109"]),
        ("groupby", {"by": "k", "agg": {"a": "sums"}}, ["E109"]),
        ("groupby", {"by": "k", "agg": {"a": ["b", "c"]}}, ["E109"]),
        ("groupby", {"by": "k", "agg": {"a": {"column": "b"}}}, ["E108"]),
        ("groupby", {"by": "k", "agg": {"a": "first"}}, ["E109"]),
        ("groupby", {"by": "k", "agg": {"a": "sum"}, "order_by": "b"}, ["E109"]),
        ("groupby", {"by": "k", "agg": {"k": "count"}}, ["E109"]),
        ("groupby", {"by": "*"}, ["E109"]),
        ("groupby", {"by": "k", "agg": "sum(x)"}, ["E109"]),
        ("join", {"input": ["t", "u"]}, ["E107"]),
        ("join", {"input": "t", "on": "k"}, ["E108"]),
        ("join", {"input": ["t", "u"], "left_on": "a"}, ["E107"]),
        ("join", {"input": ["t", "u"], "left_on": "a", "right_on": ["b", "c"]}, ["E109"]),
        ("join", {"input": ["t", "u"], "on": "a", "left_on": "a", "right_on": "a"}, ["E110"]),
        ("join", {"input": ["t", "u"], "on": "a", "how": "cross"}, ["E109"]),
        ("join", {"input": ["t", "u"], "on": "a", "how": "inne"}, ["E109"]),
        ("join", {"input": ["t", "u"], "right": "u", "on": "a"}, ["E110"]),
        ("sort", {"by": []}, ["E109"]),
        ("sort", {"by": ["a", ""]}, ["E304"]),
        ("sort", {"by": {"a": "down"}}, ["E109"]),
        ("sort", {"by": "a desc nulls first"}, ["E109"]),
        ("limit", {"n": -1}, ["E109"]),
        ("limit", {"n": "5"}, ["E108"]),
        ("limit", {"n": True}, ["E108"]),
        ("limit", {"n": 2**70}, ["E109"]),
        ("limit", {"n": 5, "offset": None}, ["E108"]),
        ("union", {"input": "t"}, ["E108"]),
        ("sql", {"sql": "SELECT * FROM tt", "input": None}, ["E202"]),
        ("sql", {"sql": "SELECT * FROM u"}, ["E202"]),
        ("sql", {"sql": "DROP TABLE t", "input": None}, ["E303"]),
        ("sql", {"sql": "SELECT 1; SELECT 2", "input": None}, ["E303"]),
        ("sql", {"sql": "", "input": None}, ["E304"]),
        ("graph", {"algorithm": "pagerank", "alpha": 2}, ["E109"]),
        ("graph", {"algorithm": "pagerank", "max_depth": 2}, ["E109"]),
        ("graph", {"algorithm": "bfs"}, ["E107"]),
        ("graph", {"algorithm": "triangles", "weight": "w"}, ["E109"]),
        ("graph", {"algorithm": "topological_sort", "directed": False}, ["E109"]),
        ("graph", {"algorithm": "dfs", "mode": "weak"}, ["E109"]),
        ("graph", {"algorithm": "shortest_path", "source": 1, "delta": 1.5}, ["E109"]),
        ("graph", {"algorithm": "shortest_path"}, ["E107"]),
        ("graph", {"algorithm": "components", "vertices": "nobody.id"}, ["E202"]),
        ("graph", {"algorithm": "pagerank", "personalization": {1: 0}}, ["E109"]),
        ("python", {"call": "f"}, ["E109"]),
        ("python", {"call": "m:f", "args": [1]}, ["E108"]),
        ("check", {"rules": {}}, ["E108"]),
        ("check", {"rules": []}, ["E109"]),
        ("check", {"rules": [{"notnull": "a"}]}, ["E104"]),
        ("check", {"rules": [{"rows": {}}]}, ["E107"]),
        ("check", {"rules": [{"rows": {"min": 5, "max": 1}}]}, ["E109"]),
        ("check", {"rules": [{"between": {"a": [5, 1]}}]}, ["E109"]),
        ("check", {"rules": [{"between": {"a": [1, "x"]}}]}, ["E108"]),
        ("check", {"rules": [{"foreign_key": {"columns": "a", "references": "u"}}]}, ["E108"]),
        ("check", {"rules": [{"foreign_key": {"columns": "a", "references": "z.id"}}]}, ["E202"]),
        ("check", {"rules": [{"expr": ""}, {"not_null": 5}]}, ["E304", "E108"]),
        ("save", {"path": "x"}, ["E109"]),
        ("save", {"path": "*.csv"}, ["E109"]),
        ("save", {"path": "x.csv", "row_group_rows": 5}, ["E109"]),
        ("save", {"path": "x.parquet", "delimiter": ";"}, ["E109"]),
        ("save", {"path": "x.csv", "compression": "gzip"}, ["E109"]),
        ("save", {"path": "x.csv.gz", "compression": None}, ["E109"]),
        ("save", {"path": "x.csv.gz", "compression": "snappy"}, ["E109"]),
        ("save", {"path": "x.csv.zip"}, ["E109"]),
        ("save", {"path": "x.csv", "compression_level": 3}, ["E109"]),
        ("save", {"path": "x.csv.gz", "compression_level": 10}, ["E109"]),
        ("save", {"path": "x.csv", "quote": "none", "quote_style": "always"}, ["E109"]),
        ("save", {"path": "x.csv", "null_value": ","}, ["E109"]),
        ("save", {"path": "x.csv", "sep": '"'}, ["E109"]),
        ("save", {"path": "x.csv", "float_format": "%d"}, ["E109"]),
        ("save", {"path": "x.avro", "compression": "gzip"}, ["E109"]),
        ("save", {"path": "s3://bucket/x.csv"}, ["E106"]),
    ],
)  # fmt: skip
def test_own_keys(type_: str, keys: dict[str, Any], expected: list[str]) -> None:
    assert of_step(type_, **keys) == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"path": []}, ["E109"]), ({"path": 5}, ["E108"]), ({"path": ["a", None]}, ["E108"]),
        ({"path": "x.csv", "delimiter": ";;"}, ["E109"]), ({"path": "x.csv", "sep": "auto"}, []),
        ({"path": "x.csv", "header": "auto"}, []), ({"path": "x.csv", "nulls": "auto"}, []),
        ({"path": "x.csv", "header": 0}, ["E109"]), ({"path": "x.csv", "nulls": "NA"}, ["E109"]),
        ({"path": "x.csv", "null_values": [None]}, ["E108"]), ({"path": "x.csv", "encoding": "latin1"}, []),
        ({"path": "x.csv", "encoding": 5}, ["E108"]), ({"path": "x.csv", "quote": None}, ["E108"]),
        ({"path": "x.csv", "sep": ";", "delimiter": ";"}, ["E110"]), ({"path": "x.csv", "trim": "yes"}, ["E108"]),
        ({"path": "x.csv", "sep": ";", "thousands": ";"}, ["E109"]), ({"path": "x.csv", "names": []}, ["E109"]),
        ({"path": "x.csv", "on_bad_lines": print}, ["E108"]), ({"path": "x.csv", "skip_rows": 2**70}, ["E109"]),
        ({"path": "x.csv", "parse_dates": {"a": 5}}, ["E108"]), ({"path": "x.csv", "compression": "rar"}, ["E109"]),
        ({"path": "x.parquet", "sep": ","}, ["E109"]), ({"path": "x", "sep": ","}, []),
        ({"path": "x", "format": "ipc"}, ["E106"]), ({"path": "x", "islazy": True}, ["W701"]),
        ({"path": "x", "schema": {"a": "text"}}, ["E109"]), ({"path": "x", "input": "t"}, ["E110"]),
        ({"path": "x.csv", "infer": 0}, ["E109"]), ({"path": "x.csv", "where": "a.str.lower()"}, ["E305"]),
    ],
)  # fmt: skip
def test_read(keys: dict[str, Any], expected: list[str]) -> None:
    assert codes({"type": "read", **keys}) == expected


@pytest.mark.parametrize(
    ("keys", "message", "hint"),
    [
        ("delimiter: ';;'", "'delimiter' must be one ASCII character and no line end, found the text ';;'", None),
        ("sep: 5", "'sep' must be one character, found the number 5", "put it in quotes to make it text"),
        ("null_values: [-1]", "'null_values' must be a list of names, but holds -1", "put it in quotes: a text in the file is meant, such as 'NULL' or '-1'"),
        ("nulls: NA", "'nulls' must be one of 'auto', 'strict', 'pandas', found the text 'NA'", "list the texts that mean null: nulls: ['', NA]"),
        ("blank_lines: skp", "'blank_lines' must be one of 'skip', 'null', 'error', found the text 'skp'", "did you mean 'skip'?"),
        ("infer_rows: 0", "'infer_rows' must be at least 1, found the number 0", None),
        ("names: a", "'names' must be a list of names, found the text 'a'", "write a list: [a]"),
        ("quote: null", "'quote' has no value", "quote: none"),
        ("trim: no", "'trim' must be True or False, found the text 'no'", None),
        ("on_bad_lines: colect", "'on_bad_lines' must be one of 'error', 'warn', 'skip', 'collect', found the text 'colect'", "did you mean 'collect'?"),
    ],
)  # fmt: skip
def test_csv_options_are_refused_at_their_place(keys: str, message: str, hint: str | None) -> None:
    text = f"steps:\n  - type: read\n    path: x.csv\n    {keys}\n"
    [problem] = compile_plan(load_document(text)).problems
    assert (problem.message, problem.hint, problem.line) == (message, hint, 4)


def test_null_without_quotes_is_no_key() -> None:
    text = "steps:\n  - {type: read, path: x.csv}\n  - {type: save, input: step_0, path: y.csv, null: NA}\n"
    [problem] = compile_plan(load_document(text)).problems
    assert (problem.code, problem.hint, problem.line) == ("E104", '"null": in quotes', 3)


def test_csv_options_that_clash_are_named_as_they_are_spelled() -> None:
    text = "steps:\n  - type: read\n    path: x.csv\n    quote: ';'\n    delimiter: ';'\n"
    [problem] = compile_plan(load_document(text)).problems
    assert problem.message == "'delimiter' and 'quote' are the same character: ';'"
    assert problem.line == 4


def test_csv_options_take_variables() -> None:
    head = {"variables": {"sep": ";", "skip": 3, "nulls": ["-", "NA"]}}
    keys = {"sep": "${sep}", "skip_rows": "${skip}", "nulls": "${nulls}", "header": "${env:HEAD}"}
    read = {"name": "r", "type": "read", "path": "x.csv", **keys}
    document = document_from_dict({**head, "steps": [read]})
    plan = compile_plan(document, environ={"HEAD": "false"})
    assert plan.problems == []
    found = plan.canonical["steps"][0]["config"]["csv"]
    assert [found[name] for name in keys] == [";", 3, ["-", "NA"], False]


@pytest.mark.parametrize(
    ("where", "sql"),
    [
        ("a.str.contains('x')", "a LIKE '%x%'"), ("a.isin(['x'])", "a IN ('x', 'y')"),
        ("b > 1 and a.isnull()", "a IS NULL"), ("a.dt.year == 2013", "date_part('year', a)"),
    ],
)  # fmt: skip
def test_pandas_syntax_is_answered_in_sql(where: str, sql: str) -> None:
    [problem] = check({"type": "filter", "input": "t", "where": where}).problems
    assert problem.code == "E305"
    assert problem.hint is not None
    assert problem.hint.endswith(f"write {sql}")
    assert of_step("filter", where="x = '.str.lower('") == []


def _planned() -> list[tuple[str | None, str]]:
    found: list[tuple[str | None, str]] = [(None, k.name) for k in COMMON.keys if k.planned]
    for type_, spec in STEP_TYPES.items():
        found += [(type_, k.name) for k in spec.keys if k.planned]
    return found


@pytest.mark.parametrize(("type_", "key"), _planned())
def test_planned_keys_are_refused_with_a_clear_text(type_: str | None, key: str) -> None:
    keys = {key: 1}
    plan = check({"name": "s", "type": type_ or "distinct", "input": "t", **keys})
    [problem] = [p for p in plan.problems if p.code == "E106"]
    assert problem.message == f"'{key}' is planned, this version does not have it yet"


def test_what_is_planned() -> None:
    names = {key for _, key in _planned()}
    assert names >= {
        "retry", "timeout_s", "resources", "cache", "when", "foreach", "use", "run_if", "hive",
        "row_groups", "pushdown_filters", "on_missing", "partition_by", "max_rows_per_file",
        "batches", "isolation", "schema", "code_version", "missing_inputs",
    }  # fmt: skip
    for key in SETTINGS.keys:
        if key.planned:
            assert codes(settings={key.name: 1}) == ["E106"]
    assert codes(settings={"engine": "dask"}) == ["E106"]


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ({"version": "2"}, ["E109"]), ({"version": True}, ["E109"]), ({"version": "pf/v1"}, []),
        ({"name": 5}, ["E108"]), ({"setings": {}}, ["E104"]), ({"settings": []}, ["E103"]),
        ({"settings": {"max_paralel": 1}}, ["E104"]), ({"settings": {"max_parallel": 0}}, ["E109"]),
        ({"settings": {"max_parallel": None}}, ["E108"]), ({"settings": {"memory_limit": "4XB"}}, ["E108"]),
        ({"settings": {"memory_limit": "101%"}}, ["E109"]), ({"settings": {"memory_limit": 5}}, ["E109"]),
        ({"config": {"stop_on_failure": 1}}, ["E108"]), ({"config": {"other": 1}}, ["E104"]),
        ({"config": {"stop_on_failure": True}, "settings": {"fail_fast": True}}, ["E110"]),
        ({"steps": None}, ["E103"]), ({"steps": {}}, ["E103"]), ({"steps": []}, ["E107"]),
    ],
)  # fmt: skip
def test_top_level_and_settings(top: dict[str, Any], expected: list[str]) -> None:
    assert codes(**top) == expected


def test_no_steps_and_no_mapping() -> None:
    assert [p.code for p in compile_plan(document_from_dict({})).problems] == ["E107"]
    assert [p.code for p in compile_plan(document_from_dict(None)).problems] == ["E103"]


def distinct(name: str, inputs: Any, **keys: Any) -> dict[str, Any]:
    return {"name": name, "type": "distinct", "input": inputs, **keys}


def test_cycles_are_shown_with_their_path_and_places() -> None:
    plan = check(
        distinct("a", "c"), distinct("b", "a"), distinct("c", "b"), distinct("outside", "c"),
        distinct("x", "x"), distinct("p", "t", depends_on=["q"]), distinct("q", "p"),
    )  # fmt: skip
    messages = [problem.message for problem in plan.problems]
    assert messages == [
        "steps wait for each other: a -> b -> c -> a",
        "steps wait for each other: x -> x",
        "steps wait for each other: p -> q -> p",
    ]
    assert plan.problems[0].hint == (
        "'a' (<dict>:steps[2]) reads 'c'\n'b' (<dict>:steps[3]) reads 'a'\n"
        "'c' (<dict>:steps[4]) reads 'b'"
    )
    with pytest.raises(CycleError) as caught:
        plan.raise_if_invalid()
    assert caught.value.cycle == ["a", "b", "c", "a"]


def test_a_file_read_before_it_is_saved_is_a_cycle() -> None:
    plan = check(
        {"name": "r", "type": "read", "path": "x.csv"},
        {"name": "s", "type": "save", "input": "r", "path": "./x.csv"},
    )
    [problem] = plan.problems
    assert problem.code == "E201"
    assert "'r' (<dict>:steps[2]) reads the file that is saved by 's'" in (problem.hint or "")


def test_long_chains_and_large_circles_are_no_trouble() -> None:
    chain = [distinct(f"s{i}", f"s{i - 1}" if i else "t") for i in range(5000)]
    assert codes(*chain) == []
    chain[0]["input"] = "s4999"
    [problem] = check(*chain).problems
    assert problem.message.endswith("s9 -> ... -> s0")
    assert len(problem.related) == 5001


def test_two_saves_to_one_path() -> None:
    saves = [{"name": n, "type": "save", "input": "t", "path": p} for n, p in [("a", "x.csv"), ("b", "./x.csv")]]  # fmt: skip
    [problem] = check(*saves).problems
    assert (problem.code, problem.step) == ("E205", "b")
    assert "'a'" in problem.message


def test_missing_inputs_suggest() -> None:
    [problem] = check({"name": "s", "type": "distinct"}).problems
    assert problem.hint == "input: u (the step above)"
    [problem] = check(distinct("s", "data/x.csv")).problems
    assert problem.hint is not None
    assert "read" in problem.hint
    [problem] = check(
        {"name": "s", "type": "sql", "sql": "SELECT * FROM t JOIN uu USING (k)"}
    ).problems
    assert (problem.code, problem.message) == ("E202", "no table 'uu'")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([{"type": "groupby", "by": "k", "input": "t"}], ["W710"]),
        ([{"type": "groupby", "by": "k", "input": "t", "sort": True}], []),
        ([{"type": "distinct", "input": "t"}, {"type": "filter", "where": "x", "input": "step_2"}], ["W710"]),
        ([{"type": "distinct", "input": "t"}, {"type": "sort", "by": "x", "input": "step_2"}], []),
        ([{"type": "sql", "sql": "SELECT * FROM t ORDER BY a"}], []),
        ([{"type": "sql", "sql": "SELECT * FROM (SELECT * FROM t ORDER BY a)"}], ["W710"]),
        ([{"type": "filter", "where": "x", "input": "t"}], []),
    ],
)  # fmt: skip
def test_limit_behind_rows_without_order(steps: list[dict[str, Any]], expected: list[str]) -> None:
    limit = {"type": "limit", "n": 1, "input": f"step_{1 + len(steps)}"}
    plan = check(*steps, limit)
    assert [p.code for p in plan.problems] == expected
    assert plan.errors == []
    plan.raise_if_invalid()
    assert [p.severity for p in check(*steps, limit, strict=True).problems] == ["error"] * len(
        expected
    )


def test_strict_in_settings() -> None:
    assert check({"type": "read", "path": "x", "use_threads": 1}, settings={"strict": True}).errors


def test_names_that_are_near() -> None:
    columns = ["carrier", "arr_delay", "dep_delay", "origin"]
    assert nearest("arr_dely", columns) == "arr_delay"
    assert nearest("Origin", columns) == "origin"
    assert nearest("arr", columns) == "arr_delay"
    assert nearest("zzzzz", columns) is None
    assert suggestion("zz", [f"c{i}" for i in range(20)]) == "columns: c0, c1, c10, c11, c12, c13, c14, c15, ... (20)"  # fmt: skip
    assert suggestion("a", []) == "there are no columns"


QUERIES = [
    "SELECT * FROM a x, b AS y JOIN c USING (k) WHERE EXTRACT(year FROM d) = 1",
    "WITH a AS (SELECT * FROM a), b (x, y) AS (SELECT 1, 2 FROM a) SELECT * FROM b JOIN d ON b.x = d.x, e",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r, s",
    "SELECT * FROM (SELECT * FROM z) q LEFT JOIN (u JOIN v ON u.a = v.a) ON true WHERE x IN (SELECT y FROM w)",
    "SELECT a IS DISTINCT FROM b FROM k UNION ALL SELECT 1 FROM l ORDER BY 1",
    "SELECT 'FROM x', \"FROM y\" FROM \"o d\" -- FROM z\n /* FROM v */ WHERE 1 = 1",
    "SELECT TRIM(BOTH 'x' FROM y), COUNT(*) FILTER (WHERE a > 1) OVER (PARTITION BY b ORDER BY c) FROM t",
    "SELECT * FROM a WHERE EXISTS (SELECT 1 FROM c WHERE c.x = a.x) GROUP BY p, q HAVING f(p, q) > 1",
    "SELECT CAST(a AS TIMESTAMP WITH TIME ZONE), b FROM t",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_tables_of_a_query_are_those_of_sqlglot(query: str) -> None:
    found = {table.name for table in find_tables(query)}
    tree = sqlglot.parse_one(query, read="postgres")
    expected = set()
    for scope in sqlglot.optimizer.scope.traverse_scope(tree):
        expected |= {s.name for s in scope.sources.values() if isinstance(s, sqlglot.exp.Table)}
    assert found == expected


@given(st.text(alphabet="SELECTFROMWITHa1'\"`$(),.;-/* \n\\") | st.text())
def test_scanning_loses_nothing(text: str) -> None:
    assert "".join(token.text for token in scan(text)) == text
    find_tables(text)


WORDS = st.sampled_from(
    [
        *("t", "u", "a", "${v}", "${raw:v}", "${", "", "a desc", "sum", "m:f", "x.csv", "auto", "*"),
        *("SELECT * FROM t", "pagerank", "bfs", "cross", "first", "int64", "u.id", "60%"),
        *STEP_TYPES, *TYPE_ALIASES,
    ]
)  # fmt: skip
KEYS = st.sampled_from(
    sorted(
        {name for table in (COMMON, SETTINGS, TOP_LEVEL) for name in table.by_name}
        | {name for spec in STEP_TYPES.values() for name in spec.table.by_name}
        | {"default", "column", "fn", "operation", "to", "transforms", "references", "min", "expr"}
        | {"not_null", "between", "in", "rows", "foreign_key", "dataset"}
    )
)
SCALARS = st.one_of(
    WORDS, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)
)
ANY_KEY = KEYS | st.text(max_size=3) | st.integers() | st.booleans() | st.none()
JSON_LIKE = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_KEY, inner, max_size=5),
    max_leaves=25,
)
STEP = st.dictionaries(KEYS, JSON_LIKE, max_size=6) | st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(STEP_TYPES)), "input": st.just("t") | JSON_LIKE},
    optional=dict.fromkeys(
        ("columns", "by", "agg", "on", "rules", "sql", "path", "config", "where", "args"), JSON_LIKE
    ),
)
WORKFLOW = st.fixed_dictionaries(
    {"steps": st.lists(STEP, max_size=4) | JSON_LIKE},
    optional={
        "variables": JSON_LIKE,
        "settings": JSON_LIKE,
        "name": JSON_LIKE,
        "config": JSON_LIKE,
    },
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(JSON_LIKE | WORKFLOW, st.booleans(), st.booleans())
def test_nonsense_gives_problems_and_never_raises(data: Any, handlers: bool, noop: bool) -> None:
    plan = compile_plan(
        document_from_dict(data), environ={}, allow_handlers=handlers, allow_noop=noop
    )
    render_problems(plan.problems)
    for step in plan.canonical["steps"]:
        plan.location(step["name"], "columns.a.0")
        for key in STEP_TYPES[step["type"]].keys if step["type"] in STEP_TYPES else ():
            if not plan.errors and key.default is REQUIRED:
                assert step["config"][key.name] is not None
    if not plan.errors:
        json.dumps(plan.canonical)


def test_hostile_sizes_take_no_time() -> None:
    begin = time.monotonic()
    bad = [{"name": f"s{i}", "type": "filter", "input": f"z{i}", "whre": "x"} for i in range(3000)]
    assert len(check(*bad).errors) == 9000
    pairs = [distinct(f"s{i}", f"s{i ^ 1}") for i in range(4000)]
    assert 1 <= len(check(*pairs).errors) <= 2000
    chain = {f"v{i}": f"${{v{i + 1}}}" for i in range(2000)}
    assert "E403" in codes(variables=chain)
    for text in ["'" * 50_001, "/*" * 50_000, "$a$" * 30_001, "(" * 50_000, "a." * 50_000]:
        assert len(codes({"type": "sql", "sql": f"SELECT {text}"})) <= 1
    assert time.monotonic() - begin < 60


def test_objects_of_python_are_reported() -> None:
    plan = check(
        {"type": "filter", "input": object(), "where": object()},
        {object(): 1, "type": "limit", "input": "t", "n": print},
    )
    assert {problem.code for problem in plan.problems} == {"E104", "E108"}


def test_the_reader_is_light() -> None:
    code = "import sys, parquetframe.workflow.compile; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"pandas", "numpy", "duckdb", "polars", "sqlglot", "networkx"}
