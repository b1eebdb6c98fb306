"""Events: complete, in order, and harmless whatever the receiver does."""

from __future__ import annotations

import logging
import time
from collections import Counter

import pytest

import parquetframe as pf
from parquetframe.errors import StepError

ENDS = {"step_completed", "step_failed", "step_skipped", "step_cancelled"}
TYPES = ENDS | {"run_started", "step_started", "output_published", "warning", "run_finished"}
KEYS = {"v", "seq", "type", "run_id", "ts", "t_ms", "step", "message", "rows", "error", "because"}

READ = "{name: rows, type: read, path: in.csv}"
GOOD = [
    READ,
    "{name: big, type: filter, input: rows, where: amount > 15}",
    "{name: small, type: filter, input: rows, where: amount <= 15}",
    "{name: both, type: union, input: [big, small]}",
    "{name: saved, type: save, input: both, path: out.csv}",
]
BAD = "{name: bad, type: transform, input: rows, columns: {z: 1 / (id - 2)}}"
AFTER = "{name: after, type: sort, input: bad, by: [z]}"
BRANCH = [
    "{name: other, type: read, path: other.csv}",
    "{name: kept, type: limit, input: other, n: 1}",
]


def check_grammar(events, steps):
    """What holds for the events of every run."""
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert events[0]["type"] == "run_started" and events[-1]["type"] == "run_finished"
    assert len({event["run_id"] for event in events}) == 1
    assert [event["t_ms"] for event in events] == sorted(event["t_ms"] for event in events)
    for event in events:
        assert event.keys() >= KEYS, event
        assert event["type"] in TYPES
        assert event["v"] == 1
        assert abs(event["ts"] - time.time()) < 60
    began = Counter(e["step"] for e in events if e["type"] == "step_started")
    ended = Counter(e["step"] for e in events if e["type"] in ENDS)
    assert ended == Counter(steps)
    assert set(began.values()) <= {1}
    for step in began:
        kinds = [e["type"] for e in events if e["step"] == step]
        assert kinds[0] == "step_started"
        assert kinds[-1] in ENDS
    for step in set(steps) - set(began):
        kinds = [e["type"] for e in events if e["step"] == step]
        assert kinds in (["step_skipped"], ["step_cancelled"]), (step, kinds)


def run(workflow, **options):
    events = []
    result = workflow.run(on_event=events.append, raise_on_error=False, **options)
    check_grammar(events, list(result.steps))
    assert events[-1]["status"] == result.status
    for event in events:
        if event["type"] in ENDS:
            status = {"step_completed": "succeeded"}.get(event["type"], event["type"][5:])
            assert result.steps[event["step"]].status == status
    return result, events


def ends(events):
    return {event["step"]: event["type"][5:] for event in events if event["type"] in ENDS}


@pytest.mark.parametrize("fuse", ["true", "false"])
@pytest.mark.parametrize("workers", [1, 2, 8])
def test_every_start_has_one_end(backend, folder, workers, fuse):
    workflow = folder.flow(GOOD, head=f"settings: {{fuse: {fuse}}}\n")
    result, events = run(workflow, max_parallel=workers)
    assert result.status == "completed"
    assert ends(events) == dict.fromkeys(("rows", "big", "small", "both", "saved"), "completed")
    (published,) = (event for event in events if event["type"] == "output_published")
    assert published["path"] == str(folder.path / "out.csv")
    assert (published["step"], published["rows"]) == ("saved", 3)
    assert published["bytes"] == (folder.path / "out.csv").stat().st_size
    rows = {e["step"]: e["rows"] for e in events if e["type"] == "step_completed"}
    assert rows == {"rows": 3, "big": 2, "small": 1, "both": 3, "saved": 3}


def test_inputs_end_before_their_consumer_starts(backend, folder):
    _, events = run(folder.flow(GOOD, head="settings: {fuse: false}\n"), max_parallel=8)
    at = {(event["type"], event["step"]): event["seq"] for event in events}
    for before, after in (
        ("rows", "big"),
        ("rows", "small"),
        ("big", "both"),
        ("small", "both"),
        ("both", "saved"),
    ):
        assert at["step_completed", before] < at["step_started", after]


@pytest.mark.parametrize("fuse", ["true", "false"])
def test_one_worker_runs_in_the_same_order_every_time(backend, folder, fuse):
    names = [f"step_{i}" for i in range(12)]
    steps = [READ, *(f"{{name: {name}, type: limit, input: rows, n: 2}}" for name in names)]
    workflow = folder.flow(steps, head=f"settings: {{fuse: {fuse}}}\n")
    seen = []
    for _ in range(5):
        _, events = run(workflow, max_parallel=1)
        seen.append([(e["type"], e["step"]) for e in events])
    assert all(order == seen[0] for order in seen)
    assert [step for kind, step in seen[0] if kind == "step_started"] == ["rows", *names]


