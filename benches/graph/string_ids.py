"""From an edge table with any ids to a table of ranks: how long, and where the time goes.

    python benches/graph/string_ids.py [--edges M] [--vertices N] [--rounds R] [--threads T]

Writes seeded Parquet files (string ids, sparse int64 ids, string ids as dictionaries), then times
``pf.Graph.from_edges(path).pagerank()`` on each. The ranks are first compared with those of the
same edges between ready indices: bits and ids must be equal, or there is no time. ``peak`` is what
a build adds to the memory of a fresh process that holds the edge table, over the bytes of the
finished graph.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import parquetframe as pf
from parquetframe.graph.edges import as_table

SEED = 20_26
KINDS = ("string", "int64", "dictionary")


def main() -> None:
    """Measure all kinds, or the memory of one as a child process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--vertices", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--peak", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        print(json.dumps(peak(options.peak, options.threads)))
        return
    rng = np.random.default_rng(SEED)
    src, dst = rng.integers(0, options.vertices, (2, options.edges), np.int32)
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.kinds:
            path = str(Path(folder) / f"{kind}.parquet")
            ids = names(kind, options.vertices)
            write(path, kind, ids, src, dst)
            prove(path, ids, src, dst, options.threads)
            measure(kind, path, options.rounds, options.threads)


def names(kind: str, count: int) -> pa.Array:
    """The ids of all vertices."""
    if kind == "int64":
        numbers = (np.arange(count, dtype=np.uint64) + 1) * np.uint64(0x9E3779B97F4A7C15)
        return pa.array(numbers.view(np.int64))
    return pa.array([f"u{i:07d}" for i in range(count)])


def write(path: str, kind: str, ids: pa.Array, src: Any, dst: Any) -> None:
    """An edge table in which each edge says the ids of its ends."""
    if kind == "dictionary":
        ends = [pa.DictionaryArray.from_arrays(pa.array(end), ids) for end in (src, dst)]
    else:
        ends = [ids.take(pa.array(end)) for end in (src, dst)]
    pq.write_table(pa.table({"src": ends[0], "dst": ends[1]}), path)


def prove(path: str, ids: pa.Array, src: Any, dst: Any, threads: int) -> None:
    """Compare ranks by id with those of the same graph without ids, in order of appearance."""
    rows = np.column_stack((src, dst)).ravel()
    _, first = np.unique(rows, return_index=True)
    order = rows[np.sort(first)]
    index = np.full(len(ids), -1, np.int32)
    index[order] = np.arange(len(order), dtype=np.int32)
    dense = pf.Graph.from_arrays(index[src], index[dst], num_vertices=len(order))
    expected = dense.pagerank(threads=threads)
    found = pf.Graph.from_edges(path, threads=threads).pagerank(threads=threads)
    vertices = found.column("vertex").combine_chunks()
    if not vertices.equals(ids.take(pa.array(order)).cast(vertices.type)):
        raise SystemExit(f"{path}: vertices are not the ids in order of appearance")
    if not found.column("rank").equals(expected.column("rank")):
        raise SystemExit(f"{path}: ranks differ from those of the same edges without ids")


def measure(kind: str, path: str, rounds: int, threads: int) -> None:
    """Print the whole path, and its parts."""

    def clock(run: Callable[[], Any]) -> float:
        def once() -> float:
            before = time.perf_counter()
            run()
            return time.perf_counter() - before

        return statistics.median(once() for _ in range(rounds))

    table = as_table(path, ["src", "dst"], "edges")
    graph = pf.Graph.from_edges(table, threads=threads)
    rows = graph.csr()
    src = np.repeat(np.arange(graph.num_vertices, dtype=np.int32), np.diff(rows.indptr))
    dst = rows.indices.view(np.int32)
    order = np.random.default_rng(SEED).permutation(len(src))  # as unordered as the table
    src, dst, n = src[order], dst[order], graph.num_vertices
    del rows, order
    whole = clock(lambda: pf.Graph.from_edges(path, threads=threads).pagerank(threads=threads))
    read = clock(lambda: as_table(path, ["src", "dst"], "edges"))
    made = clock(lambda: pf.Graph.from_edges(table, threads=threads))
    build = clock(lambda: pf.Graph.from_arrays(src, dst, num_vertices=n))
    ranked = clock(lambda: graph.pagerank(threads=threads))
    child = [sys.executable, __file__, "--peak", path, "--threads", str(threads)]
    memory = json.loads(subprocess.run(child, check=True, capture_output=True).stdout)
    print(
        f"{kind}: {graph.num_edges:,} edges, {n:,} vertices, {threads} threads, {rounds} rounds: "
        f"whole {whole:.2f} s; read {read:.2f}, map {made - build:.2f}, build {build:.2f}, "
        f"pagerank and table (views made) {ranked:.2f}; "
        f"{1e9 * (made - build) * threads / graph.num_edges:.0f} ns to map an edge and core; "
        f"peak {memory['added'] / memory['graph']:.2f} x {memory['graph'] / 1e6:.0f} MB"
    )


def peak(path: str, threads: int) -> dict[str, int]:
    """Bytes that a build adds at most to a process that holds its input, and those it leaves."""
    pf.Graph.from_edges({"src": ["a"], "dst": ["b"]}, threads=threads)  # loads all there is to load
    table = as_table(path, ["src", "dst"], "edges")
    pa.default_memory_pool().release_unused()
    before = resident()
    reset_peak()
    graph = pf.Graph.from_edges(table, threads=threads)
    return {"added": peak_resident() - before, "graph": graph.nbytes}


def resident() -> int:
    """Bytes of memory that the process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def reset_peak() -> None:
    """Forget the most memory there was."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_resident() -> int:
    """The most memory there was since."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
