"""The algorithms of graphs are listed where a reader looks for them; the lists agree."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest

import parquetframe as pf
from parquetframe.workflow.spec import graph as step

NUMBERS = {"transitivity", "triangle_count"}  # answers that are no tables
OF_STEPS = {"components": "connected_components", "shortest_path": "shortest_paths"}


def functions():
    return {*pf.graph.__all__} - {"Graph"}


def test_a_step_has_every_algorithm_that_makes_a_table():
    assert {OF_STEPS.get(name, name) for name in step._ALGORITHMS} == functions() - NUMBERS


def test_the_kernels_are_those_of_the_functions(native):
    graph = native.NativeGraph.build(
        pa.table({"src": [0], "dst": [1]}), '{"directed": true, "id_order": "appearance"}'
    )
    with pytest.raises(pf.errors.GraphError) as caught:
        graph.run_numbers("nothing", {}, {}, 1)
    names = set(re.findall(r"\w+", str(caught.value).split("none of ")[1]))
    assert names == functions() - {"degree"}  # read off the rows, without a kernel
