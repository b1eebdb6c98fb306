"""Cancelling stops the work soon and leaves only complete files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

import parquetframe as pf
from parquetframe.errors import RunCancelled

# A thread, because no signal reaches a native step that hangs; it ends the whole session.
pytestmark = pytest.mark.timeout(40, method="thread")

SOON_S = 2.0  # far above the usual latency, below what each of these steps would need
ROWS = 8_000_000
SAVE = "{name: saved, type: save, input: slow, path: out.parquet}"

NUMBERS = "{name: numbers, type: read, path: numbers.parquet}"
SMALL = "{name: small, type: limit, input: numbers, n: 200000}"
PAIRS = "{name: pairs, type: join, input: [small, numbers], how: cross}"
PAGERANK = (
    "{name: slow, type: graph, input: edges, algorithm: pagerank, src: a, dst: b, "
    "directed: false, alpha: 1, tol: 1e-300, max_iter: 1000000}"
)

# Each would run for many seconds, most of them for hours.
SLOW_STEPS = {
    "cross join": [
        NUMBERS,
        SMALL,
        PAIRS,
        "{name: slow, type: groupby, input: pairs, by: [], agg: {s: max(k + k_right)}}",
    ],
    "cross join into a file": [NUMBERS, SMALL, PAIRS.replace("pairs", "slow")],
    "sql": [
        NUMBERS,
        "{name: slow, type: sql, sql: 'select t, count(DISTINCT k) as n from numbers GROUP BY t'}",
    ],
    "skewed hash join": [
        NUMBERS,
        "{name: same, type: transform, input: numbers, columns: {one: '1'}}",
        "{name: pairs, type: join, input: [same, same], on: one}",
        "{name: slow, type: groupby, input: pairs, by: [], agg: {s: max(k + k_right)}}",
    ],
    "sort": [NUMBERS, "{name: slow, type: sort, input: numbers, by: [k % 1000003, t]}"],
    "group": [
        NUMBERS,
        "{name: slow, type: groupby, input: numbers, by: [{x: \"concat(t, 'x')\"}], agg: {k: median}}",
    ],
    "csv": ["{name: slow, type: read, path: numbers.csv}"],
    "pagerank": ["{name: edges, type: read, path: edges.parquet}", PAGERANK],
}
QUICK = ("csv", "sort", "group", "sql")  # seconds, not hours
ON_PYTHON = ("csv", "pagerank")  # the others would hold their whole result in memory there


def report(text):
    """A line of the test's output; `pytest -s` and a failure show it."""
    sys.stdout.write(f"\n{text}\n")


@pytest.fixture(scope="module")
def big_files(tmp_path_factory):
    """Files that take a while to work on."""
    path = tmp_path_factory.mktemp("big")
    random = np.random.default_rng(7)
    numbers = random.integers(0, ROWS, ROWS)
    texts = pa.array([f"text {n}" for n in range(1000)]).take(pa.array(numbers % 1000))
    table = pa.table({"k": numbers, "t": texts})
    pq.write_table(table, path / "numbers.parquet", compression="none")
    # Two unequal sides and no jumps: the rank swings between them and never settles.
    left, right = random.integers(0, 1000, 1_500_000), random.integers(1000, 300_000, 1_500_000)
    pq.write_table(pa.table({"a": left, "b": right}), path / "edges.parquet")
    block = "".join(
        f"{n},some text {n},{n / 7:.6f},2024-01-{n % 28 + 1:02}\n" for n in range(9_999)
    )
    with (path / "numbers.csv").open("w") as file:
        file.write("k,t,f,d\n")
        for _ in range(250):
            file.write(block)
    return path


@pytest.fixture
def slow_folder(folder, big_files, earlier_output):
    for file in big_files.iterdir():
        os.link(file, folder.path / file.name)
    return folder


def small_files(folder):
    """Names and contents of all but the big inputs."""
    kept = {}
    for file in folder.path.iterdir():
        if file.is_file() and not file.name.startswith(("numbers.", "edges.")):
            kept[file.name] = file.read_bytes()
    return kept


class Canceller:
    """Cancels some time after a step started; measures how long the run goes on."""

    def __init__(self, cancel, step="slow", delay=0.25):
        self._cancel, self._step, self._delay = cancel, step, delay
        self.asked_at = None

    def __call__(self, event):
        if event["type"] == "step_started" and event["step"] == self._step:
            threading.Timer(self._delay, self._now).start()

    def _now(self):
        self.asked_at = time.perf_counter()
        self._cancel()


