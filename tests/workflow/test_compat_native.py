"""The names of parquetframe 2.0 on the extension itself."""

from __future__ import annotations

import math
import threading
import time

import pandas as pd
import pyarrow as pa
import pytest

from parquetframe import workflow_rust
from parquetframe.errors import StepError, ValidationError
from parquetframe.workflow_rust import CancellationToken, RustWorkflowEngine, execute_workflow_rust

CHAIN = [
    {"name": "load", "type": "read"},
    {"name": "shape", "type": "compute", "depends_on": ["load"]},
    {"name": "store", "type": "write", "depends_on": ["shape"]},
]
DIAMOND = [
    {"name": "a", "type": "x"},
    {"name": "c", "type": "x", "depends_on": ["a"]},
    {"name": "b", "type": "x", "depends_on": ["a"]},
    {"name": "d", "type": "x", "depends_on": ["b", "c"]},
]
RESULT_KEYS = {
    "status",
    "total_steps",
    "steps_executed",
    "failed_steps",
    "execution_time_ms",
    "parallel_workers",
    "peak_parallelism",
    "cancelled",
    "skipped_steps",
    "run_id",
    "error",
    "outputs",
    "steps",
    "warnings",
}


@pytest.fixture
def engine(native):
    return RustWorkflowEngine(1)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("id,amount\n1,10\n2,20\n3,30\n")
    return str(path)


def test_extension_says_that_it_is_there(native):
    assert native.workflow_rust_available() is True
    assert native.rust_available() is True
    assert workflow_rust.RUST_WORKFLOW_AVAILABLE is True
    assert workflow_rust.is_rust_workflow_available() is True
    assert RustWorkflowEngine.is_available() is True
    assert workflow_rust.CancellationToken is native.CancellationToken


def test_result_has_exactly_the_documented_keys(native):
    result = native.execute_workflow({"name": "w", "steps": CHAIN})
    assert result.keys() == RESULT_KEYS
    assert result["status"] == "completed"
    assert (result["total_steps"], result["steps_executed"], result["failed_steps"]) == (3, 3, 0)
    assert isinstance(result["execution_time_ms"], float) and result["execution_time_ms"] > 0
    assert result["parallel_workers"] >= 1
    assert result["peak_parallelism"] == 1
    assert (result["cancelled"], result["error"], result["warnings"]) == (False, None, [])
    assert [step["type"] for step in result["steps"].values()] == ["noop"] * 3
    assert {step["status"] for step in result["steps"].values()} == {"succeeded"}


@pytest.mark.parametrize("asked", [1, 2, 7])
def test_asked_parallelism_is_reported(native, asked):
    assert RustWorkflowEngine(asked).execute_workflow({"steps": CHAIN})["parallel_workers"] == asked
    assert execute_workflow_rust({"steps": CHAIN}, asked)["parallel_workers"] == asked
    assert native.execute_workflow({"steps": CHAIN}, asked)["parallel_workers"] == asked


@pytest.mark.parametrize("wrong", [0, -1, "2", 1.5])
def test_wrong_parallelism_is_refused_by_the_extension(native, wrong):
    with pytest.raises((ValueError, TypeError, OverflowError), match=r"max_parallel"):
        native.execute_workflow({"steps": CHAIN}, wrong)


@pytest.mark.parametrize("name", ["on_progress", "step_handler"])
def test_what_cannot_be_called_is_refused_at_once(native, name):
    with pytest.raises(TypeError, match="call"):
        native.execute_workflow({"steps": CHAIN}, **{name: 3})
    with pytest.raises(TypeError):
        native.execute_workflow({"steps": CHAIN}, cancel_token=object())


def test_empty_workflow_is_completed(engine):
    result = engine.execute_workflow({"steps": []})
    assert (result["status"], result["total_steps"], result["steps"]) == ("completed", 0, {})
    assert result["execution_time_ms"] > 0


