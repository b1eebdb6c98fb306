"""What README, guide and examples show is what happens."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DATA = ROOT / "examples" / "nycflights" / "data"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def console():
    """Shown commands and their shown output, in order."""
    shown = {}
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            shown[command.removeprefix(".venv/bin/pframe ")] = output.rstrip("\n")
    return shown


@pytest.fixture
def pframe(backend, tmp_path):
    def call(command):
        return subprocess.run(
            [sys.executable, "-m", "parquetframe.cli", *command.split()],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=tmp_path,
            env={**os.environ, "PARQUETFRAME_VAR_DATA": str(DATA)},
            timeout=120,
        )

    return call


def test_workflow_gives_the_output_shown(pframe, tmp_path):
    (workflow,) = blocks("yaml")
    assert len(workflow.splitlines()) <= 22
    (tmp_path / "late.yml").write_text(workflow, encoding="utf-8")
    commands = console()
    for command in ("run late.yml -q", "head out/worst.parquet"):
        done = pframe(command)
        assert done.returncode == 0, done.stderr
        assert done.stdout.rstrip("\n") == commands[command]


def test_typo_gives_the_error_shown(pframe, tmp_path):
    (workflow,) = blocks("yaml")
    (tmp_path / "typo.yml").write_text(
        workflow.replace("avg(arr_delay)", "avg(arr_dely)"), encoding="utf-8"
    )
    done = pframe("validate typo.yml")
    assert done.returncode == 3, done.stderr
    assert done.stdout.rstrip("\n") == console()["validate typo.yml"]


def test_python_examples_print_what_their_comments_say(backend, capsys, monkeypatch, tmp_path):
    first, *others = blocks("python")
    names = {}
    monkeypatch.chdir(ROOT)
    exec(compile(first, "README.md", "exec"), names)
    monkeypatch.chdir(tmp_path)
    for other in others:
        exec(compile(other, "README.md", "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    shown = re.findall(r"^# ?(.*)$", first + "".join(others), re.MULTILINE)
    assert [line.strip() for line in shown] == [line.strip() for line in printed]


def test_example_script_runs(backend, capsys):
    runpy.run_path(str(ROOT / "examples" / "late_carriers.py"))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "ExpressJet Airlines Inc." in lines[0]


def test_guide_names_every_step_type():
    from parquetframe.workflow.spec import STEP_TYPES

    guide = (ROOT / "docs" / "guide" / "steps.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^\| `(\w+)` \|", guide.split("## Expressions")[0], re.MULTILINE))
    assert shown == set(STEP_TYPES)


def test_every_workflow_file_in_the_docs_parses():
    found = 0
    for page in (ROOT / "docs").rglob("*.md"):
        for block in re.findall(
            r"^```yaml\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
        ):
            assert isinstance(yaml.safe_load(block)["steps"], list)
            found += 1
    assert found > 0


def test_make_help_lists_the_targets():
    done = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    listed = [line.split()[0] for line in done.stdout.splitlines()]
    wanted = (
        "setup demo test check test-rust test-python fmt bench docs wheel pure-wheel coverage clean"
    )
    assert set(wanted.split()) <= set(listed)
