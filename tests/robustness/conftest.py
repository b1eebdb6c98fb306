"""A folder with one workflow, `pframe` on it, and the judge of a failed run."""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import dataclass

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

import parquetframe as pf
from parquetframe import errors


@dataclass
class Answer:
    code: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


class Folder:
    """A folder of its own with input files, and a workflow file `flow.yml`."""

    def __init__(self, path):
        self.path = path
        (path / "in.csv").write_text("id,amount,city\n1,10,Bern\n2,20,Rome\n3,30,Bern\n")
        (path / "other.csv").write_text("key,amount\nBern,1\nRome,2\n")

    def flow(self, steps, head="name: small\n"):
        """Write the workflow; step `i` stands on line `i + head's lines + 2`."""
        text = f"{head}steps:\n" + "".join(f"  - {step}\n" for step in steps)
        (self.path / "flow.yml").write_text(text, encoding="utf-8")
        return pf.Workflow.from_yaml(self.path / "flow.yml")

    def digests(self):
        """What every file holds; a temp file left behind shows up here."""
        return {
            str(file.relative_to(self.path)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(self.path.rglob("*"))
            if file.is_file() and "__pycache__" not in file.parts
        }


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path)


@pytest.fixture
def pframe(backend, capsys):
    """Call `pframe` in this process, on the chosen backend."""
    from parquetframe.cli.app import run_app

    def call(*args):
        capsys.readouterr()
        code = run_app([str(arg) for arg in args])
        return Answer(code, *capsys.readouterr())

    return call


@pytest.fixture
def earlier_output(folder):
    """The output of an earlier run, which a failed one must leave alone."""
    sink = io.BytesIO()
    pq.write_table(pa.table({"from": ["an earlier run"]}), sink)
    (folder.path / "out.parquet").write_bytes(sink.getvalue())


@pytest.fixture
def judge(pframe, folder, earlier_output):
    """Run a wrong workflow through Python and `pframe`; it must end in one clear error.

    The case is a dict:
        steps: The workflow; without `saves: False`, a step that saves the result is appended.
        step: Name of the step at fault.
        cause: Class of the cause, exactly.
        says: Pattern of the message; `hint`: pattern of the hint.
        at: Text in the step's line that the error points to; without it, anywhere in the step.
    """

    def run(case):
        steps, name = list(case["steps"]), case["step"]
        if case.get("saves", True):
            steps.append(f"{{name: saved, type: save, input: {name}, path: out.parquet}}")
        workflow = folder.flow(steps)
        before = folder.digests()
        index = next(i for i, text in enumerate(steps) if text.startswith(f"{{name: {name},"))
        line, text = index + 3, steps[index]
        with pytest.raises(errors.StepError) as caught:
            workflow.run()
        check_error(caught.value, case)
        found_line, found_column = map(int, caught.value.location.split(":")[-2:])
        assert found_line == line, caught.value
        if "at" in case:
            column = text.index(case["at"], len(f"{{name: {name},")) + 5
            assert found_column == column, caught.value
        assert 5 <= found_column < 5 + len(text), caught.value
        assert folder.digests() == before
        answer = pframe("run", "flow.yml")
        assert (answer.code, answer.out) == (1, ""), answer.err
        assert answer.err.count("error[E") == 1, answer.err
        assert re.search(rf"flow\.yml:{line}:\d+: error\[E\d+\] step '{name}':", answer.err)
        assert "Traceback" not in answer.err
        answer = pframe("run", "flow.yml", "--json")
        document = answer.json()
        assert answer.code == document["exit_code"] == 1
        assert document["status"] == "failed"
        assert f"step '{name}': {caught.value.reason}" in document["error"]
        assert document["steps"][name]["status"] == "failed"
        assert folder.digests() == before

    return run


def check_error(error, case):
    """One typed error, one line, kind and hint as they should be."""
    cause = error.__cause__
    assert error.step == case["step"], error
    assert type(cause) is case["cause"], (type(cause), error)
    assert re.search(case["says"], error.reason), error
    assert "\n" not in error.reason, error
    assert str(error).count("error[E") == 1, error
    assert f"step '{error.step}': {error.reason}" in str(error)
    if "hint" in case:
        assert re.search(case["hint"], error.hint or ""), error
    if case["cause"] in (errors.SourceNotFound, errors.IoError, errors.WriteError):
        assert error.kind == "io", (error.kind, error)
    elif not isinstance(cause, errors.ParquetFrameError):
        assert error.kind == "python", (error.kind, error)
    else:
        assert error.kind == "data", (error.kind, error)
