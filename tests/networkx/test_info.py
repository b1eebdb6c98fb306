"""What networkx is told about the backend, and what that costs."""

import inspect
import json
import subprocess
import sys
from importlib import metadata

import networkx as nx
import pytest

import _parquetframe_nx_info
from parquetframe.nx_backend import backend
from parquetframe.nx_backend.registry import FUNCTIONS

GROUPS = {
    "networkx.backends": "parquetframe.nx_backend:backend",
    "networkx.backend_info": "_parquetframe_nx_info:get_info",
}


def run_python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("group", GROUPS)
def test_the_entry_point_is_ours(group):
    """Another distribution with the name would win or lose silently but for a warning."""
    points = [point for point in metadata.entry_points(group=group) if point.name == "parquetframe"]
    assert [(point.value, point.dist.name) for point in points] == [(GROUPS[group], "parquetframe")]


def test_networkx_knows_us():
    assert "parquetframe" in nx.utils.backends.backends
    info = nx.utils.backends.backend_info["parquetframe"]
    assert info["backend_name"] == "parquetframe"
    assert nx.config.backends.parquetframe.min_nodes == 500
    assert nx.config.backends.parquetframe.threads is None


def test_the_listed_functions_are_those_that_there_are():
    assert dir(backend)  # loads them
    assert set(_parquetframe_nx_info.get_info()["functions"]) == set(FUNCTIONS)
    for name in FUNCTIONS:
        assert "parquetframe" in nx.utils.backends._registered_algorithms[name].__wrapped__.backends
    assert "parquetframe" in nx.pagerank.__doc__


@pytest.mark.parametrize("name", sorted({*_parquetframe_nx_info.get_info()["functions"]}))
def test_signatures_are_those_of_networkx(name):
    """Names, order and defaults; parameters that only one side has come from another version."""
    dispatched = nx.utils.backends._registered_algorithms[name].__wrapped__
    theirs = inspect.signature(dispatched.orig_func).parameters
    ours = inspect.signature(getattr(backend, name).function).parameters
    shared = [parameter for parameter in theirs if parameter in ours]
    assert shared == [parameter for parameter in ours if parameter in theirs]
    assert set(ours) <= set(theirs) or nx.__version__ < "3.6"
    for parameter in shared:
        assert ours[parameter].default == theirs[parameter].default, parameter


def test_the_info_imports_nothing_and_is_quick():
    code = (
        "import json, sys, time; before = set(sys.modules); start = time.perf_counter();"
        "import _parquetframe_nx_info as info; info.get_info();"
        "spent = time.perf_counter() - start;"
        "print(json.dumps([spent, sorted(set(sys.modules) - before)]))"
    )
    found = [run_python(code) for _ in range(7)]
    assert found[0][1] == ["_parquetframe_nx_info"]
    assert min(spent for spent, _ in found) < 5e-3  # much less where nothing else runs


def test_importing_networkx_does_not_load_parquetframe():
    code = (
        "import json, sys, networkx as nx;"
        "print(json.dumps([n for n in sys.modules if n.partition('.')[0] == 'parquetframe']))"
    )
    assert run_python(code) == []


def test_without_networkx_only_a_use_fails():
    code = """
import importlib.abc, json, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "networkx":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import parquetframe as pf
from parquetframe.nx_backend import backend, calls
g = pf.Graph.from_edges({"src": [1], "dst": [2]})
seen = [len(g), list(g), bool(g.is_directed()), g.is_multigraph(), g.pagerank().num_rows]
try:
    backend.pagerank
except ImportError as error:
    seen.append([error.name, str(error)])
print(json.dumps(seen))
"""
    text = "parquetframe.nx_backend needs the package networkx: pip install networkx"
    assert run_python(code) == [2, [1, 2], True, False, 2, ["networkx", text]]


def test_the_environment_switches_it_on():
    code = (
        "import os; os.environ['NETWORKX_BACKEND_PRIORITY'] = 'parquetframe';"
        "import json, networkx as nx; from parquetframe.nx_backend import calls;"
        "G = nx.path_graph(600); nx.pagerank(G); nx.pagerank(nx.path_graph(30));"
        "print(json.dumps(calls))"
    )
    assert run_python(code) == {"pagerank": 1}  # the small graph stayed in networkx
