"""Bad input ends in one clear error that names step and place; nothing else changes."""

from __future__ import annotations

import re

import pytest

from parquetframe import errors

READ = "{name: rows, type: read, path: in.csv}"
OTHER = "{name: other, type: read, path: other.csv}"
BIGGEST = 2**63 - 1

FUNCTIONS = """\
import sys

def raises(rows):
    raise RuntimeError("the cat sat on it")

def number(rows):
    return 42

def ragged(rows):
    return {"a": [1, 2], "b": [1]}

def nothing(rows):
    return None

def leaves(rows):
    sys.exit(3)

def wants_two(rows, other):
    return rows
"""


def case(steps, step, cause, says, at=None, hint=None, saves=True):
    optional = {"at": at, "hint": hint}
    known = {key: value for key, value in optional.items() if value is not None}
    return {"steps": steps, "step": step, "cause": cause, "says": says, "saves": saves, **known}


def filtered(where, **facts):
    quoted = where.replace("'", "''")
    return case(
        [READ, f"{{name: kept, type: filter, input: rows, where: '{quoted}'}}"], "kept", **facts
    )


def computed(expr, source=READ, **facts):
    quoted = expr.replace("'", "''")
    step = f"{{name: more, type: transform, input: rows, columns: {{y: id, z: '{quoted}'}}}}"
    return case([source, step], "more", **facts)


def called(call, **facts):
    step = f"{{name: calls, type: python, input: rows, call: '{call}'}}"
    return case([READ, step], "calls", **facts)


def saved(path, **facts):
    step = f"{{name: saves, type: save, input: rows, path: {path}}}"
    return case([READ, step], "saves", errors.WriteError, at=path, saves=False, **facts)


def read_of(path, cause, says, **facts):
    return case(
        [f"{{name: rows, type: read, path: {path}}}"], "rows", cause, says, at=path, **facts
    )


SCHEMA, EXPRESSION = errors.SchemaError, errors.ExpressionError
HUGE = "{name: rows, type: read, path: huge.csv}"
TEXTS = "{name: rows, type: read, path: texts.csv}"