def idle_within(seconds):
    """Whether this process stops using the processor, so that nothing works on unseen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        before = time.process_time()
        time.sleep(0.1)
        if time.process_time() - before < 0.02:
            return True
    return False


@pytest.mark.parametrize("name", SLOW_STEPS)
def test_running_native_step_stops_soon(backend, slow_folder, name):
    if backend == "python" and name not in ON_PYTHON:
        pytest.skip("the Python engine would hold the whole result in memory")
    workflow = slow_folder.flow([*SLOW_STEPS[name], SAVE], head="settings: {max_parallel: 2}\n")
    before = small_files(slow_folder)
    token = pf.CancellationToken()
    canceller = Canceller(token.cancel, delay=0.1 if name in QUICK else 0.3)
    result = workflow.run(cancel=token, on_event=canceller, raise_on_error=False)
    assert canceller.asked_at is not None, result.summary()
    latency = time.perf_counter() - canceller.asked_at
    report(f"{backend}: {name} stopped after {latency * 1000:.0f} ms")
    assert result.status == "cancelled", result.summary()
    assert result.steps["slow"].status == "cancelled"
    assert result.steps["saved"].status == "cancelled"
    assert result.error is None
    # Its reader of texts looks at the token between passes over all cells.
    assert latency < (2 * SOON_S if (backend, name) == ("python", "csv") else SOON_S)
    assert small_files(slow_folder) == before
    assert idle_within(5), "the cancelled step works on"


def test_run_that_is_cancelled_raises(backend, slow_folder):
    workflow = slow_folder.flow(SLOW_STEPS["pagerank"])
    token = pf.CancellationToken()
    with pytest.raises(RunCancelled, match=r"\d of 2 steps had completed") as caught:
        workflow.run(cancel=token, on_event=Canceller(token.cancel))
    assert caught.value.result.status == "cancelled"


def test_token_that_is_set_before_the_start(backend, folder, earlier_output):
    workflow = folder.flow(["{name: slow, type: read, path: in.csv}", SAVE], head="name: never\n")
    before = folder.digests()
    token = pf.CancellationToken()
    token.cancel()
    events = []
    result = workflow.run(cancel=token, on_event=events.append, raise_on_error=False)
    assert result.status == "cancelled"
    assert {step.status for step in result.steps.values()} == {"cancelled"}
    assert [event["type"] for event in events] == [
        "run_started",
        "step_cancelled",
        "step_cancelled",
        "run_finished",
    ]
    assert (result.metrics["steps_executed"], result.metrics["failed_steps"]) == (0, 0)
    assert folder.digests() == before


def test_an_event_of_the_standard_library_is_a_token(backend, slow_folder):
    workflow = slow_folder.flow([*SLOW_STEPS["pagerank"], SAVE])
    event = threading.Event()
    canceller = Canceller(event.set)
    result = workflow.run(cancel=event, on_event=canceller, raise_on_error=False)
    assert result.status == "cancelled"
    assert time.perf_counter() - canceller.asked_at < SOON_S
    assert event.is_set()


def test_nothing_starts_after_a_cancel_between_steps(backend, folder, earlier_output):
    token = pf.CancellationToken()
    called = []

    def step(name):
        def function(rows):
            called.append(name)
            if name == "b":
                token.cancel()
            return rows

        return function

    workflow = pf.Workflow("chain")
    last = workflow.read("a", path=str(folder.path / "in.csv"))
    for name in "bcd":
        last = workflow.python(name, call=step(name), input=last)
    last.save("saved", path=str(folder.path / "out.parquet"))
    before = folder.digests()
    result = workflow.run(cancel=token, max_parallel=1, raise_on_error=False)
    assert called == ["b"]
    assert result.status == "cancelled"
    assert [result.steps[name].status for name in ("a", "c", "d", "saved")] == [
        "succeeded",
        "cancelled",
        "cancelled",
        "cancelled",
    ]
    assert result.steps["b"].status in ("succeeded", "cancelled")
    assert folder.digests() == before


def test_a_python_step_hears_of_it(backend, folder, earlier_output):
    token = pf.CancellationToken()
    heard = []

    def waits(rows, ctx):
        deadline = time.monotonic() + 30
        while not ctx.cancelled():
            assert time.monotonic() < deadline
            time.sleep(0.005)
        heard.append(True)
        return rows

    workflow = pf.Workflow("waits")
    step = workflow.read("rows", path=str(folder.path / "in.csv")).python("slow", call=waits)
    step.save("saved", path=str(folder.path / "out.parquet"))
    before = folder.digests()
    canceller = Canceller(token.cancel)
    result = workflow.run(cancel=token, on_event=canceller, raise_on_error=False)
    assert heard == [True]
    assert result.status == "cancelled"
    assert result.steps["saved"].status == "cancelled"
    assert time.perf_counter() - canceller.asked_at < SOON_S
    assert folder.digests() == before


def test_a_failure_before_the_cancel_is_still_told(backend, slow_folder):
    (slow_folder.path / "bad.csv").write_text("a,b\n1,2\n3\n")
    workflow = slow_folder.flow(
        [*SLOW_STEPS["pagerank"], "{name: bad, type: read, path: bad.csv}"],
        head="settings: {fail_fast: false, max_parallel: 2}\n",
    )
    token = pf.CancellationToken()
    result = workflow.run(cancel=token, on_event=Canceller(token.cancel), raise_on_error=False)
    assert result.status == "cancelled"
    assert result.steps["bad"].status == "failed"
    assert result.error is not None and result.error.step == "bad"


def test_fail_fast_stops_the_steps_that_run(backend, slow_folder):
    """One branch fails; the other one would run for hours."""
    (slow_folder.path / "slow_fail.py").write_text(
        "import time\ndef fails(rows):\n    time.sleep(0.3)\n    raise RuntimeError('boom')\n"
    )
    workflow = slow_folder.flow(
        [
            *SLOW_STEPS["pagerank"],
            SAVE,
            "{name: fails, type: python, input: edges, call: 'slow_fail:fails'}",
        ],
        head="settings: {max_parallel: 2}\n",
    )
    start = time.perf_counter()
    result = workflow.run(raise_on_error=False)
    assert result.status == "failed"
    assert result.error.step == "fails"
    assert result.steps["slow"].status == "cancelled"
    assert time.perf_counter() - start < 10


def test_next_run_is_not_affected(backend, folder):
    workflow = folder.flow(["{name: rows, type: read, path: in.csv}"])
    token = pf.CancellationToken()
    token.cancel()
    assert workflow.run(cancel=token, raise_on_error=False).status == "cancelled"
    assert workflow.run().status == "completed"


@pytest.fixture
def child(backend, slow_folder):
    """`pframe run flow.yml` as a process of its own; always ended by the end of the test."""
    env = {**os.environ, "PARQUETFRAME_BACKEND": backend}
    with subprocess.Popen(
        [sys.executable, "-m", "parquetframe.cli", "run", "flow.yml", "--progress", "plain"],
        cwd=slow_folder.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    ) as process:
        yield process
        if process.poll() is None:
            process.kill()


def interrupt(process, number):
    """Send a signal; the time until the process has ended, and what it printed."""
    start = time.perf_counter()
    process.send_signal(number)
    out, err = process.communicate(timeout=5)
    return time.perf_counter() - start, out, err


POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


SIGNALLED = {
    "pagerank": SLOW_STEPS["pagerank"],
    "filter over a cross join": [
        NUMBERS,
        SMALL,
        PAIRS,
        "{name: slow, type: filter, input: pairs, where: k + k_right = -1}",
    ],
    "cross join of large tables": [
        NUMBERS,
        "{name: slow, type: sql, sql: 'select max(a.k * b.k) as m from numbers a, numbers b'}",
    ],
    "nested loop join": [
        NUMBERS,
        "{name: slow, type: sql, sql: select max(a.k) as m from numbers a join numbers b on a.k < b.k}",
    ],
}


@pytest.fixture(params=SIGNALLED)
def signalled(request, backend, slow_folder):
    """A workflow that only a signal ends; what else is in the folder."""
    if backend == "python" and request.param not in ON_PYTHON:
        pytest.skip("the Python engine joins on equal keys only")
    slow_folder.flow([*SIGNALLED[request.param], SAVE])
    return small_files(slow_folder)


@POSIX
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_ends_a_native_step(slow_folder, signalled, child, number, code):
    for line in child.stderr:
        if "started" in line and "slow" in line:
            break
    time.sleep(1.0)
    latency, out, err = interrupt(child, number)
    report(f"{signal.Signals(number).name} ended pframe after {latency * 1000:.0f} ms")
    assert child.returncode == code, err
    assert latency < SOON_S
    assert out == ""
    assert "Traceback" not in err
    assert small_files(slow_folder) == signalled


@pytest.fixture
def flow_of_a_large_file(slow_folder):
    slow_folder.flow(
        [
            NUMBERS,
            "{name: slow, type: transform, input: numbers, columns: {a: k + 1, b: k * 3, c: k - 7}}",
            SAVE.replace(".parquet", ".csv"),
        ]
    )
    (slow_folder.path / "out.csv").write_text("from an earlier run\n")
    return small_files(slow_folder)


@POSIX
def test_signal_while_a_file_is_written(slow_folder, flow_of_a_large_file, child):
    deadline = time.monotonic() + 30
    while not list(slow_folder.path.glob(".out.csv.*")):
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    latency, _, err = interrupt(child, signal.SIGINT)
    report(f"SIGINT while writing ended pframe after {latency * 1000:.0f} ms")
    assert child.returncode == 130, err
    assert latency < SOON_S
    assert "Traceback" not in err
    assert small_files(slow_folder) == flow_of_a_large_file
