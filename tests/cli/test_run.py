import os
import re
import signal
import subprocess
import sys
import time

import pytest
from pyarrow import csv as pa_csv

READ = "{name: rows, type: read, path: in.csv}"
BIG = "{name: big, type: filter, input: rows, where: 'amount > ${least}'}"
SAVE = "{name: saved, type: save, input: big, path: out.csv}"
LEAST = "name: small\nvariables: {least: {default: 15, type: int}}\n"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x9b]")


def test_run_prints_the_summary_on_stdout_and_progress_on_stderr(pframe, workflow, tmp_path):
    answer = pframe("run", workflow([READ, BIG, SAVE], LEAST))
    assert answer.code == 0, answer.err
    assert answer.out.startswith("small completed in ")
    assert str(tmp_path / "out.csv") in answer.out
    assert pa_csv.read_csv(tmp_path / "out.csv")["id"].to_pylist() == [2, 3]


def test_plain_progress_has_one_line_per_start_and_end(pframe, workflow):
    answer = pframe("run", workflow([READ, BIG, SAVE], LEAST))
    lines = answer.err.splitlines()
    stamped = re.compile(r"\d\d:\d\d:\d\d\.\d{3} (started|completed) +(\w+)")
    seen = [stamped.match(line).groups() for line in lines]
    assert sorted(seen) == sorted(
        (what, step) for what in ("started", "completed") for step in ("rows", "big", "saved")
    )
    for step in ("rows", "big", "saved"):
        assert seen.index(("started", step)) < seen.index(("completed", step))
    assert not CONTROL.search(answer.err + answer.out)


def test_set_overrides_a_variable_and_the_last_one_wins(pframe, workflow, tmp_path):
    answer = pframe(
        "run", workflow([READ, BIG, SAVE], LEAST), "--set", "least=1", "--set", "least=25"
    )
    assert answer.code == 0, answer.err
    assert pa_csv.read_csv(tmp_path / "out.csv")["id"].to_pylist() == [3]


@pytest.mark.parametrize("text", ["least", "=3", ""])
def test_set_without_key_and_value_is_wrong_usage(pframe, workflow, text):
    answer = pframe("run", workflow([READ, BIG], LEAST), "--set", text)
    assert answer.code == 2
    assert "is not of the form key=value" in answer.err


def test_set_of_a_text_variable_keeps_what_was_typed(pframe, workflow, tmp_path):
    save = SAVE.replace("out.csv", "'${place}.csv'").replace("big", "rows")
    file = workflow([READ, save], "name: small\nvariables: {place: out}\n")
    assert pframe("run", file, "--set", "place=007").code == 0
    assert (tmp_path / "007.csv").exists()


def test_set_of_an_undeclared_variable_is_invalid(pframe, workflow, tmp_path):
    answer = pframe("run", workflow([READ, BIG, SAVE], LEAST), "--set", "lest=1")
    assert answer.code == 3
    assert "least" in answer.err
    assert not (tmp_path / "out.csv").exists()


def test_environment_is_below_the_command_line(pframe, workflow, tmp_path):
    env = {"PARQUETFRAME_VAR_LEAST": "25"}
    file = workflow([READ, BIG, SAVE], LEAST)
    assert pframe("run", file, env=env).code == 0
    assert pa_csv.read_csv(tmp_path / "out.csv")["id"].to_pylist() == [3]
    assert pframe("run", file, "--set", "least=0", env=env).code == 0
    assert pa_csv.read_csv(tmp_path / "out.csv").num_rows == 3


def test_quiet_prints_nothing(pframe, workflow):
    answer = pframe("run", workflow([READ, BIG, SAVE], LEAST), "-q")
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_json_is_one_document(pframe, workflow, backend):
    answer = pframe("run", workflow([READ, BIG, SAVE], LEAST), "--json")
    document = answer.json()
    assert answer.err == ""
    assert document["status"] == "completed"
    assert document["exit_code"] == 0
    assert document["engine"] == backend
    assert document["files"]["saved"]["rows"] == 2
    assert document["steps"]["saved"]["status"] == "succeeded"


def test_json_and_plain_progress_go_to_their_own_streams(pframe, workflow):
    answer = pframe("run", workflow([READ, BIG], LEAST), "--json", "--progress", "plain")
    assert answer.json()["status"] == "completed"
    assert "completed  big" in answer.err


def test_failing_step_is_exit_1_with_place_and_without_traceback(pframe, workflow, tmp_path):
    (tmp_path / "out.csv").write_text("from before\n")
    divide = "{name: ratio, type: transform, input: rows, columns: {r: 1 / (id - 2)}}"
    file = workflow([READ, divide, "{name: saved, type: save, input: ratio, path: out.csv}"])
    answer = pframe("run", file)
    assert answer.code == 1
    assert re.search(r"flow\.yml:4:\d+: error\[E\d+\] step 'ratio':", answer.err), answer.err
    assert "Traceback" not in answer.err
    assert answer.err.count("error[") == 1
    assert answer.out == ""
    assert (tmp_path / "out.csv").read_text() == "from before\n"


