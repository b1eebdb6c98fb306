"""Time and memory as the graph grows, from a thousand edges to a hundred million.

    python benches/graph/scaling.py run --out scaling.json [--largest 8]
    python benches/graph/scaling.py table scaling.json
    python benches/graph/scaling.py plot scaling.json docs/images/graph-scaling.svg

One process per graph: it makes the edges (10 per vertex; uniform, or R-MAT with 16), builds, and
runs each kernel until half a second or five runs are over; the best run counts, as the rest is
noise of the machine. Memory is what the graph holds once all views that the kernels wanted are
made, and the most that the process had during the build beyond the edge arrays.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

KINDS = ("uniform", "rmat")
KERNELS = ("build", "bfs", "components", "pagerank", "shortest paths")
SMALLEST, LARGEST = 3, 8
ENOUGH_S = 0.5
RUNS = 5
PAGE_MB = 1 / 1024


def edges(kind: str, exponent: int) -> tuple[int, np.ndarray, np.ndarray]:
    """Ends as int32, made piece by piece."""
    draw = np.random.default_rng(exponent)
    m = 10**exponent
    if kind == "uniform":
        n = m // 10
        return n, draw.integers(0, n, m, np.int32), draw.integers(0, n, m, np.int32)
    scale = max(1, round(np.log2(m / 16)))
    src, dst = np.zeros((2, m), np.int32)
    name = draw.permutation(1 << scale).astype(np.int32)
    for start in range(0, m, 1 << 22):
        part = slice(start, min(start + (1 << 22), m))
        for bit in range(scale):
            quadrant = draw.random(part.stop - part.start, np.float32)
            low = quadrant >= 0.76
            high = ((quadrant >= 0.57) & ~low) | (quadrant >= 0.95)
            src[part] |= low.astype(np.int32) << bit
            dst[part] |= high.astype(np.int32) << bit
        src[part], dst[part] = name[src[part]], name[dst[part]]
    return 1 << scale, src, dst


def best(run: Callable[[], Any]) -> float:
    """Seconds of the fastest of some runs; the first makes what is made once."""
    run()
    times: list[float] = []
    while len(times) < RUNS and sum(times) < ENOUGH_S:
        before = time.perf_counter()
        run()
        times.append(time.perf_counter() - before)
    return min(times)


def cell(kind: str, exponent: int) -> dict[str, Any]:
    """Everything about one graph."""
    import parquetframe as pf

    n, src, dst = edges(kind, exponent)
    weights = np.random.default_rng(1).integers(1, 256, len(src)).astype(np.float64)

    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PAGE_MB

    def resident() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20

    pf.Graph.from_arrays([0], [1], num_vertices=2).pagerank()  # threads and libraries are there
    before, held = resident(), peak()
    began = time.perf_counter()
    graph = pf.Graph.from_arrays(src, dst, num_vertices=n)
    first = time.perf_counter() - began
    build_peak = peak() - before if peak() > held else float("nan")
    seconds = {"build": first}
    if exponent < LARGEST:
        seconds["build"] = best(lambda: pf.Graph.from_arrays(src, dst, num_vertices=n))
    source = int(src[0])
    built = graph.nbytes
    seconds |= searches(graph, source)
    with_views = graph.nbytes
    graph = None
    weighted = pf.Graph.from_arrays(src, dst, weights, num_vertices=n)
    options = {"predecessors": False, "include_unreached": True, "output": "numpy"}
    seconds["shortest paths"] = best(lambda: weighted.shortest_paths(source, **options))
    return {
        "kind": kind, "edges": len(src), "vertices": n, "seconds": seconds,
        "bytes_per_arc": built / len(src), "bytes_per_arc_views": with_views / len(src),
        "build_peak_bytes_per_arc": build_peak * 2**20 / len(src), "peak_mb": peak(),
    }  # fmt: skip


def searches(graph: Any, source: int) -> dict[str, float]:
    """The kernels that need no weights."""
    return {
        "bfs": best(lambda: graph.bfs(source, include_unreached=True, output="numpy")),
        "components": best(lambda: graph.connected_components(output="numpy")),
        "pagerank": best(lambda: graph.pagerank(output="numpy")),
    }


def measure(asked: argparse.Namespace) -> None:
    """One process after the other."""
    out = Path(asked.out)
    found = json.loads(out.read_text()) if out.exists() else []
    for exponent in range(asked.smallest, asked.largest + 1):
        for kind in asked.kinds.split(","):
            command = [sys.executable, __file__, "cell", kind, str(exponent)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(kind, exponent, done.stderr[-300:], file=sys.stderr)
                continue
            told = {**json.loads(done.stdout), "load": round(os.getloadavg()[0], 2)}
            key = (kind, told["edges"])
            found = [old for old in found if (old["kind"], old["edges"]) != key] + [told]
            out.write_text(json.dumps(found, indent=1))
            print(kind, exponent, told["seconds"], file=sys.stderr, flush=True)


def table(cells: list[dict[str, Any]]) -> None:
    """Milliseconds and bytes, in Markdown."""
    heads = " | ".join(KERNELS)
    print(f"| graph | edges | vertices | {heads} | bytes per arc, with views | peak of the build |")
    print("|---" * (len(KERNELS) + 5) + "|")
    for kind in KINDS:
        for found in sorted((c for c in cells if c["kind"] == kind), key=lambda c: c["edges"]):
            times = " | ".join(short(1e3 * found["seconds"][name]) for name in KERNELS)
            peak = found["build_peak_bytes_per_arc"]
            held = f"{found['bytes_per_arc']:.1f}, {found['bytes_per_arc_views']:.1f}"
            shown = f"{peak:.0f}" if found["edges"] >= 10**6 and peak == peak else ""  # noqa: PLR0124
            print(
                f"| {kind} | {found['edges']:,} | {found['vertices']:,} | {times} | {held} "
                f"| {shown} |"
            )


def short(value: float) -> str:
    """Three digits that count, or whole numbers."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def plot(cells: list[dict[str, Any]], path: Path) -> None:
    """Nanoseconds per edge over edges; a level line is linear time."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "parquetframe"
    from matplotlib import pyplot as plt

    figure, places = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for kind, axes in zip(KINDS, places, strict=True):
        rows = sorted((c for c in cells if c["kind"] == kind), key=lambda c: c["edges"])
        for name in KERNELS:
            per_edge = [1e9 * c["seconds"][name] / c["edges"] for c in rows]
            axes.loglog([c["edges"] for c in rows], per_edge, marker="o", label=name)
        axes.set(title=kind, xlabel="edges", ylabel="nanoseconds per edge")
        axes.grid(visible=True, which="major", alpha=0.3)
    places[0].legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Measure, print or draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run")
    one.add_argument("--out", default="scaling.json")
    one.add_argument("--smallest", type=int, default=SMALLEST)
    one.add_argument("--largest", type=int, default=LARGEST)
    one.add_argument("--kinds", default=",".join(KINDS))
    one = commands.add_parser("cell")
    one.add_argument("kind", choices=KINDS)
    one.add_argument("exponent", type=int)
    one = commands.add_parser("table")
    one.add_argument("out")
    one = commands.add_parser("plot")
    one.add_argument("out")
    one.add_argument("image")
    asked = parser.parse_args()
    if asked.command == "run":
        measure(asked)
    elif asked.command == "cell":
        print(json.dumps(cell(asked.kind, asked.exponent)))
    elif asked.command == "table":
        table(json.loads(Path(asked.out).read_text()))
    else:
        plot(json.loads(Path(asked.out).read_text()), Path(asked.image))


if __name__ == "__main__":
    main()
