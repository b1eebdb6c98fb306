"""The runner of networkx's tests says what is wrong, and nothing else."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from parquetframe.nx_backend import expected
from parquetframe.nx_backend.expected import on_start_tests

SUITE = runpy.run_path(str(Path(__file__).parents[1] / "nx_suite.py"))


def counted(**changes):
    row = {"passed": 3, "failed": 0, "expected": 1, "ran": 9, "reasons": {"weighted": 1}}
    return {
        "networkx": "3.6", "functions": {"pagerank": row}, "totals": {"passed": 3}, "failed": [],
        "unexpected": [], "listed": list(expected.EXPECTED), "tail": "the end",
    } | changes  # fmt: skip


def test_nothing_wrong(capsys):
    assert SUITE["report"]("strict", counted(), whole=True) == []
    assert "pagerank       3       0         1       9  weighted (1)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"failed": ["a.py::test_a"]}, "failed: a.py::test_a"),
        ({"unexpected": ["a.py::test_b"]}, "listed as expected, but passes: a.py::test_b"),
    ],
)  # fmt: skip
def test_what_is_wrong(changes, problem, capsys):
    assert SUITE["report"]("strict", counted(**changes), whole=True) == [problem]
    if "failed" in changes:
        assert "the end" in capsys.readouterr().out


def test_a_function_that_never_ran():
    idle = {**counted()["functions"]["pagerank"], "ran": 0}
    runs = [counted(), counted(functions={"pagerank": idle, "triangles": idle})]
    assert SUITE["idle"](runs) == ["triangles"]


def test_a_listed_test_that_is_gone(monkeypatch):
    listed = list(expected.EXPECTED)
    monkeypatch.setitem(expected.EXPECTED, "test_a.py::test_gone", "why")
    problems = SUITE["report"]("strict", counted(listed=listed), whole=True)
    assert problems == ["listed as expected, but not there: test_a.py::test_gone"]
    assert SUITE["report"]("strict", counted(), whole=False) == []


def test_marks_have_their_reason(monkeypatch):
    monkeypatch.setitem(expected.EXPECTED, "test_a.py::TestA::test_b", "why")
    marks = []
    items = [
        SimpleNamespace(nodeid=nodeid, add_marker=lambda mark, n=nodeid: marks.append((n, mark)))
        for nodeid in ("x/test_a.py::TestA::test_b[1]", "x/test_a.py::TestA::test_bc", "test_b")
    ]
    on_start_tests(items)
    assert [(nodeid, mark.kwargs) for nodeid, mark in marks] == [
        ("x/test_a.py::TestA::test_b[1]", {"reason": "parquetframe: why"})
    ]