CASES = {
    "wrong path": read_of(
        "inn.csv", errors.SourceNotFound, "File not found: .*inn.csv", hint="did you mean 'in.csv'"
    ),
    "wrong folder": read_of(
        "foldr/in.csv", errors.SourceNotFound, "File not found", hint="did you mean 'folder'"
    ),
    "glob without match": read_of(
        "'x*.csv'", errors.SourceNotFound, r"File not found: .*x\*.csv"
    ),
    "directory": read_of("folder", errors.SourceNotFound, "directory", hint="suffixes"),
    "directory called .csv": read_of("folder.csv", errors.SourceNotFound, "directory"),
    "unknown format": read_of("steps_bad.py", errors.IoError, "cannot tell the format", hint="format"),
    "cell against the schema": case(
        ["{name: rows, type: read, path: texts.csv, schema: {s: int64}}"],
        "rows",
        errors.CsvError,
        "line 2.*s.*x",
        hint="schema: ",
    ),
    "unknown column to read": case(
        ["{name: rows, type: read, path: in.csv, columns: [id, amont]}"],
        "rows",
        SCHEMA,
        "no column 'amont'",
        hint="did you mean 'amount'",
    ),
    "unknown column": filtered(
        "amont > 15", cause=SCHEMA, says="no column 'amont' in 'rows'", at="'amont",
        hint="did you mean 'amount'",
    ),
    "unknown column in a transform": computed(
        "amont + 1", cause=SCHEMA, says="no column 'amont' in 'rows'", at="'amont",
        hint="did you mean 'amount'",
    ),
    "unknown column to sort by": case(
        [READ, "{name: kept, type: sort, input: rows, by: amuont}"],
        "kept", SCHEMA, "no column 'amuont' in 'rows'", "amuont", "did you mean 'amount'",
    ),
    "unknown column to group by": case(
        [READ, "{name: kept, type: groupby, input: rows, by: ctiy, agg: count}"],
        "kept", SCHEMA, "no column 'ctiy' in 'rows'", "ctiy", "did you mean 'city'",
    ),
    "unknown column in sql": case(
        [READ, "{name: kept, type: sql, sql: select amont from rows}"],
        "kept", SCHEMA, "no column 'amont'", "select", "did you mean 'amount'",
    ),
    "unknown column of a graph": case(
        [READ, "{name: kept, type: graph, input: rows, algorithm: pagerank, src: id, dst: cty}"],
        "kept", SCHEMA, "no column 'cty' in 'rows'", None, "did you mean 'city'",
    ),
    "unknown column to drop": case(
        [READ, "{name: kept, type: drop, input: rows, columns: [cty]}"],
        "kept", SCHEMA, "no column 'cty' in 'rows'", None, "did you mean 'city'",
    ),
    "unknown column to rename": case(
        [READ, "{name: kept, type: rename, input: rows, columns: {cty: town}}"],
        "kept", SCHEMA, "no column 'cty' in 'rows'", None, "did you mean 'city'",
    ),
    "unknown column of a check": case(
        [READ, "{name: kept, type: check, input: rows, rules: [{not_null: [cty]}]}"],
        "kept", SCHEMA, "no column 'cty'", None, "did you mean 'city'",
    ),
    "text against number": filtered(
        "city > 15", cause=EXPRESSION, says="'city'.*string.*int64", at="'city", hint="CAST"
    ),
    "text plus number": computed(
        "city + 1", cause=EXPRESSION, says=r"\+.*'city'.*string", at="'city"
    ),
    "condition that is none": filtered(
        "amount", cause=EXPRESSION, says="int64, not", at="'amount'"
    ),
    "sum of text": case(
        [READ, "{name: kept, type: groupby, input: rows, by: id, agg: {city: sum}}"],
        "kept", EXPRESSION, "sum needs numbers.*string",
    ),
    "syntax": filtered("amount >", cause=EXPRESSION, says="syntax|invalid SQL", at="'amount"),
    "syntax in a transform": computed(
        "CASE WHEN id THEN", cause=EXPRESSION, says="syntax|invalid SQL", at="'CASE"
    ),
    "two expressions": filtered("amount > 1 amount", cause=EXPRESSION, says=".", at="'amount"),
    "unknown function": computed(
        "uper(city)", cause=EXPRESSION, says="function 'uper'", at="'uper", hint="did you mean 'upper'"
    ),
    "wrong number of arguments": computed(
        "abs(amount, 2)", cause=EXPRESSION, says="argument", at="'abs"
    ),
    "division by zero": computed("1 / (id - 2)", cause=EXPRESSION, says="division by zero"),
    "remainder of zero": computed("1 % (id - 2)", cause=EXPRESSION, says="division by zero"),
    "division by zero in a filter": filtered(
        "10 / (id - 2) > 0", cause=EXPRESSION, says="division by zero"
    ),
    "division by zero in a group": case(
        [READ, "{name: kept, type: groupby, input: rows, by: city, agg: {z: sum(1 / (id - 2))}}"],
        "kept", EXPRESSION, "division by zero",
    ),
    "division by zero in sql": case(
        [READ, "{name: kept, type: sql, sql: select 1 / (id - 2) as z from rows}"],
        "kept", EXPRESSION, "division by zero",
    ),
    "division by a literal zero": computed("id / 0", cause=EXPRESSION, says="division by zero"),
    "cast": case(
        [TEXTS, "{name: kept, type: cast, input: rows, columns: {s: int64}}"],
        "kept", EXPRESSION, "cannot cast.*'x'",
    ),
    "cast that does not fit": case(
        [HUGE, "{name: kept, type: cast, input: rows, columns: {id: int8}}"],
        "kept", EXPRESSION, f"{BIGGEST}",
    ),
    "cast in an expression": computed(
        "CAST(s AS BIGINT)", TEXTS, cause=EXPRESSION, says="cannot cast.*'x'"
    ),
    **{
        f"overflow of {expr}": computed(expr, HUGE, cause=EXPRESSION, says="integer overflow")
        for expr in ("id + 1", "id * 2", "-id - 2", "id * id - 1")
    },
    "overflow of a sum": case(
        [HUGE, "{name: kept, type: groupby, input: rows, by: [], agg: {id: sum}}"],
        "kept", EXPRESSION, "overflow",
    ),
    "overflow in sql": case(
        [HUGE, "{name: kept, type: sql, sql: select id + 1 as z from rows}"],
        "kept", EXPRESSION, "integer overflow",
    ),
    "join keys of different types": case(
        [READ, OTHER, "{name: kept, type: join, input: [rows, other], on: {id: key}}"],
        "kept", SCHEMA, "join keys .*'id' is int64, 'key' is string", "{id", "cast",
    ),
    "join key that is missing": case(
        [READ, OTHER, "{name: kept, type: join, input: [rows, other], on: city}"],
        "kept", SCHEMA, "no column 'city' in 'other'", "city", "columns: amount, key",
    ),
    "name clash after a join": case(
        [
            "{name: first, type: read, path: in.csv}",
            "{name: rows, type: transform, input: first, columns: {amount_right: id}}",
            OTHER,
            "{name: kept, type: join, input: [rows, other], on: {city: key}}",
        ],
        "kept", SCHEMA, "'amount_right'", None, "suffix",
    ),
    "join that is not one to one": case(
        [READ, OTHER, "{name: kept, type: join, input: [rows, other], on: {city: key}, validate: one_to_one}"],
        "kept", SCHEMA, "one_to_one|twice|unique|duplicate",
    ),
    "union of different columns": case(
        [READ, OTHER, "{name: kept, type: union, input: [rows, other]}"],
        "kept", SCHEMA, "'key'", None, "missing",
    ),
    "vertex that is not there": case(
        [READ, "{name: kept, type: graph, input: rows, algorithm: bfs, src: id, dst: amount, sources: [99]}"],
        "kept", errors.VertexNotFound, "vertex 99",
    ),
    "python step that raises": called("steps_bad:raises", cause=RuntimeError, says="RuntimeError: the cat"),
    "python step that leaves": called("steps_bad:leaves", cause=SystemExit, says="SystemExit: 3"),
    "python step that returns a number": called(
        "steps_bad:number", cause=SCHEMA, says="returned int 42, which is no table", at="'steps_bad",
        hint="pyarrow.Table",
    ),
    "python step that returns ragged columns": called(
        "steps_bad:ragged", cause=SCHEMA, says="returned a dict that is no table", at="'steps_bad"
    ),
    "python step that returns nothing": called(
        "steps_bad:nothing", cause=SCHEMA, says="returned None, but other steps use 'calls'"
    ),
    "python step with other parameters": called("steps_bad:wants_two", cause=TypeError, says="wants_two"),
    "module that is missing": called(
        "no_such_steps:f", cause=errors.WorkflowError, says="no module 'no_such_steps'", at="'no_such"
    ),
    "function that is missing": called(
        "steps_bad:rises", cause=errors.WorkflowError, says="no function 'rises'", at="'steps_bad",
        hint="did you mean 'raises'",
    ),
    "save over a directory": saved("folder.csv", says="folder.csv"),
    "save below a file": saved("out.parquet/x.csv", says="out.parquet"),
    "save below /proc": saved("/proc/nowhere/x.csv", says="/proc/nowhere"),
    "save into /proc": saved("/proc/x.csv", says="/proc/x.csv"),
}  # fmt: skip


