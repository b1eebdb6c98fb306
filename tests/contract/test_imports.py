"""What ``import parquetframe`` costs, and what it shows."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys

import pytest

import parquetframe as pf

HEAVY = ("pyarrow", "yaml", "pandas", "polars", "numpy", "sqlglot", "click", "rich", "networkx")
LIMIT_S = 0.150


def run_python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_import_loads_no_heavy_package():
    code = "import json, sys, parquetframe; print(json.dumps(sorted(sys.modules)))"
    loaded = run_python(code)
    assert "parquetframe" in loaded
    assert not set(HEAVY) & set(loaded)
    assert "parquetframe.workflow" not in loaded


def test_building_a_workflow_loads_no_data_package():
    code = (
        "import json, sys, parquetframe as pf; wf = pf.Workflow('w');"
        "wf.read('a', path='a.csv').filter('b', where='x > 1');"
        "print(json.dumps(sorted(sys.modules)))"
    )
    assert not {"pyarrow", "pandas", "polars", "sqlglot"} & set(run_python(code))


def test_import_is_quick():
    code = (
        "import json, time; start = time.perf_counter(); import parquetframe;"
        "print(json.dumps(time.perf_counter() - start))"
    )
    assert min(run_python(code) for _ in range(5)) < LIMIT_S


def test_public_names_exist_and_are_listed():
    assert pf.__all__ == sorted(pf.__all__)
    assert len(pf.__all__) > 5
    for name in pf.__all__:
        assert getattr(pf, name) is not None
    assert set(pf.__all__) <= set(dir(pf))


def test_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'read_everything'"):
        pf.read_everything  # noqa: B018


def test_version_is_the_installed_one():
    try:
        installed = importlib.metadata.version("parquetframe")
    except importlib.metadata.PackageNotFoundError:
        installed = "0+unknown"
    assert pf.__version__ == installed
