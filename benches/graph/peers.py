"""``pf.Graph`` beside other Python packages: equal answers first, then interleaved rounds.

    python benches/graph/peers.py make DIR uniform rmat grid medium small
    python benches/graph/peers.py run DIR uniform --kernels bfs,wcc,pagerank --out peers.json
    python benches/graph/peers.py table peers.json

One process per package and graph, all alive at once, two threads each, one of them at work at a
time. Every kernel runs once to warm up; that answer is compared. PageRank is compared at equal
error: the tolerance of each package is halved until the L1 distance to its own fixed point is 1e-6
or less. Then every round runs each package once, in turn; a cell above ``--slow`` seconds is timed
twice.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from peer_answers import Judge, plain_answer
from peer_engines import KERNELS
from peer_graphs import GRAPHS, load, make
from peer_others import ENGINES

THREADS = 2
ERROR = 1e-6
FIRST_TOL = 8e-6
SURE_TOL = 1.7e-7  # step * alpha / (1 - alpha) is below the error that counts
ROUNDS = 5
SLOW_ROUNDS = 2


def worker(name: str, graph: str, folder: Path, searches: int) -> None:
    """Obey lines of JSON until there are no more."""
    engine = ENGINES[name](load(graph, folder), THREADS, searches)
    for line in sys.stdin:
        order = json.loads(line)
        engine.tol = order.get("tol", engine.tol)
        kernel = order["kernel"]
        run = engine.kernel(kernel)
        told: dict[str, Any] = {"missing": run is None}
        if run is not None:
            try:
                gc.collect()
                before = time.perf_counter()
                if order["do"] == "warm":
                    engine.warm(kernel)
                else:
                    found = run()
                told["seconds"] = time.perf_counter() - before
                if order["do"] == "check":
                    values, told["iterations"] = plain_answer(kernel, found, engine.edges)
                    np.save(order["out"], values)
                found = None
            except Exception as error:  # a package may refuse; that is an answer too
                told["error"] = f"{type(error).__name__}: {error}"[:200]
        told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps(told), flush=True)


class Peer:
    """The process of one package."""

    def __init__(self, name: str, graph: str, folder: Path, searches: int) -> None:
        self.name = name
        limits = ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS",
                  "PARQUETFRAME_THREADS")  # fmt: skip
        environment = {**os.environ, **{limit: str(THREADS) for limit in limits}}
        command = [sys.executable, __file__, "worker", name, graph, str(folder), str(searches)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self._to: Any = self._process.stdin
        self._from: Any = self._process.stdout

    def tell(self, do: str, kernel: str, **more: Any) -> dict[str, Any]:
        """Give an order and wait for what comes of it."""
        self._to.write(json.dumps({"do": do, "kernel": kernel, **more}) + "\n")
        self._to.flush()
        line = self._from.readline()
        told: dict[str, Any] = json.loads(line) if line else {"error": "the process died"}
        return told

    def close(self) -> None:
        """End the process."""
        self._to.close()
        self._process.wait()


def proved(peer: Peer, kernel: str, judge: Judge, tol: float) -> dict[str, Any] | None:
    """Make the graph, run once and compare; PageRank with ever smaller tolerance."""
    warm = peer.tell("warm", kernel)
    if warm.get("missing"):
        return None
    out = judge.folder / f"answer.{judge.edges.name}.{peer.name}.{kernel}.npy"
    while True:
        told = warm if "error" in warm else peer.tell("check", kernel, out=str(out), tol=tol)
        if "error" in told:
            return {"engine": peer.name, "error": told["error"]}
        verdict = judge.verdict(peer.name, kernel, np.load(out))
        if verdict.startswith("error ") and tol > 1e-12:
            tol /= 2
            continue
        break
    out.unlink()
    return {
        "engine": peer.name, "graph_s": warm["seconds"], "first_s": told["seconds"], "tol": tol,
        "verdict": verdict, "iterations": told.get("iterations"), "peak_mb": told["peak_mb"],
    }  # fmt: skip


def run(asked: argparse.Namespace) -> None:
    """Measure one graph."""
    folder = Path(asked.folder)
    judge = Judge(load(asked.graph, folder), folder)
    peers = [Peer(name, asked.graph, folder, asked.searches) for name in asked.engines.split(",")]
    by_name = {peer.name: peer for peer in peers}
    tols: dict[str, float] = {}
    out = Path(asked.out)
    for kernel in asked.kernels.split(","):
        cells: list[dict[str, Any]] = []
        for peer in peers:
            start = tols.get(peer.name, SURE_TOL if peer.name == "networkx" else FIRST_TOL)
            cell = proved(peer, kernel, judge, start)
            if cell is None:
                continue
            if kernel == "pagerank" and "tol" in cell:
                tols[peer.name] = cell["tol"]  # a cold run needs the same
            told = {"load": round(os.getloadavg()[0], 2), "searches": asked.searches}
            cells.append({"graph": asked.graph, "kernel": kernel, **cell, **told, "times": []})
            print(cells[-1], file=sys.stderr, flush=True)
        timed = [(by_name[c["engine"]], c) for c in cells if c.get("verdict") == "equal"]
        for number in range(asked.rounds):
            for peer, cell in timed:
                if number >= SLOW_ROUNDS and cell["times"][0] > asked.slow:
                    continue
                told = peer.tell("run", kernel, tol=cell["tol"])
                cell["times"].append(told["seconds"])
                cell["peak_mb"] = told["peak_mb"]
        keep(cells, out)
    for peer in peers:
        peer.close()
    table(out)


def keep(cells: list[dict[str, Any]], out: Path) -> None:
    """Put cells into the file, in the place of older ones."""
    known = json.loads(out.read_text()) if out.exists() else []
    keys = {(cell["graph"], cell["kernel"], cell["engine"]) for cell in cells}
    kept = [c for c in known if (c["graph"], c["kernel"], c["engine"]) not in keys]
    out.write_text(json.dumps(kept + cells, indent=1))


def table(path: Path) -> None:
    """The cells as Markdown: median and spread in milliseconds, ours as a ratio."""
    cells = json.loads(path.read_text())
    for graph in GRAPHS:
        rows = [cell for cell in cells if cell["graph"] == graph]
        if not rows:
            continue
        print(f"\n### {graph}\n\n| kernel | parquetframe | others | ours / fastest other |")
        print("|---|---|---|---|")
        for kernel in KERNELS:
            found = [cell for cell in rows if cell["kernel"] == kernel]
            if found:
                _print_row(kernel, found)


def short(value: float) -> str:
    """Three digits that count, or whole numbers."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _print_row(kernel: str, cells: list[dict[str, Any]]) -> None:
    def per_run(cell: dict[str, Any]) -> list[float]:
        """Milliseconds, of a search those per source."""
        share = cell["searches"] if kernel in ("bfs", "sssp") else 1
        return [1e3 * seconds / share for seconds in cell["times"]]

    medians = {c["engine"]: statistics.median(per_run(c)) for c in cells if c["times"]}

    def shown(cell: dict[str, Any]) -> str:
        if not cell["times"]:
            return str(cell.get("error") or cell.get("verdict"))
        times = per_run(cell)
        text = f"{short(statistics.median(times))} ({short(min(times))} to {short(max(times))}"
        text += f", {cell['iterations']} iterations" if cell.get("iterations") else ""
        return f"{text}, {len(times)} runs)" if len(times) < ROUNDS else f"{text})"

    ours = medians.pop("parquetframe", None)
    mine = [shown(c) for c in cells if c["engine"] == "parquetframe"]
    others = [f"{c['engine']} {shown(c)}" for c in cells if c["engine"] != "parquetframe"]
    ratio = f"{ours / min(medians.values()):.2f}" if ours and medians else ""
    print(f"| {kernel} | {''.join(mine)} | {'; '.join(others)} | {ratio} |")


