"""Short plain columns are read by a way of their own, which must not be told from the long one."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import parquetframe as pf
from parquetframe.graph import base, building
from parquetframe.graph.columns import as_numpy

pytestmark = pytest.mark.usefixtures("backend")

quick = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

small = st.integers(-3, 6)
wide = st.integers(-(2**65), 2**65) | st.sampled_from([2**63 - 1, 2**63, 2**64 - 1, -(2**63)])
text = st.text("ab\x00é𝄞", max_size=2)
odd = st.one_of(
    st.none(), st.booleans(), st.floats(allow_nan=True), wide, text, st.just("\ud800"),
    st.binary(max_size=2), st.dates(dt.date(2000, 1, 1), dt.date(2000, 1, 3)),
    st.sampled_from([np.int64(1), np.float64(1.0), np.str_("a")]),
)  # fmt: skip
real = st.one_of(
    st.integers(-9, 9).map(float), st.floats(), st.integers(-9, 9),
    st.sampled_from([2**53, 2**53 + 1, -(2**53) - 1, 2**63, math.inf, -math.inf, -0.0]),
)  # fmt: skip
numpy_types = st.sampled_from(
    ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i8", "f4", "f8", "?", "O", "U1", "M8[D]"]
)
arrow_types = st.sampled_from(
    [
        pa.int8(), pa.int32(), pa.int64(), pa.uint32(), pa.uint64(), pa.string(), pa.large_string(),
        pa.string_view(), pa.binary(), pa.float32(), pa.float64(), pa.bool_(), pa.date32(),
        pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int8(), pa.int64()),
        pa.decimal128(9, 2),
    ]
)  # fmt: skip


@st.composite
def values(draw, rows, of=None):
    """A column in some form: of items that are mostly of one kind, seldom of any."""
    items = draw(st.sampled_from([small, small, text, wide, odd])) if of is None else of
    column = draw(st.lists(items, min_size=rows, max_size=rows))
    if rows and draw(st.integers(0, 9)) == 0:
        column[draw(st.integers(0, rows - 1))] = draw(odd)
    form = draw(st.sampled_from(["list", "list", "tuple", "numpy", "arrow", "chunks"]))
    try:
        if form == "numpy":
            with np.errstate(all="ignore"):
                array = np.array(column, draw(numpy_types))
            return array[::-1] if draw(st.booleans()) else array
        if form in ("arrow", "chunks"):
            array = pa.array(column, draw(arrow_types))
            if form == "arrow":
                return array
            cut = draw(st.integers(0, rows))
            return pa.chunked_array([array.slice(0, cut), array.slice(cut)], array.type)
    except (TypeError, ValueError, OverflowError, pa.ArrowException):
        pass
    return tuple(column) if form == "tuple" else column


@st.composite
def calls(draw):
    """Edges, and options of ``from_edges``."""
    rows = draw(st.integers(0, 6))
    kinds = draw(st.sampled_from([small, small, text, wide, None]))
    lengths = [rows, rows, rows]
    if draw(st.integers(0, 9)) == 0:
        lengths[draw(st.integers(0, 2))] += 1
    src, dst = draw(values(lengths[0], kinds)), draw(values(lengths[1], kinds))
    weighted = draw(st.booleans())
    weights = draw(values(lengths[2], real)) if weighted else None
    options = {
        "directed": draw(st.booleans()),
        "id_order": draw(st.sampled_from(["appearance", "sorted"])),
        "nulls": draw(st.sampled_from(["error", "drop"])),
        "duplicates": draw(st.sampled_from(["keep", "keep", "sum", "last", "error"])),
        "self_loops": draw(st.sampled_from(["keep", "keep", "drop", "error"])),
        "vertices": draw(
            st.none() | st.sampled_from([range(3), range(0), (), (1, 1), [0, None], ("a", "b")])
            | values(2, kinds)
        ),
    }  # fmt: skip
    if options["vertices"] is None:
        options["num_vertices"] = draw(st.sampled_from([None, None, 0, 3, 7, 2**40]))
        options["ids"] = draw(st.sampled_from(["auto", "auto", "dense", "mapped"]))
    if weighted:
        options["default_weight"] = draw(st.none() | st.just(2.0))
    if draw(st.booleans()):
        return (src, dst) if weights is None else (src, dst, weights), options
    table = {"src": src, "dst": dst}
    if weighted:
        table["w"], options["weight"] = weights, "w"
    try:
        made = pa.table(table)
    except (TypeError, ValueError, OverflowError, pa.ArrowException):
        return table, options
    return draw(st.sampled_from([table, made])), options


def outcome(edges, options):
    """All that can be seen of a graph, or of an error."""
    try:
        graph = pf.Graph.from_edges(edges, **options)
    except Exception as error:  # the two ways must fail alike, however they fail
        facts = {name: getattr(error, name, None) for name in ("code", "row", "column")}
        return type(error), str(error), facts
    rows = [None if part is None else part.tolist() for part in graph.csr()]
    facts = graph.is_directed(), graph.num_vertices, graph.num_edges
    numbers = [graph.row_number(edge) for edge in range(graph.num_edges)]
    return (
        facts,
        numbers,
        graph.ids.type,
        graph.ids.to_pylist(),
        graph.edges.to_pydict(),
        repr(rows),
    )


@quick
@given(call=calls())
@example(call=(([1, 2], [2, 1], [1.0, math.nan]), {}))
@example(call=(([1, 2], [2, 1], [-math.inf, 1]), {}))
@example(call=(([2**63], [1]), {}))
@example(call=(([2**64], [1]), {}))
@example(call=(([True], [1]), {}))
@example(call=((["a", None], ["b", "c"]), {"nulls": "drop"}))
@example(call=((np.array(5), np.array(5)), {}))
@example(call=((np.zeros((2, 2), int), np.zeros((2, 2), int)), {}))
@example(call=({"src": [1], "dst": [2]}, {"src": ["src"]}))
@example(call=({"src": [1], "dst": [2]}, {"weight": "w"}))
@example(call=({"src": [1], "dst": [2], 7: [1.0]}, {"weight": 7}))
@example(call=({"src": [1], "dst": [2]}, {"vertices": ["nowhere.csv"]}))
@example(call=((pa.array([1, None]).drop_null(), pa.array([2])), {"vertices": range(10**12)}))
def test_both_ways_see_the_same(call):
    edges, options = call
    short = outcome(edges, options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "plain_columns", lambda *_: None)
        assert outcome(edges, options) == short


@pytest.mark.parametrize("plain", [True, False])
def test_what_is_plain_goes_the_short_way(plain, monkeypatch, backend):
    """Else the tests above would compare a way with itself."""
    if backend == "python":
        pytest.skip("the NumPy engine takes Arrow columns")
    ends = [1, 2] if plain else [1, None]

    def refuse(*_, **__):
        raise AssertionError("the long way")

    monkeypatch.setattr(building, "edge_columns", refuse)
    columns = {"list": ends, "tuple": tuple(ends), "arrow": pa.array(ends)}
    columns["chunks"] = pa.chunked_array([columns["arrow"]])
    columns["text"] = [None if end is None else str(end) for end in ends]
    if plain:
        columns["numpy"] = np.array(ends, np.int32)
    for column in columns.values():
        for edges in ((column, column), {"src": column, "dst": column, "w": [1, 0.5]}):
            options = {"weight": "w"} if isinstance(edges, dict) else {}
            if plain:
                assert pf.Graph.from_edges(edges, **options).num_edges == 2
            else:
                with pytest.raises(AssertionError, match="the long way"):
                    pf.Graph.from_edges(edges, **options)


def test_a_column_that_can_be_read_once_is_read_once():
    edges = {"src": (v for v in (1, 2)), "dst": (v for v in (2, 3))}
    assert pf.Graph.from_edges(edges).edges.to_pydict() == {"src": [1, 2], "dst": [2, 3]}


def test_more_rows_than_are_short():
    for rows in (4096, 4097, 9000):
        src = list(range(rows))
        graph = pf.Graph.from_edges((src, src[::-1], [float(v) for v in src]))
        assert graph.num_edges == graph.num_vertices == rows
        assert graph.ids[:3].to_pylist() == [0, rows - 1, 1]
        assert graph.edges["weight"].to_pylist() == src


@quick
@given(
    ids=st.lists(small | wide.filter(lambda v: abs(v) < 2**63), min_size=1, unique=True)
    | st.lists(text, min_size=1, unique=True),
    asked=st.lists(small | wide | text | odd, max_size=6),
    ordered=st.sampled_from(["appearance", "sorted"]),
)
def test_places_of_ids(ids, asked, ordered):
    graph = pf.Graph.from_edges((ids, ids), id_order=ordered)
    known = graph.ids.to_pylist()
    for value in [*ids, *(value for value in asked if value != "\ud800")]:
        plain = type(value) is type(ids[0])
        found = plain and value in known
        assert graph.has_edge(value, value) == (found or bool(_equal(value, known)))
        place = graph._handle.place(value)
        if place is not None:
            assert plain
            assert place == (known.index(value) if found else -1)
        elif plain:
            assert abs(value) >= 2**63  # more than 64 bits


def _equal(value, known):
    """Whether a scalar of NumPy is the id."""
    return isinstance(value, np.generic) and value.item() in known and (
        type(value.item()) is type(known[0])
    )  # fmt: skip


def test_a_masked_column_is_as_numpy_makes_it():
    values, missing = np.array([1.0, 2.0, 3.0]), np.array([True, False, True])
    found, made = as_numpy((values, missing, None)), np.ma.MaskedArray(values, missing)
    assert type(found) is type(made)
    assert found.__dict__.keys() == made.__dict__.keys()
    assert found.mask.tolist() == made.mask.tolist()
    assert found.filled(0.0).tolist() == [0.0, 2.0, 0.0]
    assert found[1:].mask.tolist() == [False, True]
    assert (found + 1).compressed().tolist() == [3.0]
    found[0] = 7.0
    assert found.mask.tolist() == [False, False, True]
    assert as_numpy((values, None, None)) is values


@pytest.mark.parametrize("directed", [True, False])
def test_answers_of_small_and_of_large_graphs(directed, monkeypatch):
    """Rows that were not reached, loops, and ids that are text: as table, and as NumPy arrays."""
    edges = (["a", "b", "c", "d", "d"], ["b", "a", "c", "a", "d"], [1.0, 2.0, 1.0, 1.0, 3.0])

    def seen():
        graph = pf.Graph.from_edges(edges, directed=directed)
        found = [
            ask(output=output)
            for output in ("table", "numpy")
            for ask in (
                lambda **o: graph.bfs("a", **o),
                lambda **o: graph.bfs(["a", "c"], per_source=True, **o),
                lambda **o: graph.shortest_paths("a", **o),
                lambda **o: graph.shortest_paths("a", include_unreached=True, **o),
                lambda **o: graph.dfs("a", **o),
                lambda **o: graph.degree("both", "once", **o),
                lambda **o: graph.degree("in", **o),
                graph.degree,
                lambda **o: graph.closeness(["a", "d"], **o),
                graph.minimum_spanning_forest,
            )
        ]
        parts = [graph.neighbors(v, d) for v in "abcd" for d in ("out", "in", "both")]
        tables = [graph.edges, graph.subgraph(["d", "a"]).edges, graph.reverse().edges]
        plain = [
            table.to_pydict() if isinstance(table, pa.Table)
            else {name: column.tolist() for name, column in table.items()}
            for table in found
        ]  # fmt: skip
        kinds = [
            None if isinstance(table, pa.Table)
            else {name: (column.dtype, type(column)) for name, column in table.items()}
            for table in found
        ]  # fmt: skip
        return plain, kinds, [p.to_pylist() for p in parts], [t.to_pydict() for t in tables]

    short = seen()
    monkeypatch.setattr(base, "SMALL", -1)
    assert seen() == short