@pytest.fixture
def prepared(folder, earlier_output):
    """All files that the cases name, and the output of an earlier run."""
    (folder.path / "huge.csv").write_text(f"id\n{BIGGEST}\n1\n")
    (folder.path / "texts.csv").write_text("id,s\n1,x\n2,12\n")
    (folder.path / "steps_bad.py").write_text(FUNCTIONS)
    (folder.path / "folder").mkdir()
    (folder.path / "folder.csv").mkdir()
    return folder


@pytest.mark.parametrize("name", CASES)
def test_one_error_names_step_place_and_cause(judge, prepared, name):
    judge(CASES[name])


@pytest.mark.parametrize("name", ["unknown column", "syntax", "unknown function", "wrong path"])
def test_validate_finds_it_without_a_run(pframe, prepared, name):
    case = CASES[name]
    prepared.flow(case["steps"])
    before = prepared.digests()
    answer = pframe("validate", "flow.yml")
    line, text = len(case["steps"]) + 2, case["steps"][-1]
    assert answer.code == 3, answer.out
    assert f"flow.yml:{line}:{text.index(case['at']) + 5}: error[E" in answer.out
    assert re.search(case["says"], answer.out)
    assert prepared.digests() == before


def test_debug_shows_the_traceback(pframe, prepared):
    prepared.flow(CASES["python step that raises"]["steps"])
    answer = pframe("run", "flow.yml", "--debug")
    assert answer.code == 1
    assert "in raises" in answer.err and "RuntimeError: the cat sat on it" in answer.err