def main() -> None:
    """Make graphs, measure, or print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("make")
    one.add_argument("folder")
    one.add_argument("graphs", nargs="+", choices=GRAPHS)
    one = commands.add_parser("worker")
    for name in ("engine", "graph", "folder", "searches"):
        one.add_argument(name)
    one = commands.add_parser("run")
    one.add_argument("folder")
    one.add_argument("graph", choices=GRAPHS)
    one.add_argument("--kernels", default="build,bfs,wcc,scc,pagerank,cold_pagerank,sssp")
    others = "parquetframe,scipy,igraph,networkit,rustworkx,graph-mate"
    one.add_argument("--engines", default=others)
    one.add_argument("--rounds", type=int, default=ROUNDS)
    one.add_argument("--searches", type=int, default=4, help="sources per search")
    one.add_argument("--slow", type=float, default=3.0, help="seconds above which twice is enough")
    one.add_argument("--out", default="peers.json")
    one = commands.add_parser("table")
    one.add_argument("out")
    asked = parser.parse_args()
    if asked.command == "make":
        for graph in asked.graphs:
            make(graph, Path(asked.folder))
    elif asked.command == "worker":
        worker(asked.engine, asked.graph, Path(asked.folder), int(asked.searches))
    elif asked.command == "run":
        run(asked)
    else:
        table(Path(asked.out))


if __name__ == "__main__":
    main()
