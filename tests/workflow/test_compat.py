"""Configurations, results and events of parquetframe 2.0."""

from __future__ import annotations

import pyarrow as pa
import pytest

from parquetframe.errors import CycleError, StepError, ValidationError
from parquetframe.workflow import compat

CHAIN = [
    {"name": "load", "type": "read"},
    {"name": "shape", "type": "compute", "depends_on": ["load"]},
    {"name": "store", "type": "write", "depends_on": ["shape"]},
]


def types_of(canonical):
    return {step["name"]: step["type"] for step in canonical["steps"]}


def test_steps_without_keys_do_nothing():
    canonical = compat.canonicalize({"steps": CHAIN})
    assert set(types_of(canonical).values()) == {"noop"}
    assert canonical["steps"][1]["depends_on"] == ["load"]


def test_steps_with_keys_are_real(tmp_path):
    config = {
        "name": "real",
        "steps": [
            {"name": "a", "type": "read", "config": {"input": str(tmp_path / "a.csv")}},
            {"name": "b", "type": "filter", "input": "a", "config": {"query": "x > 1"}},
            {"name": "c", "type": "write", "input": "b", "output": str(tmp_path / "c.csv")},
        ],
    }
    canonical = compat.canonicalize(config)
    assert types_of(canonical) == {"a": "read", "b": "filter", "c": "save"}
    assert canonical["steps"][1]["config"] == {"where": "x > 1"}
    assert canonical["steps"][2]["config"]["path"] == str(tmp_path / "c.csv")


def test_unknown_type_needs_a_handler():
    config = {"steps": [{"name": "a", "type": "compute", "config": {"k": "v"}}]}
    with pytest.raises(ValidationError, match="compute"):
        compat.canonicalize(config)
    canonical = compat.canonicalize(config, has_handler=True)
    assert canonical["steps"][0]["name"] == "a"


def test_handler_gets_the_configuration():
    config = {
        "variables": {"x": 1},
        "steps": [
            {"name": "s1", "type": "read", "config": {"input": "file.parquet"}},
            {"name": "s2", "type": "compute", "depends_on": ["s1"], "config": {"k": "v"}},
        ],
    }
    canonical = compat.canonicalize(config, has_handler=True)
    assert canonical["variables"] == {"x": 1}
    assert "v" in str(canonical["steps"][1]["config"])
    assert canonical["steps"][1]["depends_on"] == ["s1"]


def test_cycle_is_a_value_error_with_its_path():
    steps = [
        {"name": "a", "type": "read", "depends_on": ["b"]},
        {"name": "b", "type": "read", "depends_on": ["a"]},
    ]
    for make in (
        lambda: compat.canonicalize({"steps": steps}),
        lambda: compat.canonicalize_steps(steps),
    ):
        with pytest.raises(CycleError, match=r"a.*b") as caught:
            make()
        assert isinstance(caught.value, ValueError)
        assert caught.value.cycle[0] == caught.value.cycle[-1]


@pytest.mark.parametrize("config", [{}, {"steps": None}, {"steps": "x"}, {"steps": [3]}, []])
def test_malformed_configurations_are_refused(config):
    with pytest.raises(ValidationError):
        compat.canonicalize(config)


def test_graph_of_steps_allows_unknown_types():
    steps = [
        *CHAIN,
        {"name": "odd", "type": "merge_all", "config": {"k": 1}, "depends_on": ["load"]},
    ]
    canonical = compat.canonicalize_steps(steps)
    assert [step["name"] for step in canonical["steps"]] == ["load", "shape", "store", "odd"]
    with pytest.raises(ValidationError, match="nowhere"):
        compat.canonicalize_steps([{"name": "a", "type": "read", "depends_on": ["nowhere"]}])


def test_single_step_reads_the_tables_of_its_context():
    table = pa.table({"x": [1, 2]})
    canonical = compat.canonicalize_step(
        "filter", {"where": "x > ${least}"}, {"variables": {"least": 1}, "data": {"t": table}}
    )
    source, step = canonical["steps"]
    assert (source["type"], step["type"], step["inputs"]) == ("python", "filter", ["t"])
    assert canonical["callables"]["t"]() is table
    assert step["config"]["where"] == "x > 1"
    idle = compat.canonicalize_step("compute", {}, {"variables": {}})
    assert types_of(idle) == {"step": "noop"}


def result(**changes):
    raw = {
        "status": "completed",
        "run_id": "r1",
        "total_steps": 1,
        "steps_executed": 1,
        "failed_steps": 0,
        "skipped_steps": 0,
        "execution_time_ms": 0.0,
        "busy_ms": 0.0,
        "parallel_workers": 1,
        "peak_parallelism": 1,
        "cancelled": False,
        "error": None,
        "outputs": {"step": pa.table({"x": [1]})},
        "warnings": [],
        "steps": {"step": {"status": "succeeded", "rows": 1}},
    }
    return {**raw, **changes}


def test_result_has_the_keys_of_2_0():
    done = compat.compat_result(result(), 3)
    assert (done["status"], done["parallel_workers"], done["cancelled"]) == ("completed", 3, False)
    assert done["execution_time_ms"] > 0
    assert compat.compat_result(result())["parallel_workers"] >= 1
    stopped = compat.compat_result(result(status="cancelled", cancelled=True), 1)
    assert (stopped["status"], stopped["cancelled"]) == ("failed", True)
    assert {"total_steps", "steps_executed", "failed_steps", "peak_parallelism"} <= done.keys()
    assert {"skipped_steps", "run_id", "error", "outputs", "steps", "warnings"} <= done.keys()


def test_result_of_one_step():
    canonical = {"steps": [{"name": "step", "output": "step"}]}
    done = compat.step_result("read", canonical, result())
    assert (done["status"], done["step_type"], done["rows"]) == ("executed", "read", 1)
    assert done["output"].num_rows == 1
    assert "read" in done["message"]
    error = {
        "step": "step",
        "key": None,
        "code": "E501",
        "kind": "io",
        "class": "SourceNotFound",
        "message": "File not found: a.csv",
        "hint": None,
        "data": {"path": "a.csv"},
    }
    with pytest.raises(StepError, match=r"File not found: a\.csv") as caught:
        compat.step_result("read", canonical, result(status="failed", error=error))
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_result_of_a_graph():
    planned = {"order": ["a", "b"], "levels": [["a"], ["b"]], "edges": [["a", "b"]]}
    done = compat.dag_result(planned)
    assert (done["dag_created"], done["num_steps"]) == (True, 2)
    assert done["message"] == "2 steps in 2 levels"


@pytest.mark.parametrize(
    ("kind", "progress"),
    [
        ("step_started", "started"),
        ("step_completed", "completed"),
        ("step_failed", "failed"),
        ("step_cancelled", "cancelled"),
    ],
)
def test_progress_events(kind, progress):
    event = {"type": kind, "step": "late", "ts": 12.5, "message": None}
    if kind == "step_failed":
        event["error"] = {"message": "no column 'x'"}
    mapped = compat.progress_event(event)
    assert (mapped["type"], mapped["step_id"], mapped["timestamp"]) == (progress, "late", 12.5)
    assert mapped["message"]
    assert mapped.get("error") == ("no column 'x'" if progress == "failed" else None)


def test_events_that_2_0_had_not():
    for kind in ("run_started", "run_finished", "output_published", "step_skipped", "warning"):
        assert compat.progress_event({"type": kind, "step": None, "ts": 0.0}) is None
