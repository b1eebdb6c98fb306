# The compiled extension; programs use the public functions of parquetframe instead.

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

@final
class CancellationToken:
    def __new__(cls) -> CancellationToken: ...
    def cancel(self) -> None: ...
    def is_cancelled(self) -> bool: ...

def rust_available() -> bool: ...
def rust_version() -> str: ...
def workflow_rust_available() -> bool: ...
def workflow_metrics() -> dict[str, Any]: ...
def execute_step(
    step_type: str, config: Mapping[str, Any], context: Mapping[str, Any] | None = None
) -> dict[str, Any]: ...
def create_dag(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]: ...
def plan_workflow(canonical: Mapping[str, Any], data: bool = True) -> dict[str, Any]: ...
def execute_workflow(
    config: Mapping[str, Any],
    max_parallel: int | None = None,
    on_progress: Callable[[dict[str, Any]], object] | None = None,
    cancel_token: CancellationToken | None = None,
    step_handler: Callable[[str, str, dict[str, Any], dict[str, Any]], object] | None = None,
    *,
    canonical: Mapping[str, Any] | None = None,
    on_event: Callable[[dict[str, Any]], object] | None = None,
) -> dict[str, Any]: ...

# Readers and writers; their results have no public name.

def io_read(
    format: str,  # noqa: A002 - the name of the argument is fixed
    sources: Sequence[str | bytes],
    options: str,
    token: CancellationToken | None = None,
    progress: Callable[[int, int | None, int], object] | None = None,
) -> Any: ...
def io_read_pandas(
    format: str,  # noqa: A002 - the name of the argument is fixed
    sources: Sequence[str | bytes],
    options: str,
    token: CancellationToken | None = None,
    progress: Callable[[int, int | None, int], object] | None = None,
) -> Any: ...
def io_batches(
    format: str,  # noqa: A002 - the name of the argument is fixed
    sources: Sequence[str | bytes],
    options: str,
    token: CancellationToken | None = None,
) -> Any: ...
def io_write(
    format: str,  # noqa: A002 - the name of the argument is fixed
    data: Any,
    dest: str,
    options: str,
    token: CancellationToken | None = None,
    progress: Callable[[int, int | None, int], object] | None = None,
) -> str: ...
def io_parquet_metadata(source: str | bytes) -> Any: ...
def io_parquet_statistics(source: str | bytes, columns: Sequence[str] | None = None) -> str: ...
def io_row_count(
    format: str,  # noqa: A002 - the name of the argument is fixed
    sources: Sequence[str | bytes],
) -> int: ...
def io_csv_sniff(file: str | bytes, options: str) -> str: ...
def io_csv_names(file: str | bytes, options: str) -> list[str]: ...
def io_csv_count(
    file: str | bytes, options: str, token: CancellationToken | None = None
) -> int: ...
def io_csv_scan(file: str | bytes, options: str, token: CancellationToken | None = None) -> Any: ...
def io_schema(
    format: str,  # noqa: A002 - the name of the argument is fixed
    sources: Sequence[str | bytes],
    options: str,
) -> Any: ...
def io_avro_header(source: str | bytes) -> str: ...

# Graphs; settings and facts are JSON text, tables Arrow streams, vectors NumPy arrays.