def test_steps_with_keys_really_run(engine, source, tmp_path):
    steps = [
        {"name": "rows", "type": "read", "config": {"input": source}},
        {"name": "big", "type": "filter", "input": "rows", "config": {"query": "amount > 15"}},
        {"name": "sums", "type": "aggregate", "input": "big", "by": [], "agg": {"amount": "sum"}},
        {"name": "out", "type": "write", "input": "big", "output": str(tmp_path / "o.parquet")},
    ]
    result = engine.execute_workflow({"name": "real", "steps": steps})
    assert result["status"] == "completed", result["error"]
    assert result["outputs"]["sums"].to_pydict() == {"amount": [50]}
    assert result["steps"]["out"]["file"]["rows"] == 2
    assert pd.read_parquet(tmp_path / "o.parquet")["id"].tolist() == [2, 3]


def test_failed_step_is_part_of_the_result(engine, tmp_path):
    steps = [
        {"name": "rows", "type": "read", "config": {"input": str(tmp_path / "none.csv")}},
        {"name": "big", "type": "filter", "input": "rows", "where": "x > 1"},
    ]
    result = engine.execute_workflow({"steps": steps})
    assert result["status"] == "failed"
    assert (result["failed_steps"], result["skipped_steps"], result["steps_executed"]) == (1, 1, 0)
    assert result["error"]["step"] == "rows"
    assert result["error"]["message"].startswith("File not found")
    assert result["cancelled"] is False
    assert result["steps"]["big"]["because"] == "rows"


@pytest.mark.parametrize(
    "config", [{}, {"steps": None}, {"steps": "x"}, {"steps": [3]}, [], None, 3]
)
def test_malformed_configurations_are_refused(native, config):
    with pytest.raises(ValidationError):
        native.execute_workflow(config)
    with pytest.raises(ValueError):
        execute_workflow_rust(config)


def test_dag_has_levels_and_edges(native, engine):
    for dag in (native.create_dag(DIAMOND), engine.create_dag(DIAMOND)):
        assert dag == {
            "dag_created": True,
            "num_steps": 4,
            "message": "4 steps in 3 levels",
            "levels": [["a"], ["c", "b"], ["d"]],
            "edges": dag["edges"],
        }
        assert sorted(map(tuple, dag["edges"])) == [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]


def test_cycle_is_a_value_error_with_its_path(native, engine):
    steps = [
        {"name": "a", "type": "x", "depends_on": ["c"]},
        {"name": "b", "type": "x", "depends_on": ["a"]},
        {"name": "c", "type": "x", "depends_on": ["b"]},
    ]
    for call in (native.create_dag, engine.create_dag):
        with pytest.raises(ValueError, match=r"a -> b -> c -> a|a -> c -> b -> a") as caught:
            call(steps)
        assert caught.value.cycle[0] == caught.value.cycle[-1]
        assert set(caught.value.cycle) == {"a", "b", "c"}
    with pytest.raises(ValueError, match="->"):
        native.execute_workflow({"steps": [{**step, "type": "read"} for step in steps]})


def test_single_step_reads_and_filters(native, engine, source):
    done = native.execute_step("read", {"input": source}, {"variables": {}})
    assert done.keys() == {"status", "step_type", "message", "rows", "output"}
    assert (done["status"], done["step_type"], done["rows"]) == ("executed", "read", 3)
    assert isinstance(done["output"], pa.Table)
    context = {"variables": {"least": 15}, "data": {"rows": done["output"]}}
    kept = engine.execute_step("filter", {"where": "amount > ${least}"}, context)
    assert kept["output"].to_pydict() == {"id": [2, 3], "amount": [20, 30]}
    idle = native.execute_step("compute", {}, {})
    assert (idle["status"], idle["rows"], idle["output"]) == ("executed", None, None)


def test_single_step_that_fails_raises(native, tmp_path):
    with pytest.raises(StepError, match="File not found") as caught:
        native.execute_step("read", {"input": str(tmp_path / "none.csv")}, {})
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    table = pa.table({"x": [1, 0]})
    with pytest.raises(StepError, match="division by zero"):
        native.execute_step("transform", {"columns": {"y": "1 / x"}}, {"data": {"t": table}})
    with pytest.raises(ValidationError, match="did you mean"):
        native.execute_step("filter", {"wher": "x > 1"}, {"data": {"t": table}})


def test_progress_dicts(engine):
    seen = []
    engine.execute_workflow({"steps": CHAIN}, on_progress=seen.append)
    assert [(event["type"], event["step_id"]) for event in seen] == [
        (kind, name) for name in ("load", "shape", "store") for kind in ("started", "completed")
    ]
    for event in seen:
        assert event.keys() == {"type", "step_id", "timestamp", "message"}
        assert abs(event["timestamp"] - time.time()) < 60
        assert event["message"]