FUSED = """\
name: fused
settings: {{fuse: {fuse}}}
steps:
  - {{name: rows, type: read, path: in.csv}}
  - name: first
    type: filter
    input: rows
    where: id > 0
  - name: second
    type: transform
    input: first
    columns:
      twice: id * 2
      ratio: {bad}
      after: id + 1
  - name: third
    type: transform
    input: second
    columns: {{sum: twice + after}}
  - name: fourth
    type: select
    input: third
    columns: [id, sum, ratio]
  - {{name: saved, type: save, input: fourth, path: out.parquet}}
"""


@pytest.mark.parametrize("fuse", ["true", "false"])
@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("1 / (id - 2)", "division by zero"),
        ("CAST(city AS BIGINT)", "cannot cast"),
        ("(id + 9223372036854775806) / 2", "overflow"),
    ],
)
def test_failing_step_between_fused_neighbours_is_the_one_named(backend, prepared, fuse, bad, says):
    import parquetframe as pf

    (prepared.path / "flow.yml").write_text(FUSED.format(fuse=fuse, bad=bad))
    before = prepared.digests()
    result = pf.Workflow.from_yaml(prepared.path / "flow.yml").run(raise_on_error=False)
    assert result.error.step == "second", result.error
    line = int(result.error.location.split(":")[-2])
    assert line in (9, 14), result.error
    assert says in result.error.reason
    assert prepared.digests() == before
    assert result.steps["second"].status == "failed"
    for name in ("third", "fourth", "saved"):
        step = result.steps[name]
        assert (step.status, step.because) == ("skipped", "second"), name
    assert result.metrics["failed_steps"] == 1


def test_memory_limit_that_is_too_small(backend, prepared):
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet as pq

    order = np.random.default_rng(1).permutation(300_000)
    texts = pa.array([f"a text with the number {number}" for number in order])
    pq.write_table(pa.table({"k": order, "s": texts}), prepared.path / "big.parquet")
    before = prepared.digests() | {"flow.yml": None}
    workflow = prepared.flow(
        [
            "{name: big, type: read, path: big.parquet}",
            "{name: sorted, type: sort, input: big, by: s}",
            "{name: again, type: transform, input: sorted, columns: {z: k + 1}}",
            "{name: joined, type: join, input: [sorted, again], on: s}",
            "{name: saved, type: save, input: joined, path: out.parquet}",
        ],
        head="settings: {memory_limit: 2MB}\n",
    )
    if backend == "python":  # it cannot limit memory, and says so
        result = workflow.run()
        assert any("memory_limit" in text for text in result.warnings), result.warnings
        return
    with pytest.raises(errors.StepError) as caught:
        workflow.run()
    error = caught.value
    assert (error.kind, type(error.__cause__)) == ("memory", errors.LimitExceeded)
    assert re.search(r"flow\.yml:\d+:\d+", error.location)
    assert "memory_limit" in error.hint
    assert "\n" not in error.reason
    assert prepared.digests() | {"flow.yml": None} == before


@pytest.mark.parametrize("limit", ["0", "1KB", "200%", "-3", "lots", "1MB"])
def test_memory_limit_that_is_no_size(backend, folder, limit):
    workflow = folder.flow([READ], head=f"settings: {{memory_limit: '{limit}'}}\n")
    with pytest.raises(
        errors.ValidationError, match=r"flow\.yml:1:\d+: error\[E10\d\].*memory_limit"
    ):
        workflow.run()


def test_rerun_after_the_repair_replaces_the_output(backend, prepared):
    """The failed run leaves nothing that stands in the way of the next one."""
    bad = "{name: more, type: transform, input: rows, columns: {z: 1 / (id - 2)}}"
    save = "{name: saved, type: save, input: more, path: out.parquet}"
    with pytest.raises(errors.StepError):
        prepared.flow([READ, bad, save]).run()
    result = prepared.flow([READ, bad.replace("id - 2", "id"), save]).run()
    assert result.status == "completed"
    assert result.outputs["saved"]["z"].to_pylist() == [1, 0, 0]
