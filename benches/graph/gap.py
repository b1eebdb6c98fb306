"""Compares graph_bench with the GAP benchmark suite: same files, sources and threads, interleaved.

    python gap.py --suite DIR --graphs DIR --bench target/release/examples/graph_bench

DIR of the suite holds the compiled bfs, cc, sssp, pr and tc; DIR of the graphs what `graph_bench
make` wrote. The suite picks the sources of searches and ours follow. Each answer of ours is proved
once by its checker, later runs must give the same sum. PageRank is compared at equal error: each
side does the iterations that bring the L1 distance to its own fixed point to 1e-6 (the suite's are
counted by a model of its sweeps, one thread and double precision; both numbers are printed).

Prints milliseconds per source or run: median over the rounds (least to most), and the ratio of
the medians, ours over the suite's.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import struct
import subprocess
import sys
from pathlib import Path

DELTA = "16"
# Runs in one process, of which the median counts; a search runs once per source.
REPEATS = {"cc": 9, "pr": 3, "tc": 1}
CELLS = [
    *(
        (kernel, name)
        for kernel in ("bfs", "cc", "sssp", "pr")
        for name in ("uniform", "rmat", "grid")
    ),
    ("tc", "uniform-symmetric"),
    ("tc", "rmat-symmetric"),
    ("tc", "grid"),
]


def output(*command: str | Path) -> str:
    """What a program prints; its failure ends this one."""
    done = subprocess.run(list(map(str, command)), check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def found(pattern: str, text: str) -> str:
    """The first group of a pattern that must occur."""
    match = re.search(pattern, text)
    if not match:
        sys.exit(f"no {pattern!r} in:\n{text}")
    return match[1]


class Cell:
    """One kernel on one graph."""

    def __init__(self, kernel: str, name: str, options: argparse.Namespace) -> None:
        self.kernel, self.name, self.options = kernel, name, options
        self.path = options.graphs / name
        suffix = "wsg" if kernel == "sssp" else "sg"
        self.suite = [options.suite / kernel, "-f", self.path.with_name(f"{name}.{suffix}")]
        self.note = ""
        self.iterations: list[str] = []
        if kernel in ("bfs", "sssp"):
            self.suite += ["-n", str(options.sources)]
            self.write_sources()
        if kernel == "sssp":
            self.suite += ["-d", DELTA]
        proved = output(options.bench, "prove", kernel, self.path)
        self.check = found(r"check (\d+)\n$", proved)
        if kernel == "pr":
            self.equal_error(proved)

    def write_sources(self) -> None:
        """Searches of ours start where those of the suite do."""
        file = self.path.with_name(f"{self.name}.sg")
        text = output(self.options.suite / "bfs", "-f", file, "-n", str(self.options.sources), "-l")
        picks = [int(pick) for pick in re.findall(r"Source:?\s+(\d+)", text)]
        if len(picks) != self.options.sources:
            sys.exit(f"the suite named {len(picks)} of {self.options.sources} sources")
        target = self.path.with_name(f"{self.name}.sources")
        target.write_bytes(struct.pack(f"<{len(picks)}I", *picks))

    def equal_error(self, proved: str) -> None:
        """Sets the number of iterations of both."""
        self.iterations = [found(r"iterations (\d+)", proved)]
        self.suite += ["-i", found(r"sweeps (\d+)", proved), "-t", "0"]
        ours, suite = (found(rf"({what} .*)", proved) for what in ("iterations", "sweeps"))
        self.note = f"; suite {suite}, ours {ours}"

    def of_suite(self) -> float:
        """Seconds of one process of the suite."""
        repeats = REPEATS.get(self.kernel)
        times = ["-n", str(repeats)] if repeats else []
        text = output(*self.suite, *times)
        trials = [float(seconds) for seconds in re.findall(r"Trial Time:\s+(\S+)", text)]
        return statistics.median(trials) if repeats else statistics.mean(trials)

    def of_ours(self) -> float:
        """Seconds of one process of ours."""
        repeats = REPEATS.get(self.kernel, 1)
        run = ["run", self.kernel, self.path, str(repeats), *self.iterations]
        text = output(self.options.bench, *run)
        check = found(r"check (\d+)\n$", text)
        if check != self.check:
            sys.exit(f"{self.kernel} {self.name}: check {check}, proved was {self.check}")
        return float(found(rf"\n{self.kernel} median (\S+)", text))

    def run(self) -> str:
        """A line of the table."""
        rounds = [(self.of_suite(), self.of_ours()) for _ in range(self.options.rounds)]
        suite, ours = ([1e3 * pair[side] for pair in rounds] for side in (0, 1))
        ratio = statistics.median(ours) / statistics.median(suite)

        def shown(times: list[float]) -> str:
            return f"{statistics.median(times):8.2f} ({min(times):.2f} to {max(times):.2f})"

        cell = f"{self.kernel:5} {self.name:18}"
        return f"{cell} suite {shown(suite)} ours {shown(ours)} ratio {ratio:.2f}{self.note}"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", type=Path, required=True, help="folder of its programs")
    parser.add_argument("--graphs", type=Path, required=True, help="folder of the graph files")
    parser.add_argument("--bench", type=Path, required=True, help="the program graph_bench")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sources", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("cells", nargs="*", help="kernel or kernel:graph; all if none is named")
    options = parser.parse_args()
    threads = str(options.threads)
    os.environ.update(OMP_NUM_THREADS=threads, RAYON_NUM_THREADS=threads)
    for kernel, name in CELLS:
        if not options.cells or kernel in options.cells or f"{kernel}:{name}" in options.cells:
            print(Cell(kernel, name, options).run(), flush=True)
    print("load", *(f"{load:.2f}" for load in os.getloadavg()))


if __name__ == "__main__":
    main()
