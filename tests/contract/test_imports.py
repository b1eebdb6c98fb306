"""What ``import parquetframe`` costs, and what it shows."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import parquetframe as pf

HEAVY = ("pyarrow", "yaml", "pandas", "polars", "numpy", "sqlglot", "click", "rich", "networkx")
OPTIONAL = {"pandas", "polars", "duckdb", "fastavro", "networkx", "scipy"}
LIMIT_S = 0.150
MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(pf.__path__, "parquetframe.")
    if not info.name.endswith("__main__")
)


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


def test_what_a_file_says_of_itself_loads_no_data_package(tmp_path):
    pq.write_table(pa.table({"a": [1, 2, 3]}), tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text("a,b\n1,x\n2,y\n")
    code = (
        "import json, sys, parquetframe as pf; from pathlib import Path;"
        f"folder = Path({str(tmp_path)!r});"
        "assert pf.get_row_count(folder / 'a.csv') == 2;"
        "assert pf.get_row_count(folder / 'a.parquet') == 3;"
        "assert pf.get_column_names(folder / 'a.csv') == ['a', 'b'];"
        "assert pf.get_column_statistics(folder / 'a.parquet')[0]['max'] == 3;"
        "assert pf.read_parquet_metadata(folder / 'a.parquet').num_rows == 3;"
        "assert pf.sniff_csv(folder / 'a.csv').sep == ',';"
        "print(json.dumps(sorted(sys.modules)))"
    )
    assert not {"pyarrow", "numpy", "pandas", "polars", "sqlglot"} & set(run_python(code))


def test_import_is_quick():
    code = (
        "import json, time; start = time.perf_counter(); import parquetframe;"
        "print(json.dumps(time.perf_counter() - start))"
    )
    assert min(run_python(code) for _ in range(5)) < LIMIT_S


def test_import_is_quick_with_pyarrow_and_the_extension():
    code = (
        "import json, time, pyarrow; start = time.perf_counter(); import parquetframe as pf;"
        "pf.Workflow, pf.CancellationToken, pf.RunResult;"
        "print(json.dumps(time.perf_counter() - start))"
    )
    assert min(run_python(code) for _ in range(5)) < 2 * LIMIT_S


def test_optional_packages_are_not_needed(backend):
    code = f"""
import importlib.abc, json, pathlib, sys, tempfile

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in {sorted(OPTIONAL)}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
import parquetframe as pf

path = pathlib.Path(tempfile.mkdtemp(), "a.csv")
path.write_text("x\\n1\\n")
workflow = pf.Workflow("w")
workflow.read("a", path=str(path)).filter("b", where="x > 0").save("c", path=str(path) + ".parquet")
print(json.dumps(workflow.run().outputs["c"].to_pydict()))
"""
    assert run_python(code) == {"x": [1]}


def test_nothing_comes_from_the_source_tree():
    code = (
        "import json, sys, parquetframe, parquetframe.workflow, parquetframe.cli.app;"
        "import parquetframe.io, parquetframe.workflow_rust, parquetframe.workflow._python;"
        "from parquetframe import _backend; _backend.native();"
        "print(json.dumps([m.__file__ for n, m in sys.modules.items()"
        " if n.partition('.')[0] == 'parquetframe']))"
    )
    files = run_python(code)
    assert len(files) > 20
    if os.environ.get("PARQUETFRAME_TEST_SOURCE_TREE") != "1":
        root = Path(__file__).resolve().parents[2]
        assert not [name for name in files if Path(name).is_relative_to(root / "python")]
    assert len({Path(name).parts[: Path(name).parts.index("parquetframe")] for name in files}) == 1


@pytest.mark.parametrize("name", MODULES)
def test_all_of_each_module_can_be_imported(name):
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", ())
    assert len(set(exported)) == len(exported)
    for attribute in exported:
        getattr(module, attribute)


@pytest.mark.parametrize(
    "name",
    [
        "parquetframe.io.csv_checks",
        "parquetframe.io.plan",
        "parquetframe.io.reading",
        "parquetframe.io._python",
        "parquetframe.workflow.spec.files",
        "parquetframe.workflow._python.engine",
        "parquetframe.workflow._python.steps.csv_files",
        "parquetframe.workflow._python.steps.graph",
        "parquetframe.graph",
        "parquetframe.graph.edges",
        "parquetframe.graph._native",
    ],
)
def test_rooms_that_use_each_other_load_in_any_order(name):
    """Workflows read and write by the functions; those use single modules of workflows."""
    code = f"import json, {name}; print(json.dumps({name}.__name__))"
    assert run_python(code) == name


def test_star_import_gives_exactly_all():
    names = {}
    exec("from parquetframe import *", names)
    assert set(names) - {"__builtins__"} == set(pf.__all__)


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