def test_fail_fast_cancels_what_has_not_begun(backend, folder):
    workflow = folder.flow([READ, BAD, AFTER, *BRANCH])
    result, events = run(workflow, max_parallel=1)
    assert result.status == "failed"
    states = ends(events)
    assert (states["bad"], states["after"]) == ("failed", "skipped")
    assert result.steps["after"].because == "bad"
    assert (states["other"], states["kept"]) in (
        ("cancelled", "cancelled"),
        ("completed", "cancelled"),
        ("completed", "completed"),
    )
    (failed,) = (event for event in events if event["type"] == "step_failed")
    assert failed["error"]["message"].startswith("division by zero")
    (skipped,) = (event for event in events if event["type"] == "step_skipped")
    assert (skipped["step"], skipped["because"]) == ("after", "bad")


def test_without_fail_fast_other_branches_go_on(backend, folder):
    workflow = folder.flow(
        [READ, BAD, AFTER, *BRANCH], head="settings: {fail_fast: false, fuse: false}\n"
    )
    for workers in (1, 2):
        result, events = run(workflow, max_parallel=workers)
        assert result.status == "failed"
        states = ends(events)
        assert states == {
            "rows": "completed",
            "bad": "failed",
            "after": "skipped",
            "other": "completed",
            "kept": "completed",
        }
        assert result.outputs["kept"].num_rows == 1
        metrics = result.metrics
        assert (metrics["failed_steps"], metrics["skipped_steps"]) == (1, 1)
        assert metrics["steps_executed"] == 3


def test_first_failure_is_raised_and_the_others_are_in_the_records(backend, folder):
    second = BAD.replace("bad", "worse").replace("id - 2", "id - 3")
    workflow = folder.flow([READ, BAD, second], head="settings: {fail_fast: false}\n")
    with pytest.raises(StepError) as caught:
        workflow.run(max_parallel=1)
    assert caught.value.step == "bad"
    result = caught.value.result
    assert {name: step.status for name, step in result.steps.items()} == {
        "rows": "succeeded",
        "bad": "failed",
        "worse": "failed",
    }
    assert result.steps["worse"].error.step == "worse"


def test_callback_that_raises_is_dropped_and_the_run_goes_on(backend, folder, caplog):
    calls, others = [], []

    def broken(event):
        calls.append(event)
        raise ValueError("the receiver is broken")

    workflow = folder.flow(GOOD)
    with caplog.at_level(logging.ERROR, logger="parquetframe.workflow"):
        result = workflow.run(on_event=broken, progress=others.append)
    assert result.status == "completed"
    assert len(calls) == 1
    check_grammar(others, list(result.steps))
    (warning,) = result.warnings
    assert "broken raised ValueError: the receiver is broken and was dropped" in warning
    assert len(caplog.records) == 1


def test_ctrl_c_in_a_callback_cancels_the_run(backend, folder):
    called = []

    def step(name):
        def function(rows):
            called.append(name)
            time.sleep(0.05)
            return rows

        return function

    workflow = pf.Workflow("interrupted")
    last = workflow.read("a", path=str(folder.path / "in.csv"))
    names = [f"s{i}" for i in range(40)]
    for name in names:
        last = workflow.python(name, call=step(name), input=last)
    last.save("saved", path=str(folder.path / "out.parquet"))
    before = folder.digests()

    def interrupts(event):
        if event["type"] == "step_completed" and event["step"] == "s1":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workflow.run(on_event=interrupts, max_parallel=1)
    assert called[:2] == ["s0", "s1"]
    assert len(called) < 10
    assert folder.digests() == before


def test_all_events_are_delivered_before_the_run_returns(backend, folder):
    slow = []

    def receiver(event):
        time.sleep(0.005)
        slow.append(event)

    result = folder.flow(GOOD).run(on_event=receiver)
    check_grammar(slow, list(result.steps))


def test_events_come_from_the_calling_thread(backend, folder):
    import threading

    threads = set()
    folder.flow(GOOD).run(on_event=lambda _event: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


def test_warnings_are_events_and_results(backend, folder):
    check = "{name: checked, type: check, input: rows, severity: warn, rules: [{rows: {min: 9}}]}"
    result, events = run(folder.flow([READ, check]))
    assert result.status == "completed"
    warnings = [event for event in events if event["type"] == "warning"]
    assert [event["step"] for event in warnings] == ["checked"]
    assert len(result.warnings) == 1
    assert warnings[0]["message"] in result.warnings[0]
