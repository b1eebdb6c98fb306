"""Runs: results, failures with their place and cause, events, cancelling."""

from __future__ import annotations

import json
import threading
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import parquetframe as pf
from parquetframe import errors
from parquetframe.workflow import RunResult


@pytest.fixture
def wf(tmp_path, flights):
    """Carriers by number of late flights, saved as Parquet."""
    wf = pf.Workflow("late", variables={"late_min": 15}, base_dir=tmp_path)
    late = wf.read("flights", path="flights.csv").filter("late", where="arr_delay > ${late_min}")
    counted = late.groupby("by_carrier", by="carrier", agg={"n": "count"}, sort=True)
    counted.save("out", path="out/carriers.parquet")
    return wf


def fail(message="boom"):
    def raiser(*_tables):
        raise LookupError(message)

    return raiser


def test_run_saves_and_returns(backend, wf, tmp_path):
    result = wf.run()
    assert isinstance(result, RunResult)
    assert (result.status, result.engine, result.error) == ("completed", backend, None)
    path = tmp_path / "out" / "carriers.parquet"
    assert pq.read_table(path).to_pydict() == {"carrier": ["AA", "UA"], "n": [1, 1]}
    file = result.files["out"]
    assert (file.path, file.rows, file.bytes) == (str(path), 2, path.stat().st_size)
    assert file.checksum
    assert list(result.steps) == ["flights", "late", "by_carrier", "out"]
    assert {step.status for step in result.steps.values()} == {"succeeded"}
    assert result.steps["out"].type == "save"
    assert result.execution_time_ms > 0
    metrics = result.metrics
    assert (metrics["total_steps"], metrics["steps_executed"], metrics["failed_steps"]) == (4, 4, 0)
    assert metrics["peak_parallelism"] >= 1


def test_saved_dataset_is_read_back_on_first_use(backend, wf):
    result = wf.run()
    assert "by_carrier" in result.outputs
    table = result.outputs["by_carrier"]
    assert isinstance(table, pa.Table)
    assert table.to_pydict() == {"carrier": ["AA", "UA"], "n": [1, 1]}
    assert result.outputs["by_carrier"] is table
    assert result.outputs["out"].equals(table)


def test_saved_csv_is_read_back_with_its_own_dialect(backend, tmp_path, flights):
    wf = pf.Workflow("csv", base_dir=tmp_path)
    read = wf.read("a", path="flights.csv", columns=["carrier", "arr_delay"])
    read.save("out", path="o[1].csv", delimiter=";", null_value="NA")
    table = wf.run().outputs["a"]
    assert table["arr_delay"].to_pylist() == [20, -5, 31, None, 5]


def test_typed_format_is_read_back_before_csv(backend, tmp_path, flights):
    wf = pf.Workflow("both", base_dir=tmp_path)
    a = wf.read("a", path="flights.csv").cast("typed", columns={"arr_delay": "int8"})
    a.save("text", path="o.csv")
    a.save("typed_file", path="o.parquet")
    table = wf.run().outputs["typed"]
    assert table.schema.field("arr_delay").type == pa.int8()


def test_changed_file_is_not_passed_off_as_the_output(backend, wf, tmp_path):
    result = wf.run()
    (tmp_path / "out" / "carriers.parquet").write_bytes(b"something else")
    with pytest.raises(errors.IoError, match="since the run"):
        result.outputs["by_carrier"]


def test_released_dataset_suggests_keep(backend, wf):
    result = wf.run()
    assert "late" not in result.outputs
    with pytest.raises(KeyError, match=r"run\(keep=\['late'\]\)"):
        result.outputs["late"]
    with pytest.raises(KeyError, match="did you mean 'late'"):
        result.outputs["lat"]
    kept = wf.run(keep=["late"])
    assert kept.outputs["late"].num_rows == 2
    assert wf.run(keep=wf["late"]).outputs["late"].num_rows == 2
    assert {"late", "by_carrier"} <= set(kept.outputs)
    assert len(kept.outputs) == len(list(kept.outputs))


