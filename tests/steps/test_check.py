"""The step `check`: every rule, passing and failing."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from parquetframe import errors

NAN = float("nan")
TABLE = pa.table(
    {
        "id": [1, 2, 3, 4],
        "k": ["a", "b", None, "a"],
        "v": pa.array([10, None, 30, 40], pa.int64()),
        "x": [0.5, NAN, None, -1.0],
        "d": pa.array([dt.date(2020, 1, 1), None, dt.date(2021, 1, 1), dt.date(2022, 1, 1)]),
    }
)
REF = pa.table({"code": ["a", "b", "z"], "n": [1, 2, 3]})

PASS = [
    {"rows": {"min": 4}},
    {"rows": {"max": 4}},
    {"rows": {"min": 1, "max": 5}},
    {"not_null": ["id"]},
    {"unique": ["id"]},
    {"unique": ["k", "id"]},
    {"between": {"id": [1, 4]}},
    {"between": {"v": [10, 40]}},  # NULL passes
    {"between": {"d": ["2020-01-01", "2022-01-01"]}},
    {"between": {"k": ["a", "b"]}},
    {"in": {"k": ["a", "b", "c"]}},  # NULL passes
    {"in": {"id": [1, 2, 3, 4]}},
    {"matches": {"k": "^[ab]$"}},
    {"matches": {"k": "a|b"}},
    {"schema": {"id": "int64", "k": "string", "x": "float64", "d": "date"}},
    {"foreign_key": {"columns": ["k"], "references": "ref.code"}},
    {"expr": "id > 0"},
    {"expr": "v IS NULL OR v >= 10"},
]
FAIL = [
    # rule, what the message must name
    ({"rows": {"min": 5}}, "4"),
    ({"rows": {"max": 3}}, "4"),
    ({"rows": {"min": 5, "max": 9}}, "4"),
    ({"not_null": ["id", "k"]}, "k"),
    ({"unique": ["k"]}, "k"),
    ({"between": {"id": [2, 4]}}, "id"),
    ({"between": {"id": [1, 3]}}, "id"),
    ({"between": {"x": [-1, 1]}}, "x"),  # NaN is above every bound
    ({"between": {"d": ["2020-01-02", "2022-01-01"]}}, "d"),
    ({"in": {"k": ["a"]}}, "k"),
    ({"in": {"id": [1, 2, 3]}}, "id"),
    ({"matches": {"k": "^a$"}}, "k"),
    ({"schema": {"id": "int32"}}, "id"),
    ({"expr": "id < 4"}, "id < 4"),
    ({"expr": "v >= 10"}, "v >= 10"),  # NULL is not true
]


def check(*rules, **step):
    return {"name": "c", "type": "check", "input": "t", "rules": list(rules), **step}


@pytest.mark.parametrize("rule", PASS, ids=str)
def test_pass(flow, rule):
    found = flow.table({"t": TABLE, "ref": REF}, check(rule))
    flow.same(found, TABLE)


@pytest.mark.parametrize(("rule", "part"), FAIL, ids=str)
def test_fail(flow, rule, part):
    error = flow.fails({"t": TABLE}, check(rule))
    assert type(error) is errors.CheckError
    assert (error.code, error.kind, error.step) == ("E602", "data", "c")
    assert part in error.reason


@pytest.mark.parametrize(("rule", "part"), FAIL, ids=str)
def test_fail_as_warning(flow, rule, part):
    result = flow.run({"t": TABLE}, check(rule, severity="warn"), keep=["c"])
    assert result.status == "completed"
    flow.same(result.outputs["c"], TABLE)
    assert any("c" in text and part in text for text in result.warnings)


class TestForeignKey:
    def test_fail(self, flow):
        refs = REF.slice(1)
        error = flow.fails(
            {"t": TABLE, "ref": refs},
            check({"foreign_key": {"columns": ["k"], "references": "ref.code"}}),
        )
        assert type(error) is errors.CheckError
        assert "ref" in error.reason and "code" in error.reason
        assert "2" in error.reason  # two rows of 'a'

    def test_null_in_the_referenced_column_matches_nothing(self, flow):
        refs = pa.table({"code": ["b", None]})
        flow.fails(
            {"t": TABLE, "ref": refs},
            check({"foreign_key": {"columns": ["k"], "references": "ref.code"}}),
        )

    def test_empty_reference(self, flow):
        flow.fails(
            {"t": TABLE, "ref": REF.slice(0, 0)},
            check({"foreign_key": {"columns": ["k"], "references": "ref.code"}}),
        )

    def test_unknown_column(self, flow):
        error = flow.fails(
            {"t": TABLE, "ref": REF},
            check({"foreign_key": {"columns": ["k"], "references": "ref.nope"}}),
        )
        assert error.code == "E301"

    def test_unknown_dataset_is_invalid(self, flow):
        flow.invalid(
            {"t": TABLE}, check({"foreign_key": {"columns": ["k"], "references": "nope.code"}})
        )


def test_every_broken_rule_is_reported(flow):
    error = flow.fails(
        {"t": TABLE},
        check(
            {"not_null": ["k"]},
            {"between": {"id": [1, 3]}},
            {"unique": ["id"]},
            {"rows": {"min": 9}},
        ),
    )
    for part in ("null", "between", "at least 9"):
        assert part in error.reason
    assert "unique" not in error.reason and "repeat" not in error.reason


def test_message_counts_and_shows_offending_rows(flow):
    table = pa.table({"v": list(range(100))})
    error = flow.fails({"t": table}, check({"between": {"v": [0, 89]}}, sample=3))
    assert "10" in error.reason
    for value in ("90", "91", "92"):
        assert value in error.reason
    assert "95" not in error.reason


@pytest.mark.parametrize("rule", [{"not_null": ["nope"]}, {"unique": ["nope"]}, {"between": {"nope": [1, 2]}}, {"in": {"nope": [1]}}, {"matches": {"nope": "x"}}, {"expr": "nope > 1"}, {"schema": {"nope": "int64"}}], ids=str)  # fmt: skip
def test_unknown_column_is_no_check_error(flow, rule):
    error = flow.fails({"t": TABLE}, check(rule))
    assert error.code == "E301"
    assert type(error) is errors.StepError


@pytest.mark.parametrize("rule", [{"between": {"k": [1, 2]}}, {"in": {"id": ["a"]}}, {"matches": {"id": "1"}}, {"expr": "id"}, {"expr": "k > 1"}], ids=str)  # fmt: skip
def test_wrong_type_is_no_check_error(flow, rule):
    error = flow.fails({"t": TABLE}, check(rule))
    assert error.code == "E302"


@pytest.mark.parametrize("rule", [{"matches": {"k": "("}}, {"nulls": ["k"]}, {"between": {"id": [4, 1]}}, {"rows": {}}, {"in": {"k": []}}], ids=str)  # fmt: skip
def test_malformed_rule(flow, rule):
    with pytest.raises((errors.ValidationError, errors.StepError)) as caught:
        flow.run({"t": TABLE}, check(rule))
    assert type(caught.value) is not errors.CheckError


def test_no_rows_pass_all_but_rows(flow):
    empty = TABLE.slice(0, 0)
    rules = [rule for rule in PASS if "rows" not in rule]
    flow.same(flow.table({"t": empty, "ref": REF}, check(*rules)), empty)
    flow.fails({"t": empty}, check({"rows": {"min": 1}}))


def test_failed_check_stops_what_follows(flow, tmp_path):
    target = tmp_path / "out.parquet"
    steps = [
        check({"unique": ["k"]}),
        {"name": "s", "type": "save", "input": "c", "path": str(target)},
    ]
    result = flow.run({"t": TABLE}, *steps, raise_on_error=False)
    assert (result.steps["c"].status, result.steps["s"].status) == ("failed", "skipped")
    assert not target.exists()
    assert list(tmp_path.glob("*.tmp")) == []
