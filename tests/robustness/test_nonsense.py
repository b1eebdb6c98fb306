"""What people type by mistake, and names that are odd but right."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import parquetframe as pf
from parquetframe.errors import StepError, ValidationError

READ = "{name: rows, type: read, path: in.csv}"

GARBAGE = {
    "random bytes": bytes(range(256)) * 20,
    "a program": b"\x7fELF\x02\x01\x01" + bytes(500),
    "nothing": b"",
    "a text": b"just text\n",
    "a list": b"- 1\n- 2\n",
    "an open list": b"steps: [\n",
    "two documents": b"steps: []\n---\nsteps: []\n",
    "tabs": b"steps:\n  - {name: a, type: read, path: x}\n\t- y\n",
    "UTF-16": "steps: []\n".encode("utf-16"),
    "deep": b"a: " + b"[" * 5000 + b"]" * 5000,
    "a list in itself": b"x-a: &a [*a]\nsteps: []\n",
    "aliases without end": b"x-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    + b"".join(b"x-%c: &%c [%s]\n" % (n, n, b"*%c, " % (n - 1) * 9) for n in range(98, 107))
    + b"steps: []\n",
    "a program in a tag": b"steps: !!python/object/apply:os.system ['exit 1']\n",
    "a control character": b"steps: \x07\n",
}


@pytest.mark.parametrize("command", ["run", "validate", "plan"])
@pytest.mark.parametrize("name", GARBAGE)
def test_a_file_that_is_no_workflow(pframe, folder, name, command):
    (folder.path / "flow.yml").write_bytes(GARBAGE[name])
    answer = pframe(command, "flow.yml")
    text = answer.out + answer.err
    assert answer.code == 3
    assert "flow.yml" in text and text.count("error[E1") == 1
    assert "Traceback" not in text
    assert all(line.isprintable() for line in text.splitlines())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("n", "99999999999999999999999"),
        ("n", "-1"),
        ("n", "1.5"),
        ("n", ".nan"),
        ("n", "true"),
        ("n", "'1 000'"),
        ("offset", "-1"),
        ("offset", "1e30"),
    ],
)
def test_numbers_out_of_range(pframe, folder, key, value):
    folder_steps = {"n": "1", key: value}
    keys = ", ".join(f"{k}: {v}" for k, v in folder_steps.items())
    (folder.path / "flow.yml").write_text(
        f"steps:\n  - {READ}\n  - {{name: few, type: limit, input: rows, {keys}}}\n"
    )
    answer = pframe("run", "flow.yml")
    assert answer.code == 3
    assert "flow.yml:3:" in answer.err and f"'{key}' must be" in answer.err


def test_largest_numbers_are_in_range(backend, folder):
    most = 2**63 - 1
    rows = folder.flow(
        [READ, f"{{name: few, type: limit, input: rows, n: {most}, offset: {most}}}"]
    ).run()
    assert rows.outputs["few"].num_rows == 0
    rows = folder.flow(
        [READ, f"{{name: few, type: filter, input: rows, where: id < {most}}}"]
    ).run()
    assert rows.outputs["few"].num_rows == 3


@pytest.mark.parametrize("count", [0, -1, 1025, 10**20, "2", True, 1.0])
def test_max_parallel_out_of_range(backend, folder, count):
    with pytest.raises((ValueError, TypeError), match="max_parallel"):
        folder.flow([READ]).run(max_parallel=count)


LONG_EXPRESSIONS = {
    "and": " AND ".join(["id > 0"] * 2_000),
    "plus": "id" + " + 1" * 500 + " > 0",
    "parentheses": "(" * 2_000 + "id" + ")" * 2_000 + " > 0",
    "not": "NOT " * 2_000 + "(id > 0)",
    "case": "CASE WHEN id > 0 THEN " * 1_000 + "true" + " END" * 1_000,
    "in": f"id IN ({', '.join(map(str, range(5_000)))})",
}


@pytest.mark.parametrize("name", LONG_EXPRESSIONS)
def test_long_expression_works_or_is_refused(backend, folder, name):
    """In a process of its own: a stack that overflows ends it."""
    folder.flow(
        [READ, f"{{name: few, type: filter, input: rows, where: '{LONG_EXPRESSIONS[name]}'}}"]
    )
    done = subprocess.run(
        [sys.executable, "-m", "parquetframe.cli", "run", "flow.yml", "-q"],
        cwd=folder.path,
        env={**os.environ, "PARQUETFRAME_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode in (0, 1, 3), (done.returncode, done.stderr[-300:])
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert "flow.yml:4:" in done.stderr and "step 'few'" in done.stderr


ODD_NAMES = [
    "a b",
    "a#b",
    "50%",
    "100%41",
    "é ü 名",
    "a'b",
    "[x]",
    "a;b",
    "$HOME",
    "~",
    "a&b",
    "{}",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_of_folders_and_files(backend, tmp_path, name):
    base = tmp_path / name
    base.mkdir()
    (base / f"{name}.csv").write_text("id\n1\n2\n")
    workflow = pf.Workflow("odd", settings={"base_dir": str(base)})
    rows = workflow.read("rows", path=f"./{name}.csv")
    rows.save("saved", path=f"out {name}.parquet")
    if name != "[x]":  # a class of characters there
        workflow.read("all", path="./*.csv")
    result = workflow.run(keep=["rows"])
    assert result.outputs["rows"]["id"].to_pylist() == [1, 2]
    assert result.files["saved"].path == str(base / f"out {name}.parquet")
    assert result.outputs["saved"]["id"].to_pylist() == [1, 2]
    assert sorted(p.name for p in base.iterdir()) == sorted([f"{name}.csv", f"out {name}.parquet"])


def test_wildcards_in_the_name_of_the_folder_are_none(backend, tmp_path):
    base = tmp_path / "[ab]*"
    base.mkdir()
    for name in ("one", "two"):
        (base / f"{name}.csv").write_text("id\n1\n")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "three.csv").write_text("id\n1\n")
    workflow = pf.Workflow("odd", settings={"base_dir": str(base)})
    workflow.read("rows", path="*.csv")
    assert workflow.run().outputs["rows"].num_rows == 2


ODD_COLUMNS = """\
{name: more, type: transform, input: rows, columns: {größe €: '"größe €" + "a b"', \
z: '"select" + "x""y" + A - a'}}"""


def test_odd_column_names(backend, folder):
    (folder.path / "in.csv").write_text('"a b","größe €",select,"x""y",A,a\n1,2,3,4,5,6\n')
    result = folder.flow(
        [
            READ,
            ODD_COLUMNS,
            "{name: saved, type: save, input: more, path: out.parquet}",
        ]
    ).run()
    (row,) = result.outputs["saved"].to_pylist()
    assert row == {"a b": 1, "größe €": 3, "select": 3, 'x"y': 4, "A": 5, "a": 6, "z": 6}


@pytest.mark.parametrize("where", ["x > \x1b[31m1", "x > 'a\nb", "';--", "1=1; DROP TABLE rows"])
def test_odd_text_in_expressions(backend, folder, where):
    workflow = pf.Workflow("odd", settings={"base_dir": str(folder.path)})
    workflow.read("rows", path="in.csv").filter("few", where=where)
    with pytest.raises((StepError, ValidationError), match="few"):
        workflow.run()


@pytest.mark.parametrize("command", ["info", "head"])
@pytest.mark.parametrize("name", ["random.yml", "random.bin", "folder", "none.csv", "empty"])
def test_info_and_head_of_what_is_no_data(pframe, folder, name, command):
    (folder.path / "folder").mkdir()
    (folder.path / "empty").write_bytes(b"")
    for file in ("random.yml", "random.bin"):
        (folder.path / file).write_bytes(bytes(range(256)))
    answer = pframe(command, name)
    assert answer.code in (1, 2)
    assert (answer.out, answer.err.count("error: ")) == ("", 1)
    assert name in answer.err


@pytest.mark.parametrize(
    "args",
    [
        ("head", "in.csv", "-n", "9" * 25),
        ("head", "in.csv", "-n", "-1"),
        ("head", "in.csv", "--columns", ""),
        ("head", "in.csv", "--columns", "id,,city"),
        ("run", "flow.yml", "--max-parallel", "9" * 25),
        ("run", "flow.yml", "--max-parallel", "2000"),
    ],
)
def test_wrong_options_are_wrong_usage(pframe, folder, args):
    folder.flow([READ])
    answer = pframe(*args)
    assert answer.code == 2, answer.err
    assert answer.out == "" and "Invalid value for" in answer.err
