"""Variables: where values come from, types, and what becomes of them in texts and in SQL."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from parquetframe.workflow.compile import CompiledPlan, compile_plan
from parquetframe.workflow.document import document_from_dict, load_document
from parquetframe.workflow.variables import parse_scalar


def plan(
    declared: Any, where: Any = "x", given: Any = None, environ: Any = None, **filter_keys: Any
) -> CompiledPlan:
    steps = [
        {"name": "a", "type": "read", "path": "a.csv"},
        {"name": "b", "type": "filter", "input": "a", "where": where, **filter_keys},
    ]
    document = document_from_dict({"variables": declared, "steps": steps}, base_dir="/base")
    return compile_plan(document, variables=given, environ=environ or {})


def where(*arguments: Any, **options: Any) -> str:
    compiled = plan(*arguments, **options)
    assert not compiled.problems, compiled.problems
    return compiled.canonical["steps"][1]["config"]["where"]


def codes(compiled: CompiledPlan) -> list[str]:
    return [problem.code for problem in compiled.problems]


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (15, "15"), (-1, "(-1)"), (1.5, "1.5"), (-0.0, "(-0.0)"), (True, "TRUE"), (None, "NULL"),
        ("O'Hare", "'O''Hare'"), ("a; DROP TABLE x --", "'a; DROP TABLE x --'"),
        ([1, 2], "(1, 2)"), (["a", "b'"], "('a', 'b''')"), (float("nan"), "CAST('nan' AS DOUBLE)"),
    ],
)  # fmt: skip
def test_values_in_sql_are_typed_literals(value: Any, literal: str) -> None:
    assert where({"v": value}, "x = ${v}") == f"x = {literal}"


def test_a_declared_date_is_a_date_literal() -> None:
    declared = {"d": {"default": "2013-01-01", "type": "date"}}
    assert where(declared, "x > ${d}") == "x > DATE '2013-01-01'"
    assert where(declared, "x > ${d}", {"d": dt.date(2014, 5, 6)}) == "x > DATE '2014-05-06'"


def test_quotes_comments_and_names_decide_how_a_value_is_written() -> None:
    declared = {"v": "it's", "c": 'odd "name"', "col": "delay", "n": 3, "l": [1, 2]}
    assert where(declared, "x = 'say ${v}!'") == "x = 'say it''s!'"
    assert where(declared, '"${c}" > 1') == '"odd ""name""" > 1'
    assert where(declared, "x > 1 -- ${v}\n and y") == "x > 1 -- ${v}\n and y"
    assert where(declared, "${raw:col} > col_${raw:n}") == "delay > col_3"
    assert where(declared, "x IN (${l})") == "x IN (1, 2)"
    assert where(declared, "x IN ${l}") == "x IN (1, 2)"
    assert where(declared, "x = '$${v}' and y = ${n}") == "x = '${v}' and y = 3"
    assert where(declared, "x = $v") == "x = $v"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("col_${v} > 1", "a"), ("${v}_x > 1", "a"), ("${v}${v}", 1), ("E'${v}' = x", "a"),
        ("${raw:v} > 1", "a b"), ("${raw:v} > 1", "a;b"), ("x = ${raw:v}", "NULL"),
        ("${raw:v} > 1", 5), ("'${v}'", [1]), ("x = ${v}", []), ("x = ${v}", "a\0"),
    ],
)  # fmt: skip
def test_what_could_change_the_statement_is_refused(text: str, value: Any) -> None:
    assert codes(plan({"v": value}, text)) in (["E409"], ["E404"])


@given(st.text(), st.sampled_from(["x = ${v}", "x = 'a${v}b'", "x = '${v}'", "f(${v}, 1)"]))
def test_no_text_can_leave_its_literal(value: str, template: str) -> None:
    value = value.replace("\0", "")
    sql = where({"v": value}, template)
    tree = sqlglot.parse_one(sql, read="postgres")
    literals = [literal.this for literal in tree.find_all(sqlglot.exp.Literal) if literal.is_string]
    assert literals == [f"a{value}b" if "a${v}b" in template else value]
    assert len(sqlglot.parse(sql, read="postgres")) == 1


def test_precedence_is_caller_then_environment_then_default() -> None:
    declared, environ = {"v": 1}, {"PARQUETFRAME_VAR_V": "2"}
    assert where(declared, "x = ${v}") == "x = 1"
    assert where(declared, "x = ${v}", environ=environ) == "x = 2"
    assert where(declared, "x = ${v}", {"v": 3}, environ) == "x = 3"
    assert where({"v": "1"}, "x = ${v}", environ={"PARQUETFRAME_VAR_V": "007"}) == "x = '007'"


def test_exact_references_keep_their_type_and_others_become_text() -> None:
    steps = [
        {"name": "r", "type": "read", "path": "${dir}/x_${n}.csv", "columns": "${cols}"},
        {"name": "l", "type": "limit", "input": "r", "n": "${n}"},
        {"name": "m", "type": "limit", "input": "r", "n": "${env:N:-7}", "offset": "${env:OFF}"},
        {"name": "p", "type": "python", "input": "r", "call": "m:f", "args": {"k": ["${n}", "${flag}", "$${n}"]}},
    ]  # fmt: skip
    variables = {"dir": "sub", "n": 5, "cols": ["a", "b"], "flag": True}
    document = document_from_dict({"variables": variables, "steps": steps}, base_dir="/base")
    compiled = compile_plan(document, environ={"OFF": "2"})
    assert not compiled.problems
    read, limit, other, python = (step["config"] for step in compiled.canonical["steps"])
    assert read["path"] == ["/base/sub/x_5.csv"]
    assert read["columns"] == ["a", "b"]
    assert limit["n"] == 5
    assert (other["n"], other["offset"]) == (7, 2)
    assert python["args"] == {"k": [5, True, "${n}"]}
    assert compiled.canonical["variables"] == variables


