"""networkx's own tests on the backend: what passed, what was declined, and how often it really ran.

Run by ``make nx-suite``. The tests of the installed networkx run twice, once so that a function
that the backend lacks or declines makes a test an expected failure, once so that networkx runs it
instead. Every graph is converted, and results must have no NumPy scalars. It fails if

* a test fails that :data:`parquetframe.nx_backend.expected.EXPECTED` does not list,
* a test that is listed there passes or is gone,
* or a function of the backend never ran.

The file is also the pytest plugin that counts: networkx reports neither which function ran nor why
one was declined.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

OUT = "PARQUETFRAME_NX_SUITE_OUT"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write what was counted to this file")
    parser.add_argument("--only", choices=("strict", "fallback"), help="one of the two runs")
    parser.add_argument("rest", nargs="*", help="more arguments for pytest, after --")
    options = parser.parse_args()
    runs = [name for name in ("strict", "fallback") if options.only in (None, name)]
    found, problems = {}, []
    for name in runs:
        found[name] = run(name, options.rest)
        problems += [
            f"{name}: {text}" for text in report(name, found[name], whole=not options.rest)
        ]
        if options.json is not None:
            options.json.write_text(json.dumps(found, indent=1, sort_keys=True), encoding="utf-8")
    if len(found) == 2 and not options.rest:
        problems += [f"never ran: {function}" for function in idle(found.values())]
    print(*(["", "problems:", *problems] if problems else ["", "no problems"]), sep="\n")
    return 1 if problems else 0


def idle(runs: Iterable[dict]) -> list[str]:
    """Functions that ran in none of the runs."""
    ran: Counter[str] = Counter()
    for counted in runs:
        ran.update({name: row["ran"] for name, row in counted["functions"].items()})
    return sorted(name for name, times in ran.items() if not times)


def run(name: str, rest: list[str]) -> dict:
    """Run the suite in a process of its own; what the plugin counted."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "counted.json"
        environment = {
            **os.environ, OUT: str(out), "NETWORKX_TEST_BACKEND": "parquetframe",
            "PYTHONPATH": os.pathsep.join(
                [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
        }  # fmt: skip
        environment.pop("NETWORKX_FALLBACK_TO_NX", None)
        if name == "fallback":
            environment["NETWORKX_FALLBACK_TO_NX"] = "1"
        # Not the settings of this project: its warnings are errors, and its tests time out.
        settings = Path(folder) / "pytest.ini"
        settings.write_text("[pytest]\n", encoding="utf-8")
        command = [
            sys.executable, "-m", "pytest", "-c", str(settings), "-p", "nx_suite",
            "-p", "no:cacheprovider", "--pyargs", "networkx", "-q", "--no-header",
            "--disable-warnings", "--tb=short", *rest,
        ]  # fmt: skip
        print(f"{name} run of networkx's tests ...", flush=True)
        done = subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
        if not out.exists():
            print(done.stdout)
            raise SystemExit(f"the {name} run ended without counts")
        counted = json.loads(out.read_text(encoding="utf-8"))
    counted["tail"] = done.stdout[-20_000:] if counted["failed"] else done.stdout[-200:]
    return counted


def report(name: str, counted: dict, *, whole: bool) -> list[str]:
    """Print a table; what is wrong."""
    from parquetframe.nx_backend.expected import EXPECTED

    totals = counted["totals"]
    print(f"\n{name}: networkx {counted['networkx']}, " + ", ".join(
        f"{number} {outcome}" for outcome, number in sorted(totals.items())
    ))  # fmt: skip
    width = max(map(len, counted["functions"]), default=0)
    print(f"{'function':{width}}  passed  failed  expected     ran  reasons")
    for function, row in sorted(counted["functions"].items()):
        reasons = "; ".join(f"{text} ({times})" for text, times in sorted(row["reasons"].items()))
        print(
            f"{function:{width}}  {row['passed']:6}  {row['failed']:6}  {row['expected']:8}  "
            f"{row['ran']:6}  {reasons}"
        )
    if counted["failed"]:
        print(counted["tail"])
    problems = [f"failed: {test}" for test in counted["failed"]]
    problems += [f"listed as expected, but passes: {test}" for test in counted["unexpected"]]
    if whole:
        gone = set(EXPECTED) - set(counted["listed"])
        problems += [f"listed as expected, but not there: {test}" for test in sorted(gone)]
    return problems


class Counting:
    """The plugin: attributes each test to the functions of the backend that ran in it."""

    def __init__(self) -> None:
        import networkx as nx

        from parquetframe.nx_backend import backend, calls
        from parquetframe.nx_backend.expected import EXPECTED
        from parquetframe.nx_backend.registry import FUNCTIONS

        _ = backend.can_run("pagerank", (), {})  # loads the functions
        self.calls, self.networkx, self.listed = calls, nx.__version__, EXPECTED
        self.rows = {
            name: {"passed": 0, "failed": 0, "expected": 0, "ran": 0, "reasons": Counter()}
            for name in FUNCTIONS
        }
        self.totals: Counter[str] = Counter()
        self.failed: list[str] = []
        self.unexpected: list[str] = []
        self.seen_listed: set[str] = set()
        self.declined: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.before: Counter[str] = Counter()
        asked = backend.can_run

        def can_run(name, args, kwargs):
            verdict = asked(name, args, kwargs)
            if verdict is not True and name in self.rows:
                self.declined[name][str(verdict)] += 1
            return verdict

        backend.can_run = can_run

    def pytest_runtest_setup(self, item) -> None:
        self.before = Counter(self.calls)
        self.declined.clear()
        ends = (end for end in self.listed if item.nodeid.split("[")[0].endswith(end))
        self.seen_listed.update(ends)

    def pytest_runtest_logreport(self, report) -> None:
        expected = hasattr(report, "wasxfail")
        if report.when != "call" and not (report.failed or report.skipped):
            return
        outcome = (
            ("unexpectedly passed" if report.passed else "expected to fail") if expected
            else report.outcome
        )  # fmt: skip
        self.totals[outcome] += 1
        if outcome == "failed":
            self.failed.append(report.nodeid)
        if outcome == "unexpectedly passed" and "parquetframe: " in report.wasxfail:
            self.unexpected.append(report.nodeid)
        ran = Counter(self.calls) - self.before
        for name, times in ran.items():
            self.rows[name]["ran"] += times
            if outcome in ("passed", "failed"):
                self.rows[name][outcome] += 1
        if outcome == "expected to fail":
            self._blame(report.wasxfail, ran)

    def _blame(self, reason: str, ran: Counter[str]) -> None:
        """An expected failure belongs to the function that was declined, or is listed."""
        if "parquetframe: " in reason:
            for name in ran:
                self._expected(name, reason.rpartition("parquetframe: ")[2])
            return
        for name in self.rows:
            if f"'{name}' not implemented" in reason:
                for text in self.declined[name] or ("",):
                    self._expected(name, text)
                return
        if "not implemented by" not in reason and ran:  # a conversion that was declined
            for name in ran:
                self._expected(name, reason.removeprefix("reason: "))

    def _expected(self, name: str, reason: str) -> None:
        self.rows[name]["expected"] += 1
        self.rows[name]["reasons"][reason] += 1

    def pytest_sessionfinish(self) -> None:
        counted = {
            "networkx": self.networkx, "functions": self.rows, "totals": self.totals,
            "failed": self.failed, "unexpected": self.unexpected,
            "listed": sorted(self.seen_listed),
        }  # fmt: skip
        Path(os.environ[OUT]).write_text(json.dumps(counted), encoding="utf-8")


def pytest_configure(config) -> None:
    if OUT in os.environ:
        config.pluginmanager.register(Counting())


if __name__ == "__main__":
    sys.exit(main())
