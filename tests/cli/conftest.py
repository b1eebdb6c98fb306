import json
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest


@dataclass
class Answer:
    code: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


@pytest.fixture
def pframe(backend, tmp_path):
    """Call `pframe` as a user does: a process of its own, started in an empty folder."""

    def call(*args, env=None, cwd=tmp_path):
        done = subprocess.run(
            [sys.executable, "-m", "parquetframe.cli", *map(str, args)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PARQUETFRAME_BACKEND": backend, **(env or {})},
            timeout=120,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def workflow(tmp_path):
    """Write a workflow file and its input `in.csv`; returns the file's path."""
    (tmp_path / "in.csv").write_text("id,amount,city\n1,10,Bern\n2,20,Rome\n3,30,Bern\n")

    def write(steps, head="name: small\n"):
        path = tmp_path / "flow.yml"
        path.write_text(f"{head}steps:\n" + "".join(f"  - {step}\n" for step in steps))
        return path

    return write