def test_failing_step_in_json(pframe, workflow):
    divide = "{name: ratio, type: transform, input: rows, columns: {r: 1 / (id - 2)}}"
    answer = pframe("run", workflow([READ, divide]), "--json")
    document = answer.json()
    assert answer.code == document["exit_code"] == 1
    assert document["status"] == "failed"
    assert "step 'ratio'" in document["error"]


def test_debug_shows_the_traceback_of_a_python_step(pframe, workflow, tmp_path):
    (tmp_path / "steps.py").write_text("def broken(rows):\n    return rows['no such column']\n")
    call = "{name: breaks, type: python, input: rows, call: 'steps:broken'}"
    file = workflow([READ, call])
    env = {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    quiet, loud = (pframe("run", file, *more, env=env) for more in ((), ("--debug",)))
    assert quiet.code == loud.code == 1
    assert "step 'breaks'" in quiet.err and "Traceback" not in quiet.err
    assert "Traceback" in loud.err and "in broken" in loud.err


def test_failed_check_is_exit_4(pframe, workflow):
    rule = "{name: checked, type: check, input: rows, rules: [{rows: {min: 9}}]}"
    answer = pframe("run", workflow([READ, rule]))
    assert answer.code == 4
    assert "step 'checked'" in answer.err


def test_invalid_workflow_is_exit_3_with_all_problems(pframe, workflow, tmp_path):
    file = workflow(
        [
            READ,
            "{name: a, type: filtr, input: rows, where: id > 1}",
            "{name: b, type: limit, input: nowhere, n: 1}",
        ]
    )
    answer = pframe("run", file)
    assert answer.code == 3
    assert "flow.yml:4:" in answer.err and "did you mean 'filter'" in answer.err
    assert "flow.yml:5:" in answer.err
    assert "2 errors; nothing was run" in answer.err
    problems = pframe("run", file, "--json").json()["problems"]
    assert [problem["line"] for problem in problems] == [4, 5]


@pytest.mark.parametrize(
    "args",
    [
        ("run",),
        ("run", "none.yml"),
        ("run", "."),
        ("run", "flow.yml", "--max-parallel", "0"),
        ("run", "flow.yml", "--engine", "spark"),
        ("run", "flow.yml", "--no-such-option"),
        ("rn", "flow.yml"),
        (),
    ],
)
def test_wrong_usage_is_exit_2(pframe, workflow, args):
    workflow([READ])
    answer = pframe(*args)
    assert answer.code == 2
    assert answer.out == ""
    assert "Traceback" not in answer.err


def test_unknown_command_names_the_nearest(pframe):
    assert "did you mean 'validate'" in pframe("valdate").err


def test_unknown_backend_is_wrong_usage(pframe, workflow):
    answer = pframe("run", workflow([READ]), env={"PARQUETFRAME_BACKEND": "spark"})
    assert answer.code == 2
    assert "PARQUETFRAME_BACKEND must be auto, rust or python, not 'spark'" in answer.err


def test_relative_paths_count_from_the_file(pframe, workflow, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert pframe("run", workflow([READ, BIG, SAVE], LEAST), cwd=elsewhere).code == 0
    assert (tmp_path / "out.csv").exists()


def test_max_parallel_and_engine_are_heard(pframe, workflow):
    answer = pframe("run", workflow([READ]), "--max-parallel", 3, "--engine", "python", "--json")
    assert answer.json()["metrics"]["parallel_workers"] == 3
    assert answer.json()["engine"] == "python"


def test_control_characters_in_data_do_not_reach_the_terminal(pframe, tmp_path):
    (tmp_path / "evil.csv").write_text("a\n\x1b[31mred\n")
    answer = pframe("head", "evil.csv")
    assert answer.code == 0, answer.err
    assert "\\x1b[31mred" in answer.out and "\x1b" not in answer.out


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_cancels_the_run(backend, workflow, tmp_path, number, code):
    (tmp_path / "slowly.py").write_text(
        "import time\nfrom pathlib import Path\n"
        "def slow(rows):\n"
        "    Path(__file__).with_name('started').touch()\n"
        "    time.sleep(1.5)\n"
        "    return rows\n"
    )
    file = workflow(
        [
            READ,
            "{name: waits, type: python, input: rows, call: 'slowly:slow'}",
            "{name: saved, type: save, input: waits, path: out.csv}",
        ]
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "parquetframe.cli", "run", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={
            **os.environ,
            "PARQUETFRAME_BACKEND": backend,
            "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
        },
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert out == ""
    assert not (tmp_path / "out.csv").exists()
    assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.skipif(os.name == "nt", reason="POSIX terminals")
@pytest.mark.parametrize(("env", "live"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_live_table_on_a_terminal_only(backend, workflow, env, live):
    import pty

    clean = {k: v for k, v in os.environ.items() if k not in ("CI", "NO_COLOR")}
    main_end, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "parquetframe.cli", "run", str(workflow([READ, BIG], LEAST))],
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        env={**clean, "PARQUETFRAME_BACKEND": backend, "TERM": "xterm", **env},
    )
    os.close(terminal)
    shown = b""
    try:
        while chunk := os.read(main_end, 4096):
            shown += chunk
    except OSError:  # Linux says so when the last writer has gone
        pass
    os.close(main_end)
    assert process.wait(timeout=60) == 0
    assert b"big" in shown
    assert (b"\x1b[" in shown) is live
