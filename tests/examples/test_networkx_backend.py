"""The example of the networkx backend runs, and says what really ran."""

import runpy
from pathlib import Path

from parquetframe.nx_backend import calls

EXAMPLE = Path(__file__).parents[2] / "examples" / "networkx_backend.py"


def test_networkx_backend(backend, capsys):
    calls.clear()
    runpy.run_path(str(EXAMPLE))
    assert capsys.readouterr().out == (
        "same order: True\nsame ranks: True\n"
        "connected: True - small graphs stay: True\n"
        "IAH 0.0094\nMIA 0.0094\nATL 0.0094\n"
        "hops from EWR: 1\n"
        "ran on parquetframe: {'pagerank': 2, 'is_connected': 1, "
        "'single_source_shortest_path_length': 1}\n"
    )
