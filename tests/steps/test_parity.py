"""Both engines give the same schema and rows, or the same class of error.

Tables hold nulls, NaN, unicode and wide integers; workflows are short random chains of steps. The
rust engine must also not depend on `max_parallel` or `fuse`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import parquetframe as pf
from parquetframe import errors

WIDE = [0, 1, -1, 2**31, 2**53 + 1, 2**62, -(2**62), 2**63 - 1, -(2**63)]
FLOATS = [0.0, -0.0, 1.5, -2.25, float("nan"), float("inf"), float("-inf"), 1e300, 0.1]
TEXTS = ["", "a", "A", "ab", "ü€🦀", "日本", " x ", "it's", '"', "a%b_c"]


def column(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.one_of(st.none(), values)


ROW = st.tuples(
    column(st.sampled_from(["x", "y", "ü"])),
    column(st.integers(-3, 3)),
    column(st.sampled_from(WIDE)),
    column(st.sampled_from(FLOATS)),
    column(st.sampled_from(TEXTS)),
    column(st.booleans()),
    column(st.dates(dt.date(1960, 1, 1), dt.date(2040, 1, 1))),
)
SCHEMA = pa.schema(
    [("k", pa.string()), ("n", pa.int64()), ("w", pa.int64()), ("f", pa.float64()), ("s", pa.string()), ("ok", pa.bool_()), ("d", pa.date32())]
)  # fmt: skip


def to_table(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)
    return pa.table(
        [pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


TABLES = st.lists(ROW, max_size=12).map(to_table)

BOOLEANS = st.sampled_from(
    ["n > 0", "n IS NULL", "f > 1", "f = f", "s LIKE '%a%'", "NOT ok", "ok OR n = 1", "w > n", "k IN ('x', 'ü')", "d >= '2000-01-01'", "f < n", "n NOT IN (1, 2)", "s >= 'a' AND k <> 'y'", "w + 1 > 0", "10 / n > 2"]
)  # fmt: skip
VALUES = st.sampled_from(
    ["n + 1", "n * n", "w - 1", "w * 2", "n / 2", "n % 2", "7 / n", "f * 2", "f + n", "s || k", "upper(s)", "length(s)", "coalesce(n, 0)", "CASE WHEN n > 0 THEN 'p' WHEN n < 0 THEN 'm' END", "CAST(n AS DOUBLE)", "CAST(f AS BIGINT)", "round(f)", "abs(n)", "nullif(n, 0)", "n > 0", "date_part('year', d)", "CAST(n AS VARCHAR)", "concat(k, s)", "-n", "trim(s)", "s + 1", "missing + 1"]
)  # fmt: skip
AGGREGATES = st.sampled_from(
    [
        "count",
        {"rows": "count"},
        {"n": "sum"},
        {"n": ["min", "max", "mean"]},
        {"f": ["min", "max"]},
        {"s": ["count", "nunique", "max"]},
        {"total": {"column": "n", "fn": "sum"}, "wide": ["w", "max"]},
        {"odd": "sum(n % 2)", "m": "max(d)"},
        {"ok": ["any", "all"]},
        {"w": "sum"},
    ]
)
KEYS = st.lists(st.sampled_from(["k", "n", "ok", "f", "d"]), min_size=1, max_size=2, unique=True)

# A step over the dataset before it, and whether it leaves the order of rows open.
STEPS = st.one_of(
    st.builds(lambda where: ({"type": "filter", "where": where}, False), BOOLEANS),
    st.builds(lambda a, b: ({"type": "transform", "columns": {"v": a, "n": b}}, False), VALUES, st.sampled_from(["n", "n + 1", "n * 2", "coalesce(n, 1)"])),
    st.just(({"type": "select", "columns": ["*", {"copy": "n"}]}, False)),
    st.just(({"type": "cast", "columns": {"n": "float64"}}, False)),
    st.just(({"type": "drop", "columns": ["s"]}, False)),
    st.just(({"type": "rename", "columns": {"n": "m"}}, False)),
    st.builds(lambda by, agg: ({"type": "groupby", "by": by, "agg": agg}, True), KEYS, AGGREGATES),
    st.builds(lambda on: ({"type": "distinct", "on": on, "order_by": ["k", "n", "w", "f", "s", "ok", "d"]}, True), KEYS),
    st.just(({"type": "distinct"}, True)),
    st.builds(lambda by, nulls: ({"type": "sort", "by": [*by, "k", "n", "w", "f", "s", "ok", "d"], "nulls": nulls}, False), KEYS, st.sampled_from(["first", "last"])),
    st.builds(lambda how, on: ({"type": "join", "how": how, "on": on, "right": "u"}, True), st.sampled_from(["inner", "left", "right", "full", "semi", "anti"]), KEYS),
    st.builds(lambda distinct: ({"type": "union", "with": "u", "distinct": distinct, "missing": "null"}, distinct), st.booleans()),
    st.builds(lambda by: ({"type": "sql", "sql": f"SELECT {by}, count(*) AS rows_of FROM {{input}} GROUP BY {by} HAVING count(*) > 0"}, True), st.sampled_from(["k", "n", "d"])),
)  # fmt: skip


def chain(parts: list[tuple[dict[str, Any], bool]]) -> list[dict[str, Any]]:
    """Steps s0, s1, ... where each reads the one before it."""
    steps, before = [], "t"
    for number, (part, _) in enumerate(parts):
        step = {"name": f"s{number}", "input": before, **part}
        if "right" in step:
            step["input"] = [before, step.pop("right")]
        if "with" in step:
            step["input"] = [before, step.pop("with")]
        if "sql" in step:
            step["sql"] = step["sql"].format(input=before)
            del step["input"]
        steps.append(step)
        before = step["name"]
    return steps


def outcome(flow, table, other, steps, **options):
    """The last table, or the class of the error and of its cause."""
    last = steps[-1]["name"]
    try:
        return flow.run({"t": table, "u": other}, *steps, keep=[last], **options).outputs[last]
    except errors.WorkflowError as error:
        return type(error).__name__, type(error.__cause__).__name__, getattr(error, "step", None)


def compare(flow, a, b, *, ordered, tolerance=1e-9):
    if isinstance(a, tuple) or isinstance(b, tuple):
        assert isinstance(a, tuple) and isinstance(b, tuple), f"{a!r} against {b!r}"
        # Which of two failing steps is found first is open; of one step the classes agree.
        assert a == b or a[2] != b[2]
    else:
        flow.same(a, b, ordered=ordered, tolerance=tolerance)


@pytest.fixture
def free_flow(flow, backend):
    """The flow helper on a test that chooses the engine itself; it runs once."""
    if backend == "python":
        pytest.skip("both engines run in the same test")
    return flow


COMMON = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@COMMON
@given(table=TABLES, other=TABLES, parts=st.lists(STEPS, min_size=1, max_size=4))
def test_engines_agree(free_flow, table, other, parts):
    steps = chain(parts)
    ordered = not any(open_order for _, open_order in parts)
    rust = outcome(free_flow, table, other, steps, engine="rust")
    python = outcome(free_flow, table, other, steps, engine="python")
    compare(free_flow, rust, python, ordered=ordered)


@settings(COMMON, max_examples=25)
@given(table=TABLES, other=TABLES, parts=st.lists(STEPS, min_size=1, max_size=4))
def test_rust_does_not_depend_on_parallelism_or_fusion(free_flow, table, other, parts):
    steps = chain(parts)
    ordered = not any(open_order for _, open_order in parts)
    first = outcome(free_flow, table, other, steps, engine="rust", max_parallel=1)
    for max_parallel, fuse in ((1, False), (2, True), (8, True), (8, False)):
        found = outcome(
            free_flow,
            table,
            other,
            steps,
            engine="rust",
            max_parallel=max_parallel,
            settings={"fuse": fuse},
        )
        compare(free_flow, first, found, ordered=ordered, tolerance=1e-12)


@settings(COMMON, max_examples=80)
@given(table=TABLES, text=st.one_of(VALUES, BOOLEANS))
def test_expressions_agree(free_flow, table, text):
    steps = [{"name": "s", "type": "select", "input": "t", "columns": [{"v": text}]}]
    rust = outcome(free_flow, table, table, steps, engine="rust")
    python = outcome(free_flow, table, table, steps, engine="python")
    compare(free_flow, rust, python, ordered=True)


CELLS = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=False).map(repr),
    st.dates().map(str),
    st.sampled_from(
        [
            "true",
            "False",
            "",
            "NA",
            "01",
            "+1",
            "1_0",
            "2020-01-01T00:00:00Z",
            "2020-01-01 00:00:00",
            "x",
            "ü",
            '""',
            '"a,b"',
            " ",
            "1e5",
            "nan",
            "-0",
            "0x1",
        ]
    ),
)


@settings(COMMON, max_examples=80)
@given(
    st.lists(st.tuples(CELLS, CELLS), max_size=6),
    st.fixed_dictionaries(
        {},
        optional={
            "header": st.sampled_from([True, False, "auto", 1]),
            "sep": st.sampled_from([",", "auto"]),
            "nulls": st.sampled_from(["auto", "strict", "pandas", ["NA", "-0"], {"one": ["x"]}]),
            "infer": st.sampled_from(["full", 1, 3]),
            "leading_zeros": st.sampled_from(["string", "number"]),
            "parse_dates": st.booleans(),
            "trim": st.booleans(),
            "on_bad_lines": st.sampled_from(["error", "skip"]),
        },
    ),
)
def test_csv_inference_agrees(free_flow, rows, options):
    text = "".join(f"{a},{b}\n" for a, b in [("one", "two"), *rows])
    (free_flow.folder / "t.csv").write_text(text, encoding="utf-8")
    data = {"steps": [{"name": "r", "type": "read", "path": "t.csv", **options}]}
    found = []
    for engine in ("rust", "python"):
        try:
            found.append(
                pf.Workflow.from_dict(data, base_dir=free_flow.folder)
                .run(engine=engine)
                .outputs["r"]
            )
        except errors.StepError as error:
            found.append((type(error.__cause__).__name__,))
    compare(free_flow, *found, ordered=True, tolerance=0)