def test_progress_of_a_failure_and_of_a_cancel(engine):
    seen = []

    def fails(kind, name, config, ctx):
        raise KeyError("no key")

    engine.execute_workflow({"steps": CHAIN}, on_progress=seen.append, step_handler=fails)
    assert [event["type"] for event in seen] == ["started", "failed"]
    assert "no key" in seen[1]["error"]
    seen.clear()
    token = CancellationToken()
    token.cancel()
    result = engine.execute_workflow({"steps": CHAIN}, on_progress=seen.append, cancel_token=token)
    assert (result["status"], result["cancelled"], result["steps_executed"]) == ("failed", True, 0)
    assert [(event["type"], event["step_id"]) for event in seen] == [
        ("cancelled", name) for name in ("load", "shape", "store")
    ]


def test_progress_callback_that_raises_does_not_stop_the_run(engine):
    calls = []

    def broken(event):
        calls.append(event)
        raise ValueError("broken")

    result = engine.execute_workflow({"steps": CHAIN}, on_progress=broken)
    assert (result["status"], result["steps_executed"]) == ("completed", 3)
    assert len(calls) == 1


def test_ctrl_c_in_a_progress_callback_cancels(engine):
    ran = []

    def handler(kind, name, config, ctx):
        ran.append(name)
        time.sleep(0.1)

    def interrupts(event):
        raise KeyboardInterrupt

    steps = [
        {"name": f"s{i}", "type": "x", "depends_on": [f"s{i - 1}"] if i else []} for i in range(20)
    ]
    with pytest.raises(KeyboardInterrupt):
        engine.execute_workflow({"steps": steps}, on_progress=interrupts, step_handler=handler)
    assert len(ran) < 5


def test_handler_is_called_in_topological_then_file_order(engine):
    ran = []

    def handler(kind, name, config, ctx):
        ran.append(name)

    for _ in range(5):
        ran.clear()
        engine.execute_workflow({"steps": DIAMOND}, step_handler=handler)
        assert ran == ["a", "c", "b", "d"]


def test_handler_gets_type_name_config_and_context(engine):
    seen = {}

    def handler(kind, name, config, ctx):
        seen[name] = (kind, config, {**ctx, "data": dict(ctx["data"])})
        return {"load": pa.table({"x": [1, 2]}), "shape": {"k": [1, None]}}.get(name)

    config = {
        "variables": {"v": 7},
        "steps": [
            {"name": "load", "type": "read", "config": {"input": "file.parquet"}},
            {"name": "shape", "type": "compute", "depends_on": ["load"], "config": {"k": "${v}"}},
            {"name": "store", "type": "write", "depends_on": ["shape"], "odd": {"deep": [1]}},
        ],
    }
    result = engine.execute_workflow(config, step_handler=handler)
    assert result["status"] == "completed", result["error"]
    assert [seen[name][0] for name in ("load", "shape", "store")] == ["read", "compute", "write"]
    assert "file.parquet" in str(seen["load"][1])
    assert seen["shape"][1] == {"k": 7}
    assert seen["store"][1]["odd"] == {"deep": [1]}
    for _, _, context in seen.values():
        assert context.keys() == {"data", "variables", "attempt", "run_id", "is_cancelled"}
        assert context["variables"] == {"v": 7}
        assert context["attempt"] == 1
        assert context["run_id"] == result["run_id"]
        assert context["is_cancelled"]() is False
    assert seen["load"][2]["data"] == {}
    assert seen["shape"][2]["data"]["load"].to_pydict() == {"x": [1, 2]}
    assert seen["store"][2]["data"]["shape"] == {"k": [1, None]}


class Odd:
    """Something that no format knows."""


@pytest.mark.parametrize(
    "value",
    [1, "text", 2.5, [1, "a"], {"a": {"b": [None]}}, (1, 2), b"\x00", math.inf, Odd(), True, 0, ""],
    ids=lambda value: type(value).__name__ + repr(value)[:8],
)
def test_handler_may_return_anything(engine, value):
    seen = []

    def handler(kind, name, config, ctx):
        seen.append(dict(ctx["data"]))
        return value if name != "store" else None

    result = engine.execute_workflow({"steps": CHAIN}, step_handler=handler)
    assert result["status"] == "completed", result["error"]
    assert seen[1]["load"] is value or seen[1]["load"] == value


