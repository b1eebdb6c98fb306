"""The array names of parquetframe 2.0."""

from __future__ import annotations

import inspect
import threading

import numpy as np
import pytest
from graph_strategies import cases
from hypothesis import given, settings

import parquetframe as pf
from parquetframe import _backend, errors, graph_rust

EMPTY, POSITIONAL = inspect.Parameter.empty, "POSITIONAL_OR_KEYWORD"


def positional(function):
    return [
        (p.name, p.default)
        for p in inspect.signature(function).parameters.values()
        if p.kind.name == POSITIONAL and p.name != "self"
    ]


def test_signatures_of_2_0():
    engine = graph_rust.RustGraphEngine
    edges = [("src", EMPTY), ("dst", EMPTY), ("num_vertices", EMPTY)]
    rows = [("indptr", EMPTY), ("indices", EMPTY)]
    n = [("num_vertices", EMPTY)]
    expected = {
        engine.build_csr: [*edges, ("weights", None)],
        engine.build_csc: [*edges, ("weights", None)],
        engine.bfs: [*rows, *n, ("sources", EMPTY), ("max_depth", None)],
        engine.dfs: [*rows, *n, ("source", EMPTY), ("max_depth", None)],
        engine.pagerank: [
            *rows, *n, ("alpha", 0.85), ("tol", 1e-6), ("max_iter", 100), ("personalization", None),
        ],
        engine.dijkstra: [*rows, ("weights", EMPTY), *n, ("source", EMPTY)],
        engine.connected_components: edges,
        graph_rust.build_csr: [*edges, ("weights", None)],
        graph_rust.pagerank: [*rows, *n, ("alpha", 0.85)],
        engine.is_available: [],
        graph_rust.is_rust_graph_available: [],
    }  # fmt: skip
    for function, parameters in expected.items():
        assert positional(function) == parameters, function
    for name in ("bfs", "pagerank", "build_csr", "dijkstra", "connected_components", "dfs"):
        keywords = inspect.signature(getattr(engine, name)).parameters
        assert {"threads", "return_info"} <= set(keywords)
    assert {"weights", "csc"} <= set(inspect.signature(engine.pagerank).parameters)
    assert inspect.signature(engine.bfs).parameters["directed"].default is True


def test_without_the_extension(monkeypatch):
    monkeypatch.setenv("PARQUETFRAME_BACKEND", "python")
    assert graph_rust.RUST_GRAPH_AVAILABLE is False
    assert graph_rust.is_rust_graph_available() is False
    assert graph_rust.RustGraphEngine.is_available() is False
    for call in (
        graph_rust.RustGraphEngine,
        lambda: graph_rust.build_csr([0], [1], 2),
        lambda: graph_rust.pagerank([0, 1], [0], 1),
    ):
        with pytest.raises(RuntimeError, match=r"parquetframe\.Graph"):
            call()


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'build'"):
        graph_rust.build  # noqa: B018


class FakeNative:
    """Stands in for the extension, to see what the arrays look like when they arrive."""

    def build_csr_rust(self, src, dst, num_vertices, weights=None, *, threads=None):
        return src, dst, weights

    def bfs_rust(
        self, indptr, indices, num_vertices, sources, max_depth=None, *, directed=True, threads=None
    ):
        return indptr, indices, sources

    def pagerank_rust_py(self, *args, return_info=False, **options):
        ranks = np.ones(1)
        return (ranks, {"iterations": 3}) if return_info else ranks


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setenv("PARQUETFRAME_BACKEND", "auto")
    monkeypatch.setattr(_backend, "native", FakeNative)
    return graph_rust.RustGraphEngine()


def test_widths_that_fit_are_not_copied(fake):
    for dtype in (np.int32, np.uint32):
        given_ = np.array([0, 1], dtype)
        src, _, _ = fake.build_csr(given_, given_, 2)
        assert src.dtype == np.int32
        assert np.shares_memory(src, given_)
    for dtype in (np.int64, np.uint64):
        offsets = np.array([0, 1], dtype)
        indptr, _, _ = fake.bfs(offsets, np.zeros(1, np.int32), 1, 0)
        assert indptr.dtype == np.int64
        assert np.shares_memory(indptr, offsets)


