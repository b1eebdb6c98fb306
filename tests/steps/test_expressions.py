"""Meaning of SQL expressions: one table of texts with their values, types, or error codes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

NAN = float("nan")
INF = float("inf")
BIG = 2**63 - 1
UTC = dt.UTC
ROWS = 4
TABLE = pa.table(
    {
        "a": pa.array([1, 2, None, -7], pa.int64()),
        "b": pa.array([0, 2, 3, 2], pa.int64()),
        "i": pa.array([BIG, 1, None, -BIG - 1], pa.int64()),
        "i8": pa.array([127, 1, None, -128], pa.int8()),
        "u8": pa.array([255, 1, None, 0], pa.uint8()),
        "u64": pa.array([2**64 - 1, 1, None, 0], pa.uint64()),
        "f": pa.array([1.5, NAN, None, -2.5]),
        "g": pa.array([0.5, 0.0, 2.5, -0.0]),
        "f32": pa.array([1.5, 0.25, None, -2.5], pa.float32()),
        "s": ["x", "Ab", None, ""],
        "n": ["1", "22", None, "-3"],
        "d": pa.array([dt.date(1970, 1, 1), dt.date(2013, 2, 28), None, dt.date(2024, 2, 29)]),
        "ts": pa.array(
            [dt.datetime(1970, 1, 1), dt.datetime(2013, 2, 28, 13, 45, 59, 999999), None, dt.datetime(2024, 12, 31, 23)],
            pa.timestamp("us"),
        ),
        "tz": pa.array([0, 1_361_973_600_000_000, None, 1], pa.timestamp("us", "UTC")),
        "ok": [True, False, None, True],
        "dec": pa.array([Decimal("1.50"), Decimal("-2.25"), None, Decimal("0.00")], pa.decimal128(10, 2)),
        "odd name": [1, 2, 3, 4],
        "Word": ["upper", "u", None, "p"],
        "word": ["lower", "l", None, "o"],
    }
)  # fmt: skip

T, F, N = True, False, None

# (expression, values, type)
VALUES = [
    # Integers stay integers: division truncates toward zero, the remainder takes the left sign.
    ("1 / 2", [0] * ROWS, "int64"),
    ("-7 / 2", [-3] * ROWS, "int64"),
    ("a / 2", [0, 1, N, -3], "int64"),
    ("a % 2", [1, 0, N, -1], "int64"),
    ("-7 % 3", [-1] * ROWS, "int64"),
    ("a + b", [1, 4, N, -5], "int64"),
    ("a - b * 2", [1, -2, N, -11], "int64"),
    ("(a - b) * 2", [2, 0, N, -18], "int64"),
    ("-a", [-1, -2, N, 7], "int64"),
    ("i - 1 + 1 = i OR i < 0 OR i IS NULL", None, "error:E601"),
    ("CASE WHEN i > 0 THEN i - 1 END", [BIG - 1, 0, N, N], "int64"),
    ("a * 0.5", [0.5, 1.0, N, -3.5], "double"),
    ("a / 2.0", [0.5, 1.0, N, -3.5], "double"),
    ("a * 1e2", [100.0, 200.0, N, -700.0], "double"),
    ("f32 * 2 = f + f", [T, F, N, T], "bool"),
    # Integer division by zero and overflow are errors, on constants as on columns.
    ("1 / 0", None, "error:E601"),
    ("1 % 0", None, "error:E601"),
    ("a / b", None, "error:E601"),
    ("a % b", None, "error:E601"),
    ("a / (b - b)", None, "error:E601"),
    ("i + 1", None, "error:E601"),
    ("i - 1", None, "error:E601"),
    ("i * 2", None, "error:E601"),
    ("9223372036854775807 + 1", None, "error:E601"),
    ("9223372036854775807 * 2", None, "error:E601"),
    ("-9223372036854775807 - 2", None, "error:E601"),
    ("CASE WHEN b <> 0 THEN a / b ELSE -1 END", [-1, 1, N, -3], "int64"),
    ("b <> 0 AND a / b > 0", [F, T, N, F], "bool"),
    ("b = 0 OR a / b > 0", [T, T, N, F], "bool"),
    ("CASE WHEN b = 0 THEN NULL ELSE a % b END", [N, 0, N, -1], "int64"),
    # Floating point follows IEEE: infinities, NaN.
    ("1.0 / 0", [INF] * ROWS, "double"),
    ("-1.0 / 0", [-INF] * ROWS, "double"),
    ("CAST('NaN' AS DOUBLE)", [NAN] * ROWS, "double"),
    ("f + 1", [2.5, NAN, N, -1.5], "double"),
    ("g / g", [1.0, NAN, 1.0, NAN], "double"),
    ("f / 0", [INF, NAN, N, -INF], "double"),
    # NaN equals NaN and is above every number; zero equals minus zero.
    ("f = f", [T, T, N, T], "bool"),
    ("f <> f", [F, F, N, F], "bool"),
    ("f = CAST('NaN' AS DOUBLE)", [F, T, N, F], "bool"),
    ("f > 1e300", [F, T, N, F], "bool"),
    ("f > CAST('Infinity' AS DOUBLE)", [F, T, N, F], "bool"),
    ("f <= 2", [T, F, N, T], "bool"),
    ("f < CAST('NaN' AS DOUBLE)", [T, F, N, T], "bool"),
    ("f BETWEEN 0 AND 1e9", [T, F, N, F], "bool"),
    ("f IN (1.5, CAST('NaN' AS DOUBLE))", [T, T, N, F], "bool"),
    ("g = 0", [F, T, F, T], "bool"),
    ("g < 0", [F, F, F, F], "bool"),
    ("isnan(f)", [F, T, N, F], "bool"),
    ("g IN (0.0)", [F, T, F, T], "bool"),
    ("nullif(g, 0.0)", [0.5, N, 2.5, N], "double"),
    ("CASE g WHEN 0.0 THEN 1 ELSE 2 END", [2, 1, 2, 1], "int64"),
    ("g IS DISTINCT FROM 0.0", [T, F, T, F], "bool"),
    # NULL is neither true nor false.
    ("a > 1", [F, T, N, F], "bool"),
    ("a > 1 OR TRUE", [T] * ROWS, "bool"),
    ("a > 1 OR FALSE", [F, T, N, F], "bool"),
    ("a > 1 AND FALSE", [F] * ROWS, "bool"),
    ("a > 1 AND TRUE", [F, T, N, F], "bool"),
    ("NOT (a > 1)", [T, F, N, T], "bool"),
    ("NOT ok", [F, T, N, F], "bool"),
    ("a = NULL", [N] * ROWS, "bool"),
    ("a <> NULL", [N] * ROWS, "bool"),
    ("NULL AND FALSE", [F] * ROWS, "bool"),
    ("NULL OR TRUE", [T] * ROWS, "bool"),
    ("a IS NULL", [F, F, T, F], "bool"),
    ("a IS NOT NULL", [T, T, F, T], "bool"),
    ("ok IS TRUE", [T, F, F, T], "bool"),
    ("ok IS NOT TRUE", [F, T, T, F], "bool"),
    ("ok IS FALSE", [F, T, F, F], "bool"),
    ("ok IS NOT FALSE", [T, F, T, T], "bool"),
    ("a IS DISTINCT FROM b", [T, F, T, T], "bool"),
    ("a IS NOT DISTINCT FROM NULL", [F, F, T, F], "bool"),
    ("a + NULL", [N] * ROWS, "int64"),
    ("coalesce(a, b)", [1, 2, 3, -7], "int64"),
    ("coalesce(NULL, s, 'none')", ["x", "Ab", "none", ""], "string"),
    ("coalesce(a, 0.5)", [1.0, 2.0, 0.5, -7.0], "double"),
    ("nullif(a, b)", [1, N, N, -7], "int64"),
    ("greatest(a, b)", [1, 2, 3, 2], "int64"),
    ("least(a, b)", [0, 2, 3, -7], "int64"),
    # Both spellings of operators.
    ("a == 1", [T, F, N, F], "bool"),
    ("a != 1", [F, T, N, T], "bool"),
    ("a <> 1 and b >= 2 or s == 'x'", [T, T, N, T], "bool"),
    ("not a > 1 and true", [T, F, N, T], "bool"),
    # Names are case sensitive as written.
    ("Word || word", ["upperlower", "ul", N, "po"], "string"),
    ('"odd name" * 2', [2, 4, 6, 8], "int64"),
    ("A + 1", None, "error:E301"),
    ("WORD", None, "error:E301"),
    ("out.a", None, "error:E301"),
    # Membership, ranges and patterns.
    ("a IN (1, 2)", [T, T, N, F], "bool"),
    ("a IN (1, NULL)", [T, N, N, N], "bool"),
    ("a NOT IN (1, 2)", [F, F, N, T], "bool"),
    ("a NOT IN (1, NULL)", [F, N, N, N], "bool"),
    ("s IN ('x', '')", [T, F, N, T], "bool"),
    ("a BETWEEN 1 AND 2", [T, T, N, F], "bool"),
    ("a NOT BETWEEN 1 AND 2", [F, F, N, T], "bool"),
    ("s LIKE 'A%'", [F, T, N, F], "bool"),
    ("s LIKE '_'", [T, F, N, F], "bool"),
    ("s LIKE '%'", [T, T, N, T], "bool"),
    ("s LIKE ''", [F, F, N, T], "bool"),
    ("s LIKE 'a%'", [F, F, N, F], "bool"),
    ("s ILIKE 'a%'", [F, T, N, F], "bool"),
    ("s NOT LIKE '%b'", [T, F, N, T], "bool"),
    ("'a.c' LIKE 'a.c' AND NOT 'abc' LIKE 'a.c'", [T] * ROWS, "bool"),
    # CASE.
    ("CASE WHEN a > 1 THEN 'big' WHEN a = 1 THEN 'one' END", ["one", "big", N, N], "string"),
    ("CASE WHEN a > 1 THEN 'big' ELSE 'rest' END", ["rest", "big", "rest", "rest"], "string"),
    ("CASE a WHEN 1 THEN 10 WHEN NULL THEN 20 ELSE 30 END", [10, 30, 30, 30], "int64"),
    ("CASE a WHEN 1 THEN 10 ELSE 0.5 END", [10.0, 0.5, 0.5, 0.5], "double"),
    ("CASE WHEN ok THEN a END", [1, N, N, -7], "int64"),
    ("CASE WHEN a THEN 1 END", None, "error:E302"),
    ("CASE WHEN ok THEN 1 ELSE 'x' END", None, "error:E302"),
    # Casts.
    ("CAST(2.7 AS BIGINT)", [2] * ROWS, "int64"),
    ("CAST(-2.7 AS BIGINT)", [-2] * ROWS, "int64"),
    ("CAST(2.7 AS INTEGER)", [2] * ROWS, "int32"),
    ("CAST(g AS BIGINT)", [0, 0, 2, 0], "int64"),
    ("CAST(f AS BIGINT)", None, "error:E601"),
    ("CAST(1e30 AS BIGINT)", None, "error:E601"),
    ("CAST(b AS DOUBLE)", [0.0, 2.0, 3.0, 2.0], "double"),
    ("CAST(i AS INTEGER)", None, "error:E601"),
    ("CAST(b AS int8)", [0, 2, 3, 2], "int8"),
    ("CAST(a AS uint8)", None, "error:E601"),
    ("CAST(a > 1 AS DOUBLE)", [0.0, 1.0, N, 0.0], "double"),
    ("CAST(a > 1 AS BIGINT)", [0, 1, N, 0], "int64"),
    ("CAST(b AS BOOLEAN)", [F, T, T, T], "bool"),
    ("a::varchar", ["1", "2", N, "-7"], "string"),
    ("CAST(f AS VARCHAR)", ["1.5", "NaN", N, "-2.5"], "string"),
    ("CAST(1.0 AS VARCHAR)", ["1.0"] * ROWS, "string"),
    ("CAST(ok AS VARCHAR)", ["true", "false", N, "true"], "string"),
    ("CAST(d AS VARCHAR)", ["1970-01-01", "2013-02-28", N, "2024-02-29"], "string"),
    ("CAST(n AS BIGINT)", [1, 22, N, -3], "int64"),
    ("CAST(n AS DOUBLE)", [1.0, 22.0, N, -3.0], "double"),
    ("CAST(s AS BIGINT)", None, "error:E601"),
    ("TRY_CAST(s AS BIGINT)", [N] * ROWS, "int64"),
    ("TRY_CAST(n AS BIGINT) + 1", [2, 23, N, -2], "int64"),
    ("CAST('2013-01-01' AS DATE)", [dt.date(2013, 1, 1)] * ROWS, "date32[day]"),
    ("CAST('2013-02-30' AS DATE)", None, "error"),
    ("CAST(ts AS DATE)", [dt.date(1970, 1, 1), dt.date(2013, 2, 28), N, dt.date(2024, 12, 31)], "date32[day]"),
    ("CAST(b AS decimal(10, 2))", [Decimal("0.00"), Decimal("2.00"), Decimal("3.00"), Decimal("2.00")], "decimal128(10, 2)"),
    ("dec + dec", [Decimal("3.00"), Decimal("-4.50"), N, Decimal("0.00")], "decimal128(11, 2)"),
    ("dec > 1", [T, F, N, F], "bool"),
    ("CAST(dec AS DOUBLE)", [1.5, -2.25, N, 0.0], "double"),
    ("CAST(a AS money)", None, "error:E302"),
    # Rounding goes half away from zero.
    ("round(g)", [1.0, 0.0, 3.0, 0.0], "double"),
    ("round(f)", [2.0, NAN, N, -3.0], "double"),
    ("round(0.5)", [1.0] * ROWS, "double"),
    ("round(-1.5)", [-2.0] * ROWS, "double"),
    ("round(2.5)", [3.0] * ROWS, "double"),
    ("round(2.567, 2)", [2.57] * ROWS, "double"),
    ("round(f / 10, 1)", [0.2, NAN, N, -0.3], "double"),
    ("floor(f)", [1.0, NAN, N, -3.0], "double"),
    ("ceil(f)", [2.0, NAN, N, -2.0], "double"),
    ("abs(a)", [1, 2, N, 7], "int64"),
    ("abs(f)", [1.5, NAN, N, 2.5], "double"),
    ("abs(i)", None, "error:E601"),
    ("sqrt(16)", [4.0] * ROWS, "double"),
    ("power(2.0, 10)", [1024.0] * ROWS, "double"),
    # Text. Operators with NULL are NULL, concat skips it.
    ("'a' || NULL", [N] * ROWS, "string"),
    ("s || '!'", ["x!", "Ab!", N, "!"], "string"),
    ("concat(s, NULL, '-')", ["x-", "Ab-", "-", "-"], "string"),
    ("lower(s)", ["x", "ab", N, ""], "string"),
    ("upper(s)", ["X", "AB", N, ""], "string"),
    ("upper('ä')", ["Ä"] * ROWS, "string"),
    ("trim('  x ')", ["x"] * ROWS, "string"),
    ("length('äöü')", [3] * ROWS, "int32"),
    ("length(s)", [1, 2, N, 0], "int32"),
    ("substr('abcdef', 2, 3)", ["bcd"] * ROWS, "string"),
    ("substr(s, 2)", ["", "b", N, ""], "string"),
    ("replace(s, 'b', 'cc')", ["x", "Acc", N, ""], "string"),
    ("starts_with(s, 'A')", [F, T, N, F], "bool"),
    ("s < 'a'", [F, T, N, T], "bool"),
    ("s = 'x' OR s = ''", [T, F, N, T], "bool"),
    ("'it''s'", ["it's"] * ROWS, "string"),
    # Dates and timestamps; a text literal takes the column's type.
    ("d >= '2013-02-28'", [F, T, N, T], "bool"),
    ("'2013-02-28' = d", [F, T, N, F], "bool"),
    ("d BETWEEN '1970-01-01' AND '2013-12-31'", [T, T, N, F], "bool"),
    ("d IN ('1970-01-01')", [T, F, N, F], "bool"),
    ("ts < '1970-01-01 00:00:01'", [T, F, N, F], "bool"),
    ("ts >= '2013-02-28T13:45:59.999999'", [F, T, N, T], "bool"),
    ("d < ts", [F, T, N, T], "bool"),
    ("d > 'yesterday'", None, "error:E302"),
    ("EXTRACT(year FROM d)", [1970, 2013, N, 2024], "int32"),
    ("date_part('month', ts)", [1, 2, N, 12], "int32"),
    ("EXTRACT(day FROM ts)", [1, 28, N, 31], "int32"),
    ("date_part('hour', ts)", [0, 13, N, 23], "int32"),
    ("date_trunc('hour', ts)", [dt.datetime(1970, 1, 1), dt.datetime(2013, 2, 28, 13), N, dt.datetime(2024, 12, 31, 23)], "timestamp[us]"),
    ("date_trunc('month', ts)", [dt.datetime(1970, 1, 1), dt.datetime(2013, 2, 1), N, dt.datetime(2024, 12, 1)], "timestamp[us]"),
    ("tz = tz", [T, T, N, T], "bool"),
    ("tz", [dt.datetime(1970, 1, 1, tzinfo=UTC), dt.datetime(2013, 2, 27, 14, tzinfo=UTC), N, dt.datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)], "timestamp[us, tz=UTC]"),
    # Mixed number types.
    ("u8 + 1", [256, 2, N, 1], "int64"),
    ("i8 + 1", [128, 2, N, -127], "int64"),
    ("a = f", [F, F, N, F], "bool"),
    ("u64 > 1", [T, F, N, F], "bool"),
    ("u64 > a", [T, F, N, T], "bool"),
    ("f32 > 0.2", [T, T, N, F], "bool"),
    # Families do not mix.
    ("s = 1", None, "error:E302"),
    ("1 = s", None, "error:E302"),
    ("s > a", None, "error:E302"),
    ("n + 1", None, "error:E302"),
    ("s IN (1, 2)", None, "error:E302"),
    ("a IN ('1')", None, "error:E302"),
    ("a = '1'", None, "error:E302"),
    ("a BETWEEN 'a' AND 'b'", None, "error:E302"),
    ("ok = 1", None, "error:E302"),
    ("ok > a", None, "error:E302"),
    ("d = 1", None, "error:E302"),
    ("NOT a", None, "error:E302"),
    ("a AND ok", None, "error:E302"),
    ("a LIKE '1'", None, "error:E302"),
    ("coalesce(a, s)", None, "error:E302"),
    ("lower(a)", None, "error:E302"),
    # Unknown things.
    ("lowr(s)", None, "error:E303"),
    ("aa + 1", None, "error:E301"),
    ("sum(a)", None, "error:E302"),
    ("abs(a, b)", None, "error:E302"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected", "dtype"),
    [row for row in VALUES if not row[2].startswith("error")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_value_and_type(flow, text, expected, dtype):
    found = flow.one(TABLE, type="select", columns=[{"v": text}]).column("v")
    assert str(found.type) == dtype
    flow.same({"v": found}, {"v": pa.array(expected, found.type)})


@pytest.mark.parametrize(
    ("text", "outcome"), [(row[0], row[2]) for row in VALUES if row[2].startswith("error")]
)
def test_error_code(flow, text, outcome):
    error = flow.one_fails(TABLE, type="select", columns=[{"v": text}])
    if ":" in outcome:
        assert error.code == outcome.partition(":")[2], str(error)
    assert error.step == "out"
    assert error.kind == "data"


@pytest.mark.parametrize(
    ("text", "outcome"), [(r[0], r[2]) for r in VALUES if r[2] == "error:E302"]
)
def test_type_errors_do_not_need_a_row(flow, text, outcome):
    error = flow.one_fails(TABLE.slice(0, 0), type="select", columns=[{"v": text}])
    assert error.code == "E302"


@pytest.mark.parametrize(
    ("text", "cls"),
    [("nope + 1", "SchemaError"), ("s = 1", "ExpressionError"), ("lowr(s)", "ExpressionError"), ("a / b", "ExpressionError"), ("i + 1", "ExpressionError"), ("CAST(s AS BIGINT)", "ExpressionError")],
)  # fmt: skip
def test_error_class(flow, text, cls):
    error = flow.one_fails(TABLE, type="filter", where=f"({text}) IS NULL")
    assert type(error.__cause__).__name__ == cls


def test_hint_names_the_nearest_column(flow):
    error = flow.one_fails(TABLE, type="filter", where="odd_nme > 1")
    assert "columns: " in error.hint
    error = flow.one_fails(
        pa.table({"arr_delay": [1], "dest": ["a"]}), type="filter", where="arr_dely > 1"
    )
    assert "did you mean 'arr_delay'" in error.hint
    assert error.code == "E301"
    assert error.key == "where"


@pytest.mark.parametrize("text", ["a +", "a b c", "a; b", "(a", "a ) + 1", "'open", "a > AND 1"])
def test_syntax_error_is_found_before_the_run(flow, text):
    """Depending on the text the loader or the engine finds it; nobody runs it."""
    workflow = flow.workflow({"t": TABLE}, {"type": "filter", "input": "t", "where": text})
    with pytest.raises(Exception) as caught:
        workflow.run()
    codes = [p.code for p in getattr(caught.value, "problems", ())] or [caught.value.code]
    assert set(codes) <= {"E300", "E303"}, codes


def test_filter_keeps_only_true(flow):
    found = flow.one({"a": [1, None, 3], "k": [1, 2, 3]}, type="filter", where="a > 1")
    flow.same(found, {"a": [3], "k": [3]})


def test_constant_folding_does_not_lose_an_error(flow):
    error = flow.one_fails({"a": [1, 2]}, type="filter", where="a > 9223372036854775807 + 1")
    assert error.code == "E601"


def test_unevaluated_branch_is_no_error(flow):
    found = flow.one(
        {"a": [1, 2]}, type="transform", columns={"v": "CASE WHEN a > 5 THEN 1 / 0 ELSE a END"}
    )
    flow.same(found, {"a": [1, 2], "v": [1, 2]})
