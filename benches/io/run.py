"""Time Parquet, CSV and Avro, read and written, against the usual tools; results compared first.

    python benches/io/run.py [--small] [--cases NAME ...] [--runs N] [--threads N ...]
                             [--pandas2 PYTHON]

A result that differs from the reference ends the program: no proof, no number. Every run is a
process of its own; rounds go forth and back (A B C, C B A, ...), so that a machine that slows down
is no one's advantage. ``docs/benchmarks-io.md`` describes the method.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import contestants
import csv_data
import data
import peers
import proof
import report

HERE = Path(__file__).parent
REFERENCE = "pyarrow"
MOST_RUN_S = 600


def main() -> None:
    """Compare, time and print."""
    given = _arguments()
    size = data.TINY if given.tiny else data.SMALL if given.small else data.FULL
    files, skipped = _files(given, size)
    for text in skipped:
        print(text, flush=True)
    if given.touch:
        _touch(given.touch)
    documents = []
    about = report.about(size.name.strip("-") or "full") | {"skipped": skipped}
    for threads in given.threads:
        for name in given.cases:
            case = contestants.CASES[name]
            if case.source not in files:
                continue
            source, tiny = files[case.source]
            with tempfile.TemporaryDirectory(dir=given.data, prefix="out-") as scratch:
                job = _job(size, source, Path(scratch), threads)
                table = _Table(name, case, job, str(tiny), given)
                documents.append(table.document())
            print(report.markdown(documents[-1]), flush=True)
            _write(given.out, about | {"cases": documents})


def _files(
    given: argparse.Namespace, size: data.Size
) -> tuple[dict[str, tuple[Path, Path]], list[str]]:
    """The file of each source that a case needs, and a tiny one; and what has to be left out."""
    files: dict[str, tuple[Path, Path]] = {}
    skipped = []
    wanted = dict.fromkeys(contestants.CASES[name].source for name in given.cases)
    for source in wanted:
        make = data.SOURCES[source]
        try:
            files[source] = make(given.data, size), make(given.data, data.TINY)
        except csv_data.MissingGeneratorError as error:
            cases = [name for name in given.cases if contestants.CASES[name].source == source]
            skipped.append(f"{', '.join(cases)} left out: {error}")
    return files, skipped


def _write(out: Path, result: dict[str, Any]) -> None:
    """All cases so far, as JSON and as tables."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    tables = "\n".join(report.markdown(one) for one in result["cases"])
    out.with_suffix(".md").write_text(report.heading(result) + tables, encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=data.DEFAULT_FOLDER, metavar="FOLDER")
    parser.add_argument("--small", action="store_true", help="a quick check on small files")
    parser.add_argument("--tiny", action="store_true", help="only to see that all cases run")
    parser.add_argument("--cases", nargs="+", default=[*contestants.CASES], metavar="NAME")
    parser.add_argument("--peers", nargs="+", metavar="NAME", help="only these libraries")
    parser.add_argument("--without", nargs="+", default=[], metavar="NAME", help="not these")
    parser.add_argument("--defaults", action="store_true", help="leave out the best settings")
    parser.add_argument("--runs", type=int, help="rounds; 7, or 1 when small")
    parser.add_argument("--threads", type=int, nargs="+", help="2 and 1, or 2 when small")
    parser.add_argument(
        "--pandas2",
        metavar="PYTHON",
        help="a Python with pandas 2, pyarrow and the same polars: takes part as 'pandas 2'",
    )
    parser.add_argument("--cold", action="store_true", help="drop the file from the page cache")
    parser.add_argument("--touch", type=float, default=None, metavar="GIB", help="0 for none")
    parser.add_argument("--out", type=Path, help="JSON; the table goes beside it")
    given = parser.parse_args()
    unknown = [name for name in given.cases if name not in contestants.CASES]
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(contestants.CASES)}")
    quick = "-tiny" if given.tiny else "-small" if given.small else ""
    given.runs = given.runs or (1 if quick else 7)
    given.threads = given.threads or ([2] if quick else [2, 1])
    given.out = given.out or given.data / f"results{quick}.json"
    if given.touch is None:
        given.touch = 0 if quick else _available_gib() * 0.8
    given.interpreters = {"": sys.executable}
    if given.pandas2:
        given.interpreters["pandas2"] = given.pandas2
    return given


def _available_gib() -> float:
    if not Path("/proc/meminfo").exists():
        return 0
    text = Path("/proc/meminfo").read_text(encoding="ascii")
    return int(text.split("MemAvailable:")[1].split()[0]) / (1 << 20)