@pytest.mark.parametrize(
    "make",
    [
        lambda: pa.table({"x": [1, 2]}),
        lambda: pa.record_batch({"x": [1, 2]}),
        lambda: pd.DataFrame({"x": [1, 2]}),
        lambda: pa.table({"x": [1, 2]}).to_reader(),
    ],
    ids=["table", "batch", "pandas", "reader"],
)
def test_arrow_results_come_out_as_tables(engine, make):
    seen = []

    def handler(kind, name, config, ctx):
        seen.append(dict(ctx["data"]))
        return make()

    result = engine.execute_workflow({"steps": CHAIN[:2]}, step_handler=handler)
    assert result["status"] == "completed", result["error"]
    assert isinstance(seen[1]["load"], pa.Table)
    assert seen[1]["load"].to_pydict() == {"x": [1, 2]}
    assert result["outputs"]["shape"].to_pydict() == {"x": [1, 2]}
    assert result["steps"]["load"]["rows"] == 2


def test_terminal_results_of_a_handler_are_outputs(engine):
    result = engine.execute_workflow(
        {"steps": CHAIN}, step_handler=lambda kind, name, config, ctx: {"from": name}
    )
    assert result["outputs"] == {"store": {"from": "store"}}


@pytest.mark.parametrize("error", [ValueError("boom"), KeyError("boom"), SystemExit("boom")])
def test_exception_of_a_handler_fails_the_step(engine, error):
    def handler(kind, name, config, ctx):
        if name == "shape":
            raise error
        return 1

    result = engine.execute_workflow({"steps": CHAIN}, step_handler=handler)
    assert (result["status"], result["failed_steps"], result["skipped_steps"]) == ("failed", 1, 1)
    assert result["error"]["step"] == "shape"
    assert result["error"]["kind"] == "python"
    assert result["error"]["exception"] is error
    assert "boom" in result["error"]["message"]
    assert result["steps"]["store"]["status"] == "skipped"


def test_handler_sees_the_cancel(engine):
    token, ran = CancellationToken(), []

    def handler(kind, name, config, ctx):
        ran.append(name)
        token.cancel()
        assert ctx["is_cancelled"]() is True

    result = engine.execute_workflow({"steps": CHAIN}, step_handler=handler, cancel_token=token)
    assert ran == ["load"]
    assert (result["status"], result["cancelled"]) == ("failed", True)
    assert result["steps"]["store"]["status"] == "cancelled"


def test_event_of_the_standard_library_cancels_too(engine):
    event = threading.Event()

    def handler(kind, name, config, ctx):
        event.set()
        deadline = time.monotonic() + 20
        while not ctx["is_cancelled"]():
            assert time.monotonic() < deadline
            time.sleep(0.005)

    result = engine.execute_workflow({"steps": CHAIN}, step_handler=handler, cancel_token=event)
    assert result["cancelled"] is True


def test_independent_handlers_run_at_the_same_time(native):
    barrier = threading.Barrier(3, timeout=20)
    steps = [{"name": name, "type": "x"} for name in "abc"]
    result = RustWorkflowEngine(3).execute_workflow(
        {"steps": steps}, step_handler=lambda *_: barrier.wait()
    )
    assert result["status"] == "completed", result["error"]
    assert result["peak_parallelism"] == 3


def test_metrics_count_runs(native, engine):
    keys = {
        "total_workflows",
        "total_steps",
        "avg_execution_ms",
        "parallel_speedup",
        "failed_workflows",
        "cached_steps",
    }
    before = engine.get_metrics()
    assert before.keys() == keys
    engine.execute_workflow({"steps": CHAIN})
    engine.execute_workflow({"steps": CHAIN}, step_handler=lambda *_: 1 / 0)
    after = native.workflow_metrics()
    assert after["total_workflows"] == before["total_workflows"] + 2
    assert after["failed_workflows"] == before["failed_workflows"] + 1
    assert after["total_steps"] >= before["total_steps"] + 3
    assert after["avg_execution_ms"] > 0
    assert after["parallel_speedup"] > 0
    assert after["cached_steps"] == 0
