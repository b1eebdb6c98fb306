"""Random graphs with any nodes and weights, and the comparison of two answers to the last detail."""

from __future__ import annotations

import math
import types
from collections import Counter

import networkx as nx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

NODES = [
    0, 1, 2, "a", "b", (1, 2), frozenset({1}), 3.5, "c", (0,), 7, -1, 11, b"q", ("t", ("u",)), 1e9,
    2**70, None.__class__, "", (),
]  # fmt: skip
CLASSES = [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph]
WEIGHTS = {
    "none": st.none(),
    "ints": st.integers(1, 9),
    "ties": st.integers(1, 2),
    "zeros": st.integers(0, 2),
    "floats": st.sampled_from([0.1, 0.2, 0.30000000000000004, 0.5, 1.0, 1.5, 2.25]),
    "missing": st.one_of(st.none(), st.integers(1, 4)),
    "negative": st.integers(-1, 6),
    "odd": st.sampled_from([None, 1, 2.5, True, float("inf"), 2**60, 10**400]),
}
RELATIVE = 1e-12

declined: Counter[str] = Counter()
compared: Counter[str] = Counter()

examples = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def graphs(draw, classes=tuple(CLASSES), kinds=tuple(WEIGHTS), max_nodes=9):
    """A graph; ``G.graph["kind"]`` tells what its weights are."""
    G = draw(st.sampled_from(classes))()
    nodes = draw(st.lists(st.sampled_from(NODES), unique=True, max_size=max_nodes))
    G.add_nodes_from(nodes)
    kind = draw(st.sampled_from(kinds))
    G.graph["kind"] = kind
    if not nodes:
        return G
    ends = st.sampled_from(nodes)
    acyclic = draw(st.booleans())
    place = {node: number for number, node in enumerate(nodes)}
    edges = draw(st.lists(st.tuples(ends, ends, WEIGHTS[kind]), max_size=3 * len(nodes)))
    for u, v, weight in edges:
        if acyclic and place[u] >= place[v]:
            if u == v:
                continue
            u, v = v, u  # noqa: PLW2901
        G.add_edge(u, v, **({} if weight is None and kind != "odd" else {"weight": weight}))
    if G.number_of_edges() and draw(
        st.booleans()
    ):  # the order of what is left is not that of the edges
        G.remove_edge(*next(iter(G.edges()))[:2])
        u, v, _ = edges[0]
        G.add_edge(u, v)
    return G


def node_of(G):
    """A node, an equal object that is not the node, or none at all."""
    strange = ["missing", 1.0, True, [1], {}]
    return st.sampled_from([*G, *G, *G, *strange]) if len(G) else st.sampled_from(strange)


def nodes_of(G):
    return st.lists(node_of(G), max_size=4)


def hashable_nodes_of(G):
    return st.lists(st.sampled_from([*G, *G, "missing", 1.0]), max_size=4)


def outcome(call):
    """What comes of a call, item by item: the last may be an error."""
    seen = []
    try:
        result = call()
        seen.append(type(result))
        if isinstance(result, types.GeneratorType):
            seen.extend(copy_of(item) for item in result)
        else:
            seen.append(result)
    except NotImplementedError as error:
        if type(error) is NotImplementedError:
            raise
        seen.append((type(error), str(error)))
    except Exception as error:
        seen.append((type(error), str(error)))
    return seen


def copy_of(item):
    """Generators may go on with a list that they gave away."""
    return list(item) if type(item) is list else item


def same(a, b, relative=0.0):
    """Equal, of the same types all the way down, and in the same order; sets have none."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        pairs = zip(a, b, strict=False)
        return len(a) == len(b) and all(same(x, y, relative) for x, y in pairs)
    if isinstance(a, dict):
        values = zip(a.values(), b.values(), strict=False)
        return same(list(a), list(b)) and all(same(x, y, relative) for x, y in values)
    if isinstance(a, (set, frozenset)):
        return a == b and Counter(map(_typed, a)) == Counter(map(_typed, b))
    if isinstance(a, float) and math.isnan(a):
        return math.isnan(b)
    if isinstance(a, float) and relative:
        return a == b or math.isclose(a, b, rel_tol=relative, abs_tol=1e-300)
    return bool(a == b)


def _typed(item):
    return type(item), repr(item)


def check(name, G, *args, may_decline=False, relative=0.0, **kwargs):
    """The backend's answer is networkx's."""
    function = getattr(nx, name)
    theirs = outcome(lambda: function(G, *args, **kwargs, backend="networkx"))
    try:
        ours = outcome(lambda: function(G, *args, **kwargs, backend="parquetframe"))
    except NotImplementedError:
        declined[name] += 1
        assert may_decline, f"{name}{args}{kwargs} declined on {describe(G)}"
        return
    compared[name] += 1
    where = f"{name}{args}{kwargs} on {describe(G)}"
    assert same(ours, theirs, relative), f"{where}\nnetworkx {theirs}\nours     {ours}"


def describe(G):
    return f"{type(G).__name__} {list(G)} {list(G.edges(data='weight', default=1))}"


def weights_of(G, weight):
    """Values that count; those of edges without the attribute are 1."""
    if weight is None:
        return []
    return [data.get(weight, 1) for _, _, data in G.edges(data=True)]


def one_kind(G, weight):
    """Whether all weights are ints, or all are floats, and of a size that floats hold exactly."""
    values = weights_of(G, weight)
    if any(type(value) not in {int, float} for value in values):
        return False
    if len({type(value) for value in values}) > 1:
        return False
    return all(abs(value) < 2**50 for value in values)


def plain(G, weight, least=0):
    """Whether weights are of one kind, and none is below."""
    return one_kind(G, weight) and all(value >= least for value in weights_of(G, weight))