def test_terminal_dataset_is_returned(backend, tmp_path, flights):
    wf = pf.Workflow("t", base_dir=tmp_path)
    wf.read("a", path="flights.csv").limit("two", n=2)
    assert wf.run().outputs["two"]["carrier"].to_pylist() == ["AA", "AA"]


def test_variables_and_max_parallel_of_the_call_win(backend, wf):
    assert wf.run({"late_min": 25}).outputs["by_carrier"]["carrier"].to_pylist() == ["UA"]
    assert wf.run(max_parallel=1).metrics["parallel_workers"] == 1


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"max_parallel": 0}, ValueError),
        ({"max_parallel": "2"}, TypeError),
        ({"max_parallel": True}, TypeError),
        ({"keep": ["latte"]}, ValueError),
        ({"engine": "spark"}, ValueError),
        ({"cancel": "now"}, TypeError),
    ],
)
def test_wrong_options_are_refused_before_the_run(backend, wf, tmp_path, options, error):
    with pytest.raises(error):
        wf.run(**options)
    assert not (tmp_path / "out").exists()


def test_invalid_workflow_runs_nothing(backend, wf, tmp_path):
    wf.filter("odd", where="x > 1", input="flihgts")
    with pytest.raises(errors.ValidationError, match="flihgts") as caught:
        wf.run()
    assert caught.value.problems
    assert not (tmp_path / "out").exists()


def test_step_error_has_place_hint_and_typed_cause(backend, tmp_path, flights):
    path = tmp_path / "pipeline.yml"
    path.write_text(
        "name: late\n"
        "steps:\n"
        "  - {name: flights, type: read, path: flights.csv}\n"
        "  - name: late\n"
        "    type: filter\n"
        "    input: flights\n"
        "    where: arr_dely > 15\n",
        encoding="utf-8",
    )
    with pytest.raises(errors.StepError) as caught:
        pf.Workflow.from_yaml(path).run()
    error = caught.value
    lines = str(error).splitlines()
    assert lines[0].startswith(f"{path}:7:12: error[E3")
    assert "step 'late':" in lines[0]
    assert lines[1] == "    7 |     where: arr_dely > 15"
    assert lines[2].strip(" |").startswith("^")
    assert lines[3].startswith("   hint: did you mean 'arr_delay'?")
    assert (error.step, error.kind, error.location) == ("late", "data", f"{path}:7:12")
    assert error.hint.startswith("did you mean 'arr_delay'?")
    assert isinstance(error.__cause__, errors.SchemaError | errors.ExpressionError)
    assert isinstance(error.__cause__, ValueError)
    assert error.__cause__.hint == error.hint
    assert error.result.steps["late"].status == "failed"
    assert not isinstance(error, errors.CheckError)


def test_missing_file_keeps_its_class(backend, tmp_path):
    wf = pf.Workflow("gone", base_dir=tmp_path)
    wf.read("a", path="gone.csv")
    with pytest.raises(errors.StepError, match="File not found") as caught:
        wf.run()
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    assert caught.value.__cause__.path.endswith("gone.csv")
    assert caught.value.kind == "io"


def test_exception_of_a_function_is_the_cause(backend, tmp_path, flights):
    wf = pf.Workflow("py", base_dir=tmp_path)
    wf.read("a", path="flights.csv").python("broken", call=fail("no such key"))
    with pytest.raises(errors.StepError, match="no such key") as caught:
        wf.run()
    assert type(caught.value.__cause__) is LookupError
    assert (caught.value.step, caught.value.kind) == ("broken", "python")


def test_local_function_runs(backend, tmp_path, flights):
    wf = pf.Workflow("py", base_dir=tmp_path)
    a = wf.read("a", path="flights.csv")

    @wf.step(input=[a], args={"k": 2})
    def head(flights, *, k=3):
        return flights.slice(0, k)

    assert wf.validate() == []
    assert wf.run().outputs["head"].num_rows == 2


def test_failed_check_is_a_check_error(backend, tmp_path, flights):
    wf = pf.Workflow("check", base_dir=tmp_path)
    a = wf.read("a", path="flights.csv")
    a.check("good", rules=[{"not_null": ["arr_delay"]}]).save("out", path="out.csv")
    with pytest.raises(errors.CheckError) as caught:
        wf.run()
    assert caught.value.step == "good"
    result = caught.value.result
    assert result.status == "failed"
    assert result.steps["out"].status in ("skipped", "cancelled")
    assert result.steps["out"].because in ("good", None)
    assert result.files == {}
    assert not (tmp_path / "out.csv").exists()