@final
class NativeGraph:
    # edges: stream of `src`, `dst` and optionally `weight` (float64), without nulls; vertices:
    # stream of `id`. options: {"directed", "id_order": "appearance" | "sorted", "threads"}.
    @staticmethod
    def build(
        edges: Any,
        options: str,
        vertices: Any | None = None,
        token: CancellationToken | None = None,
        progress: Callable[[float], object] | None = None,
    ) -> NativeGraph: ...
    # Short lists, tuples, NumPy or Arrow arrays of integers or text (with num_vertices of vertex
    # numbers), and numbers as weights; None if something is not plain, or they make no graph.
    @staticmethod
    def build_plain(
        src: Any,
        dst: Any,
        weights: Any | None,
        vertices: Any | None,
        num_vertices: int | None,
        directed: bool,
        sorted_ids: bool,
    ) -> NativeGraph | None: ...
    # src, dst: uint32, below num_vertices; weights: float64; ids: Arrow array of n ids, or 0..n-1.
    # options: {"num_vertices", "directed", "sorted_rows", "threads"}.
    @staticmethod
    def from_indices(
        src: Any,
        dst: Any,
        weights: Any | None,
        options: str,
        ids: Any | None = None,
        token: CancellationToken | None = None,
        progress: Callable[[float], object] | None = None,
    ) -> NativeGraph: ...
    # int64 offsets, uint32 indices, float64 weights, int64 edge ids.
    # options: {"directed", "threads"}.
    @staticmethod
    def from_csr(
        indptr: Any,
        indices: Any,
        weights: Any | None,
        edge_ids: Any,
        options: str,
        ids: Any | None = None,
    ) -> NativeGraph: ...
    @property
    def num_vertices(self) -> int: ...
    @property
    def num_edges(self) -> int: ...
    @property
    def is_directed(self) -> bool: ...
    @property
    def is_weighted(self) -> bool: ...
    @property
    def nbytes(self) -> int: ...
    # Arrow array; text views come as large strings, dense ids as int64.
    def ids(self) -> Any: ...
    # Ids of vertex indices (Arrow uint32); null stays null.
    def ids_at(self, indices: Any) -> Any: ...
    # Read-only offsets (int64) and heads (uint32) of the arcs by tail.
    def rows(self) -> tuple[Any, Any]: ...
    # Read-only (int64 offsets, uint32 indices, float64 weights or None, int64 edge ids).
    def csr(self) -> tuple[Any, Any, Any | None, Any]: ...
    def csc(self) -> tuple[Any, Any, Any | None, Any]: ...
    # Tails, heads (uint32) and weights in the order of edge ids.
    def edges(self) -> tuple[Any, Any, Any | None]: ...
    # Record batch of the same, ids in place of indices.
    def edge_table(self) -> Any: ...
    # vertices: uint32, each once. The part that they span, and the ids of its edges here.
    def part(self, vertices: Any, sorted_rows: bool) -> tuple[NativeGraph, Any]: ...
    # int64: arcs of each row, loops at each vertex.
    def row_lengths(self) -> Any: ...
    def loops(self) -> Any: ...
    # First edges with a weight below 0, of 0, and of inf.
    def weight_facts(self) -> tuple[int | None, int | None, int | None]: ...
    # values: Arrow array of the type of the ids; int64 indices, -1 for what is missing.
    def find(self, values: Any) -> Any: ...
    # value: Arrow array of one item; up to three labels.
    def closest(self, value: Any) -> list[str]: ...
    # Index of an id of a small graph, -1 if it has none such; None unless it is an int or str, as
    # the ids are.
    def place(self, vertex: Any) -> int | None: ...
    # Whether an edge leads from one id to another; None as for place.
    def has_edge(self, u: Any, v: Any) -> bool | None: ...
    # Whether an arc leads from one index to another.
    def has_arc(self, tail: int, head: int) -> bool: ...
    # params: settings of the method; arrays: vertices (uint32, or a list), float64 vectors. Record
    # batch of columns, with ids of vertices, before the others if rows are all vertices, and facts;
    # reached: only rows in which that column has a value.
    def run_table(
        self,
        algorithm: str,
        params: Mapping[str, Any],
        arrays: Mapping[str, Any],
        threads: int,
        token: CancellationToken | None = None,
        progress: Callable[[float], object] | None = None,
        reached: str | None = None,
    ) -> tuple[Any, dict[str, Any]]: ...
    # The same without Arrow: columns by name, each an array or (values, where there is none as
    # bools or None, Arrow type or None). ids: such a column of all ids, else indices stay.
    def run_numbers(
        self,
        algorithm: str,
        params: Mapping[str, Any],
        arrays: Mapping[str, Any],
        threads: int,
        token: CancellationToken | None = None,
        progress: Callable[[float], object] | None = None,
        ids: tuple[Any, None, Any] | None = None,
        reached: str | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]: ...

# A graph of networkx from its dictionaries `_node`, `_adj` and, if directed, `_pred`; weight: name
# of the attribute, and what stands for a missing one; odd: kind and number of a weight that is
# neither int nor float. Kinds are bits: 1 int, 2 float, 4 missing. Gives the graph, its nodes,
# their numbers if they were looked up, offsets and tails of the arcs by head, and the kinds; None
# if one of the dictionaries is no plain one.
def networkx_graph(
    node: dict[Any, Any],
    adj: dict[Any, Any],
    pred: dict[Any, Any] | None,
    multigraph: bool,
    weight: tuple[Any, float] | None,
    odd: Callable[[Any], tuple[int, float]],
) -> tuple[NativeGraph, list[Any], dict[Any, int] | None, tuple[Any, Any] | None, int] | None: ...

# The array functions of 2.0: int64 offsets, int32 indices and labels, float64 weights and scores.

def graph_test() -> str: ...
def build_csr_rust(
    src: Any, dst: Any, num_vertices: int, weights: Any | None = None, *, threads: int | None = None
) -> tuple[Any, Any, Any | None]: ...
def build_csc_rust(
    src: Any, dst: Any, num_vertices: int, weights: Any | None = None, *, threads: int | None = None
) -> tuple[Any, Any, Any | None]: ...
def bfs_rust(
    indptr: Any,
    indices: Any,
    num_vertices: int,
    sources: Any,
    max_depth: int | None = None,
    *,
    directed: bool = True,
    threads: int | None = None,
) -> tuple[Any, Any]: ...
def dfs_rust(
    indptr: Any, indices: Any, num_vertices: int, source: int, max_depth: int | None = None
) -> Any: ...
def pagerank_rust_py(
    indptr: Any,
    indices: Any,
    num_vertices: int,
    alpha: float = 0.85,
    tol: float = 1e-6,
    max_iter: int = 100,
    personalization: Any | None = None,
    *,
    weights: Any | None = None,
    csc: tuple[Any, Any] | None = None,
    threads: int | None = None,
    return_info: bool = False,
) -> Any: ...
def dijkstra_rust(
    indptr: Any,
    indices: Any,
    weights: Any,
    num_vertices: int,
    source: int,
    *,
    threads: int | None = None,
) -> tuple[Any, Any]: ...
def dijkstra_rust_py(
    indptr: Any,
    indices: Any,
    num_vertices: int,
    sources: Any,
    weights: Any | None = None,
    *,
    threads: int | None = None,
) -> tuple[Any, Any]: ...
def union_find_components(
    src: Any, dst: Any, num_vertices: int, *, threads: int | None = None
) -> Any: ...
def connected_components_rust_py(
    src: Any, dst: Any, num_vertices: int, directed: bool = False, *, threads: int | None = None
) -> Any: ...