def test_other_widths_are_narrowed_after_a_check(fake):
    for dtype in (np.int8, np.uint16, np.int64, np.uint64):
        src, _, _ = fake.build_csr(np.array([0, 1], dtype), np.array([1, 0], dtype), 2)
        assert (src.dtype, src.tolist()) == (np.int32, [0, 1])
    with pytest.raises(errors.GraphError, match="dst holds 4294967296, which does not fit int32"):
        fake.build_csr([0], [2**32], 2)
    indptr, _, sources = fake.bfs([0, 1], [0], 1, 0)
    assert (indptr.dtype, sources.tolist()) == (np.int64, [0])
    with pytest.raises(errors.SchemaError, match="src has type float64"):
        fake.build_csr([0.5], [1], 2)
    with pytest.raises(errors.GraphError, match="src has 2 rows, dst has 1"):
        fake.build_csr([0, 1], [1], 2)
    with pytest.raises(errors.GraphError, match="indptr has 2 items; with 3 vertices it has 4"):
        fake.bfs([0, 1], [0], 3, 0)
    with pytest.raises(errors.GraphTooLarge, match="limit of 2147483647"):
        fake.build_csr([0], [1], 2**31)
    with pytest.raises(ValueError, match="csc= has no weights"):
        fake.pagerank([0, 1], [0], 1, weights=[1.0], csc=([0, 1], [0]))


def test_facts(fake):
    _, info = fake.pagerank([0, 1], [0], 1, return_info=True)
    assert info["iterations"] == 3
    assert info["seconds"] >= 0
    assert fake.pagerank([0, 1], [0], 1).tolist() == [1.0]
    _, info = fake.build_csr([0], [0], 1, return_info=True)
    assert set(info) == {"seconds"}


@pytest.fixture
def engine(native):
    return graph_rust.RustGraphEngine()


quick = settings(max_examples=60, deadline=None)


@quick
@given(case=cases(directed=True))
def _agrees_with_graph(engine, case):
    src, dst = (np.array([e[i] for e in case.edges], np.int32) for i in (0, 1))
    g = pf.Graph.from_arrays(src, dst, case.weights, num_vertices=case.n, engine="python")
    indptr, indices, weights = engine.build_csr(src, dst, case.n, case.weights)
    rows = g.csr()
    assert (indptr.dtype, indices.dtype) == (np.int64, np.int32)
    assert indptr.tolist() == rows.indptr.tolist()
    assert indices.tolist() == rows.indices.tolist()
    assert (weights is None) == (case.weights is None)
    assert weights is None or weights.tolist() == rows.weights.tolist()
    columns = engine.build_csc(src, dst, case.n)
    assert columns[0].tolist() == g.csc().indptr.tolist()
    assert sorted(columns[1].tolist()) == sorted(g.csc().indices.tolist())
    distances, before = engine.bfs(indptr, indices, case.n, [0])
    found = g.bfs(0, include_unreached=True)
    assert distances.tolist() == found["distance"].fill_null(-1).to_pylist()
    assert before.tolist() == found["predecessor"].fill_null(-1).to_pylist()
    order = g.dfs(0)
    met = sorted(zip(order["discover"].to_pylist(), order["vertex"].to_pylist(), strict=True))
    assert engine.dfs(indptr, indices, case.n, 0).tolist() == [v for _, v in met]
    ranks, info = engine.pagerank(indptr, indices, case.n, weights=weights, return_info=True)
    expected = g.pagerank()
    assert ranks == pytest.approx(np.array(expected["rank"]), abs=1e-12)
    assert info["converged"] is True
    ones = np.ones(len(indices)) if weights is None else weights
    lengths, before = engine.dijkstra(indptr, indices, ones, case.n, 0)
    found = g.shortest_paths(0, include_unreached=True)
    assert lengths.tolist() == [np.inf if d is None else d for d in found["distance"].to_pylist()]
    assert before.tolist() == found["predecessor"].fill_null(-1).to_pylist()
    labels = engine.connected_components(src, dst, case.n)
    parts = g.connected_components()["component_id"].to_pylist()
    assert labels.tolist() == [parts.index(p) for p in parts]


def test_agrees_with_graph(engine):
    _agrees_with_graph(engine)