def test_values_are_not_searched_for_references_again() -> None:
    assert where({"v": "x"}, "x = ${v}", {"v": "${env:SECRET}"}) == "x = '${env:SECRET}'"
    compiled = plan({"v": "x"}, "x", {"v": "${w}"}, description="${v}")
    assert codes(compiled) == []


def test_defaults_may_use_each_other_in_any_order() -> None:
    declared = {"file": "${dir}/f", "dir": "${env:ROOT:-/r}", "files": ["${file}", "g"]}
    compiled = plan(declared)
    assert compiled.canonical["variables"] == {"file": "/r/f", "dir": "/r", "files": ["/r/f", "g"]}


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        ({"a": "${b}", "b": "${a}"}, {}, ["E403"]),
        ({"a": "${a}"}, {}, ["E403"]),
        ({"a": "${zz}"}, {}, ["E401"]),
        ({"a": 1}, {"b": 1}, ["E402"]),
        ({"a": {"type": "int"}}, {}, ["E405"]),
        ({"a": {"required": True}}, {}, ["E405"]),
        ({"a": {"type": "int", "default": "x"}}, {}, ["E404"]),
        ({"a": {"type": "int", "default": True}}, {}, ["E404"]),
        ({"a": {"type": "date", "default": "2013-13-01"}}, {}, ["E404"]),
        ({"a": {"type": "str"}}, {"a": 5}, ["E404"]),
        ({"a": {"default": 1, "choices": [1, 2]}}, {"a": 3}, ["E404"]),
        ({"a": {"default": 1, "choices": [1, 2]}}, {"a": True}, ["E404"]),
        ({"a": {"default": 1, "required": True}}, {}, ["E404"]),
        ({"a": {"default": 1, "typ": "int"}}, {}, ["E104"]),
        ({"a": {"default": 1, "type": "integer"}}, {}, ["E108"]),
        ({"a": {"default": 1, "type": []}}, {}, ["E108"]),
        ({"a b": 1}, {}, ["E111"]),
        ({1: 1}, {}, ["E111"]),
        ({"a": [[1]]}, {}, ["E404"]),
        ({"a": {"default": {"x": 1}}}, {}, ["E404"]),
        ({"a": "${env:NOT_SET}"}, {}, ["E408"]),
        ({"a": "${"}, {}, ["E406"]),
        ({"a": "${1x}"}, {}, ["E406"]),
        ({"a": "${run_id}"}, {}, ["E407"]),
        ("text", {}, ["E103"]),
        (["a"], {}, ["E103"]),
        (None, {}, []),
        ({"a": {"type": "float", "default": 1}}, {}, []),
        ({"a": {"type": "int", "default": None}}, {}, []),
        ({"a": {"required": False}}, {}, []),
    ],
)
def test_declarations_are_checked(declared: Any, given: Any, expected: list[str]) -> None:
    assert codes(plan(declared, "x", given)) == expected


def test_a_broken_variable_is_reported_once() -> None:
    assert codes(plan({"a": {"type": "int", "default": "x"}}, "x = ${a} and y = ${a}")) == ["E404"]


def test_undefined_names_get_the_nearest_and_a_caret() -> None:
    text = (
        "variables: {late_min: 1}\nsteps:\n  - {type: read, path: a.csv, where: 'x > ${late_mn}'}\n"
    )
    [problem] = compile_plan(load_document(text), environ={}).problems
    assert problem.render().splitlines() == [
        "<text>:3:43: error[E401] step 'step_0': no variable 'late_mn'",
        "    3 |   - {type: read, path: a.csv, where: 'x > ${late_mn}'}",
        "      |                                           ^^^^^^^^^^",
        "   hint: did you mean 'late_min'? variables: late_min (1)",
    ]


def test_step_results_in_texts_are_planned() -> None:
    [problem] = plan({}, "x > ${steps.a.rows}").problems
    assert problem.code == "E407"
    assert "planned" in problem.message


def test_secrets_are_named_and_not_shown() -> None:
    compiled = plan({"key": {"type": "int", "secret": True}}, "x", {"key": "s3cret"})
    assert compiled.secrets == {"key"}
    assert "s3cret" not in compiled.problems[0].render()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("15", 15), (" 15 ", 15), ("1.5", 1.5), ("true", True), ("null", None), ("", None),
        ("'15'", "15"), ('"a\\tb"', "a\tb"), ("[1, b]", [1, "b"]), ("a: b", "a: b"),
        ("NO", "NO"), ("2013-01-01", "2013-01-01"), ("'open", "'open"), ("[a", "[a"), (" a ", " a "),
    ],
)  # fmt: skip
def test_values_of_the_command_line_are_yaml_scalars(text: str, value: Any) -> None:
    assert parse_scalar(text) == value