def test_result_instead_of_error(backend, tmp_path, flights):
    wf = pf.Workflow("py", base_dir=tmp_path, settings={"fail_fast": False})
    a = wf.read("a", path="flights.csv")
    a.python("broken", call=fail()).limit("after", n=1)
    a.limit("fine", n=1)
    result = wf.run(raise_on_error=False)
    assert result.status == "failed"
    assert isinstance(result.error, errors.StepError)
    assert result.error is result.steps["broken"].error
    assert result.steps["after"].status == "skipped"
    assert result.steps["after"].because == "broken"
    assert result.outputs["fine"].num_rows == 1
    with pytest.raises(KeyError, match="step 'broken' failed"):
        result.outputs["broken"]
    with pytest.raises(KeyError, match="step 'after' was skipped"):
        result.outputs["after"]
    assert str(result.error) in result.summary()


def test_summary_dict_and_html(backend, wf):
    result = wf.run()
    first, *rest = result.summary().splitlines()
    assert first.startswith("late completed in ")
    assert len(rest) == 5
    data = json.loads(json.dumps(result.to_dict()))
    assert data["status"] == "completed"
    assert data["files"]["out"]["rows"] == 2
    assert data["steps"]["late"]["status"] == "succeeded"
    html = result._repr_html_()
    assert "<td>by_carrier</td>" in html


def test_events_reach_both_callbacks(backend, wf):
    progress, events = [], []
    result = wf.run(progress=progress.append, on_event=events.append)
    assert progress == events
    kinds = [event["type"] for event in events]
    assert kinds[0] == "run_started"
    assert kinds[-1] == "run_finished"
    assert kinds.count("step_started") == kinds.count("step_completed") == 4
    assert "output_published" in kinds
    assert [event["seq"] for event in events] == sorted(event["seq"] for event in events)
    assert {event["run_id"] for event in events} == {result.run_id}
    assert {event["v"] for event in events} == {1}


def test_raising_callback_is_dropped_and_reported(backend, wf):
    calls = []

    def broken(event):
        calls.append(event)
        raise LookupError("display is gone")

    events = []
    result = wf.run(progress=broken, on_event=events.append)
    assert result.status == "completed"
    assert len(calls) == 1
    assert len(events) > 5
    assert any("display is gone" in text for text in result.warnings)


def test_interrupt_in_a_callback_cancels(backend, wf):
    def interrupt(event):
        if event["type"] == "step_started":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wf.run(on_event=interrupt)


@pytest.mark.parametrize("make", [pf.CancellationToken, threading.Event])
def test_token_cancels_the_run(backend, tmp_path, flights, make):
    token = make()
    wf = pf.Workflow("cancel", base_dir=tmp_path)
    a = wf.read("a", path="flights.csv")

    @wf.step(input=[a])
    def stop(a, *, ctx):
        token.cancel() if hasattr(token, "cancel") else token.set()
        # A foreign flag is looked at every few milliseconds.
        deadline = time.monotonic() + 10
        while not ctx.cancelled() and time.monotonic() < deadline:
            time.sleep(0.001)
        return a

    wf["stop"].save("out", path="out.csv")
    events = []
    with pytest.raises(errors.RunCancelled, match="was cancelled") as caught:
        wf.run(cancel=token, on_event=events.append)
    assert caught.value.result.status == "cancelled"
    assert events[-1]["type"] == "run_finished"
    assert not (tmp_path / "out.csv").exists()
    assert wf.run(cancel=token, raise_on_error=False).status == "cancelled"


def test_settings_choose_the_engine(tmp_path, flights, monkeypatch):
    monkeypatch.delenv("PARQUETFRAME_BACKEND", raising=False)
    wf = pf.Workflow("w", base_dir=tmp_path, settings={"engine": "python"})
    wf.read("a", path="flights.csv")
    assert wf.run().engine == "python"