def test_native_names(engine, native):
    from parquetframe.errors import GraphError

    assert native.graph_test()
    src, dst = np.array([0, 1], np.int32), np.array([1, 2], np.int32)
    assert native.union_find_components(src, dst, 4).tolist() == [0, 0, 0, 3]
    assert native.connected_components_rust_py(src, dst, 4, True).dtype == np.int64
    indptr, indices, _ = native.build_csr_rust(src, dst, 4)
    lengths, _ = native.dijkstra_rust_py(indptr, indices, 4, np.array([0], np.int32), None)
    assert lengths.tolist() == [0.0, 1.0, 2.0, np.inf]
    for bad in (np.array([0, 9], np.int32), np.array([0, -1], np.int32)):
        with pytest.raises(GraphError):
            native.build_csr_rust(src, bad, 4)


@pytest.mark.usefixtures("native")
class TestArraysChangeMeanwhile:
    """Another thread writes to the rows while a kernel runs: an answer about some rows, or an error."""

    N, M = 20_000, 200_000

    @pytest.fixture
    def rows(self):
        rng = np.random.default_rng(4)
        src, dst = rng.integers(0, self.N, (2, self.M)).astype(np.int32)
        return graph_rust.RustGraphEngine().build_csr(src, dst, self.N, rng.random(self.M))

    def calls(self, rows):
        engine = graph_rust.RustGraphEngine()
        indptr, indices, weights = rows
        return {
            "bfs": lambda: engine.bfs(indptr, indices, self.N, 0),
            "symmetric": lambda: engine.bfs(indptr, indices, self.N, 0, directed=False),
            "dfs": lambda: engine.dfs(indptr, indices, self.N, 0),
            "pagerank": lambda: engine.pagerank(indptr, indices, self.N, weights=weights),
            "csc": lambda: engine.pagerank(indptr, indices, self.N, csc=(indptr, indices)),
            "dijkstra": lambda: engine.dijkstra(indptr, indices, weights, self.N, 0),
            "build": lambda: engine.build_csr(indices, indices, self.N),
            "components": lambda: engine.connected_components(indices, indices, self.N),
        }

    @pytest.mark.parametrize(
        "name", ["bfs", "symmetric", "dfs", "pagerank", "csc", "dijkstra", "build", "components"]
    )
    def test_never_a_crash_and_never_a_number_out_of_range(self, rows, name):
        call, over = self.calls(rows)[name], threading.Event()
        good = [array.copy() for array in rows]
        wild = [np.array([-1, 2**62, 7], np.int64), np.array([-1, 2**31 - 1, 5], np.int32),
                np.array([np.nan, -1.0, np.inf])]  # fmt: skip

        def spoil():
            rng = np.random.default_rng(5)
            while not over.is_set():
                for array, kept, values in zip(rows, good, wild, strict=True):
                    places = rng.integers(0, len(array), 100)
                    array[places] = values[rng.integers(0, 3, 100)]
                    array[places] = kept[places]

        other = threading.Thread(target=spoil)
        other.start()
        try:
            for _ in range(40):
                try:
                    found = call()
                except errors.ParquetFrameError:
                    continue  # what was copied is no graph
                for array in found if isinstance(found, tuple) else (found,):
                    if array is not None and array.dtype == np.int32:
                        assert array.min(initial=0) >= -1
                        assert array.max(initial=0) < self.N
        finally:
            over.set()
            other.join()

    def test_a_view_that_may_not_be_written_is_copied_too(self, rows):
        engine = graph_rust.RustGraphEngine()
        expected = engine.bfs(rows[0], rows[1], self.N, 0)
        fixed = [array.view() for array in rows]
        for array in fixed:
            array.flags.writeable = False
        found = engine.bfs(fixed[0], fixed[1], self.N, 0)
        assert all((a == b).all() for a, b in zip(found, expected, strict=True))

    def test_rows_that_are_not_aligned_or_have_gaps(self, rows):
        module = _backend.native()
        indptr, indices, _ = rows
        expected = module.bfs_rust(indptr, indices, self.N, np.zeros(1, np.int32))
        gaps = np.repeat(indices, 2)[::2]
        raw = np.zeros(indices.nbytes + 1, np.uint8)
        odd = raw[1:].view(np.int32)
        odd[:] = indices
        for other in (gaps, odd):
            found = module.bfs_rust(indptr, other, self.N, np.zeros(1, np.int32))
            assert all((a == b).all() for a, b in zip(found, expected, strict=True))
