"""The step `python`: formats, context, what a function may return, what happens when it raises."""

from __future__ import annotations

import sys
import threading

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from parquetframe import errors

TABLE = pa.table(
    {"k": ["a", "b", None], "v": pa.array([1, None, 3], pa.int64()), "x": [0.5, 1.5, None]}
)

MODULE = """
import pyarrow as pa

def double(table, *, factor=2):
    return table.append_column("w", pa.compute.multiply(table["v"], factor))

def both(left, right, **options):
    return pa.table({"rows": [left.num_rows, right.num_rows], "options": [str(sorted(options.items()))] * 2})

def source():
    return {"n": [1, 2, 3]}

not_callable = 5
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "step_functions_under_test.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield "step_functions_under_test"
    sys.modules.pop("step_functions_under_test", None)


def call(flow, function, **step):
    return flow.one(TABLE, type="python", call=function, **step)


class TestCalls:
    def test_by_import_name(self, flow, module):
        found = call(flow, f"{module}:double")
        flow.same(found, TABLE.append_column("w", pa.array([2, None, 6], pa.int64())))

    def test_args(self, flow, module):
        found = call(flow, f"{module}:double", args={"factor": 10})
        assert found["w"].to_pylist() == [10, None, 30]

    def test_alias_function_and_old_transform(self, flow, module):
        assert flow.one(TABLE, type="python", function=f"{module}:double")["w"].to_pylist() == [
            2,
            None,
            6,
        ]
        assert flow.one(TABLE, type="transform", function=f"{module}:double")["w"].to_pylist() == [
            2,
            None,
            6,
        ]

    def test_two_inputs(self, flow, module):
        step = {
            "type": "python",
            "input": ["t", "u"],
            "call": f"{module}:both",
            "args": {"z": 1, "a": 2},
        }
        found = flow.table({"t": TABLE, "u": TABLE.slice(0, 1)}, step)
        flow.same(found, {"rows": [3, 1], "options": ["[('a', 2), ('z', 1)]"] * 2})

    def test_no_input(self, flow, module):
        found = flow.table({}, {"type": "python", "input": [], "call": f"{module}:source"})
        flow.same(found, {"n": [1, 2, 3]})

    def test_function_object(self, flow):
        flow.same(call(flow, lambda table: table.slice(1)), TABLE.slice(1))

    def test_result_feeds_native_steps(self, flow):
        found = flow.table(
            {"t": TABLE},
            {"name": "f", "type": "filter", "input": "t", "where": "v IS NOT NULL"},
            {
                "name": "p",
                "type": "python",
                "input": "f",
                "call": lambda t: t.append_column("n", [list(range(t.num_rows))]),
            },
            {"name": "s", "type": "sort", "input": "p", "by": ["n desc"]},
        )
        flow.same(found, {"k": [None, "a"], "v": [3, 1], "x": [None, 0.5], "n": [1, 0]})

    @pytest.mark.parametrize(
        "name", ["no_such_module_at_all:f", "{module}:nothing", "{module}:not_callable"]
    )
    def test_what_cannot_be_called(self, flow, module, name):
        with pytest.raises((errors.StepError, errors.ValidationError)) as caught:
            call(flow, name.format(module=module))
        assert name.format(module=module).split(":")[1] in str(
            caught.value
        ) or "no_such_module" in str(caught.value)

    @pytest.mark.parametrize("name", ["", "no colon", ":f", "m:", "m:f:g"])
    def test_malformed_name_is_invalid(self, flow, name):
        flow.invalid({"t": TABLE}, {"type": "python", "input": "t", "call": name})


class TestFormats:
    def test_arrow(self, flow):
        seen = []
        call(flow, lambda t: seen.append(t) or t)
        assert isinstance(seen[0], pa.Table)
        flow.same(seen[0], TABLE)

    def test_pandas(self, flow):
        seen = []

        def add(frame):
            seen.append(type(frame))
            return frame.assign(w=frame.x * 2)[["k", "w"]]

        found = call(flow, add, format="pandas")
        assert seen == [pd.DataFrame]
        assert found.column_names == ["k", "w"]
        assert found.to_pydict() == {"k": ["a", "b", None], "w": [1.0, 3.0, None]}

    def test_polars(self, flow):
        seen = []

        def add(frame):
            seen.append(type(frame))
            return frame.select("k", w=pl.col("v") * 2)

        found = call(flow, add, format="polars")
        assert seen == [pl.DataFrame]
        assert found.to_pydict() == {"k": ["a", "b", None], "w": [2, None, 6]}
        assert found.schema.field("w").type == pa.int64()

    def test_unknown_format_is_invalid(self, flow):
        flow.invalid(
            {"t": TABLE}, {"type": "python", "input": "t", "call": "m:f", "format": "numpy"}
        )


class TestContext:
    def test_ctx_is_passed_if_the_signature_has_it(self, flow):
        seen = {}

        def look(table, *, ctx):
            seen.update(
                variables=dict(ctx.variables), cancelled=ctx.cancelled(), attempt=ctx.attempt
            )
            ctx.logger.debug("seen")
            return table

        workflow = flow.workflow({"t": TABLE}, {"type": "python", "input": "t", "call": look})
        data = {**workflow.to_dict(), "variables": {"year": 2013}}
        data["steps"][-1]["call"] = look
        type(workflow).from_dict(data).run()
        assert seen == {"variables": {"year": 2013}, "cancelled": False, "attempt": 1}

    def test_functions_run_beside_each_other(self, flow):
        """Two steps that wait for each other can only end if both run at once."""
        gate = threading.Barrier(2, timeout=30)

        def wait(table):
            gate.wait()
            return table

        steps = [
            {"name": name, "type": "python", "input": "t", "call": wait} for name in ("p", "q")
        ]
        result = flow.run({"t": TABLE}, *steps, max_parallel=2)
        assert result.status == "completed"
        assert result.metrics["peak_parallelism"] == 2


class TestReturns:
    @pytest.mark.parametrize(
        "value",
        [
            pa.table({"n": [1, 2]}),
            pa.record_batch({"n": [1, 2]}),
            {"n": [1, 2]},
            {"n": pa.array([1, 2])},
            pd.DataFrame({"n": [1, 2]}),
            pl.DataFrame({"n": [1, 2]}),
            pa.RecordBatchReader.from_batches(
                pa.schema({"n": pa.int64()}), [pa.record_batch({"n": [1, 2]})]
            ),
        ],
        ids=lambda v: type(v).__name__,
    )
    def test_anything_tabular(self, flow, value, backend):
        if isinstance(value, pa.RecordBatchReader):
            value = pa.RecordBatchReader.from_batches(
                value.schema, [pa.record_batch({"n": [1, 2]})]
            )
        flow.same(call(flow, lambda _: value), {"n": [1, 2]})

    def test_none_has_no_rows(self, flow):
        result = flow.run({"t": TABLE}, {"type": "python", "input": "t", "call": lambda _: None})
        assert result.status == "completed"
        assert result.steps["out"].status == "succeeded"

    @pytest.mark.parametrize(
        "value", [5, "text", {"a": [1], "b": [1, 2]}, {"a": 1}, [{"a": 1}, 2]], ids=str
    )
    def test_nonsense(self, flow, value):
        error = flow.one_fails(TABLE, type="python", call=lambda _: value)
        assert error.code == "E603"
        assert error.kind == "data"

    def test_no_rows_keep_their_schema(self, flow):
        flow.same(call(flow, lambda t: t.slice(0, 0)), TABLE.slice(0, 0))


class TestRaises:
    def test_own_exception_is_the_cause(self, flow):
        class OwnError(Exception):
            pass

        raised = OwnError("no luck")

        def fail(_):
            raise raised

        error = flow.one_fails(TABLE, type="python", call=fail)
        assert error.__cause__ is raised
        assert (error.step, error.code, error.kind) == ("out", "E603", "python")
        assert "no luck" in str(error)
        names = []
        trace = raised.__traceback__
        while trace is not None:
            names.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        assert "fail" in names

    def test_later_steps_are_skipped_others_are_not_run_twice(self, flow):
        calls = []

        def fail(_):
            calls.append(1)
            msg = "x"
            raise KeyError(msg)

        steps = [
            {"name": "bad", "type": "python", "input": "t", "call": fail},
            {"name": "after", "type": "filter", "input": "bad", "where": "v > 1"},
        ]
        result = flow.run({"t": TABLE}, *steps, raise_on_error=False)
        assert result.status == "failed"
        assert calls == [1]
        assert isinstance(result.error.__cause__, KeyError)
        assert (result.steps["bad"].status, result.steps["after"].status) == ("failed", "skipped")
        assert result.steps["after"].because == "bad"

    def test_wrong_arguments(self, flow, module):
        error = flow.one_fails(TABLE, type="python", call=f"{module}:double", args={"wrong": 1})
        assert isinstance(error.__cause__, TypeError)