def _touch(gib: float) -> None:
    """Write to memory once: a virtual machine's first use of it is slow for whoever comes first."""
    if os.fork() == 0:
        memory = mmap.mmap(-1, int(gib * (1 << 30)))
        for offset in range(0, len(memory), mmap.PAGESIZE):
            memory[offset] = 1
        os._exit(0)
    os.wait()


def _job(size: data.Size, source: Path, scratch: Path, threads: int) -> peers.Job:
    middle = int(3_000_000 * size.scale)  # keys reach 6 million times the scale
    return peers.Job(
        path=str(source),
        out=str(scratch / f"written{source.suffix}"),
        threads=threads,
        calls=size.calls,
        keys=(middle, middle + int(60_000 * size.scale)),
        rows=size.write_groups * data.ROW_GROUP_ROWS,
    )


class _Table:
    """All runs of one case at one number of threads."""

    def __init__(
        self,
        name: str,
        case: contestants.Case,
        job: peers.Job,
        tiny: str,
        given: argparse.Namespace,
    ) -> None:
        self.name, self.case, self.job, self.tiny, self.given = name, case, job, tiny, given
        self.notes: list[str] = []
        self.file_bytes: dict[str, int] = {}
        wanted = [
            one
            for one in case.contestants
            if (not given.peers or one.peer in given.peers)
            and one.peer not in given.without
            and not (given.defaults and one.setting)
        ]
        able = [one for one in wanted if one.interpreter in given.interpreters]
        self.notes += [
            f"{one.name} left out: it needs --{one.interpreter}"
            for one in wanted
            if one not in able
        ]
        self.contestants = self._proven(able)

    def _proven(self, wanted: list[contestants.Contestant]) -> list[contestants.Contestant]:
        """Those whose results equal the reference; a different result ends the program."""
        prints = {one.name: self._run(one, prove=True) for one in wanted}
        present = [one for one in wanted if "missing" not in prints[one.name]]
        self.notes += [
            f"{one.name} left out: {prints[one.name]['missing']}"
            for one in wanted
            if one not in present
        ]
        peers_only = [one for one in present if one.peer != peers.FLOOR]
        names = [one.name for one in peers_only if one.ordered]
        reference = prints[REFERENCE if REFERENCE in names else names[0]]
        for one in peers_only:
            found = proof.difference(reference, prints[one.name], one.ordered)
            if found:
                raise SystemExit(f"{self.name}: {one.name} gives another result; {found}")
            kinds = prints[one.name].get("dtypes", [])
            if kinds != reference.get("dtypes", []):
                self.notes.append(f"{one.name} gives the types {', '.join(dict.fromkeys(kinds))}")
            if "file_bytes" in prints[one.name]:
                self.file_bytes[one.name] = prints[one.name]["file_bytes"]
        return present

    def _run(self, one: contestants.Contestant, *, prove: bool) -> dict[str, Any]:
        Path(self.job.out).unlink(missing_ok=True)
        if self.given.cold:
            _drop_from_cache(self.job.path)
        threads = str(self.job.threads)
        pools = ("POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "TOKIO_WORKER_THREADS")
        limits = dict.fromkeys((*pools, "OMP_NUM_THREADS", "PARQUETFRAME_THREADS"), threads)
        order = {
            "case": self.name,
            "contestant": one.name,
            "job": asdict(self.job),
            "tiny": self.tiny,
            "prove": prove,
        }
        done = subprocess.run(
            [self.given.interpreters[one.interpreter], str(HERE / "worker.py"), json.dumps(order)],
            env=os.environ | limits | one.env,
            capture_output=True,
            text=True,
            timeout=MOST_RUN_S,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{self.name}: {one.name} failed\n{done.stderr.strip()[-2000:]}")
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    def document(self) -> dict[str, Any]:
        """Time everybody, forth and back, and give all numbers."""
        runs: dict[str, list[dict[str, Any]]] = {one.name: [] for one in self.contestants}
        load = [os.getloadavg()[0]]
        for turn in range(self.given.runs):
            for one in self.contestants[:: 1 if turn % 2 == 0 else -1]:
                if one.rounds is not None and turn >= one.rounds:
                    continue
                runs[one.name].append(self._run(one, prove=False))
        load.append(os.getloadavg()[0])
        return {
            "case": self.name,
            "title": self.case.title,
            "threads": self.job.threads,
            "cache": "cold" if self.given.cold else "warm",
            "source_bytes": Path(self.job.path).stat().st_size,
            "calls": self.job.calls if self.case.repeated else 1,
            "load": load,
            "notes": self.notes,
            "contestants": [
                {
                    "name": one.name,
                    "peer": one.peer,
                    "file_bytes": self.file_bytes.get(one.name),
                    "runs": runs[one.name],
                }
                for one in self.contestants
            ],
        }


def _drop_from_cache(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


if __name__ == "__main__":
    main()
