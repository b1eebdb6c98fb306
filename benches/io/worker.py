"""One run of one contestant, in a process of its own; started by ``run.py``.

    python worker.py JOB_JSON

Imports, a first read of a tiny file (lazy imports, thread pools) and whatever a contestant prepares
are not timed. The answer is one JSON line: times, memory and faults of the timed call, or, when
asked to prove, the fingerprint of the result.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import contestants
import peers
import proof


def main() -> None:
    """Do the job that the argument names."""
    order = json.loads(sys.argv[1])
    job = peers.Job(**order["job"] | {"keys": tuple(order["job"]["keys"])})
    case = contestants.CASES[order["case"]]
    contestant = next(one for one in case.contestants if one.name == order["contestant"])
    _pin(job.threads)
    try:
        contestant.prepare(replace(job, path=order["tiny"], calls=1))()
        run = contestant.prepare(job)
    except (ImportError, AttributeError) as error:
        if contestant.peer != peers.OURS:
            raise
        print(json.dumps({"missing": f"{type(error).__name__}: {error}"}))
        return
    if order["prove"] and contestant.peer != peers.FLOOR:
        answer = proof.fingerprint(run(), case.gives, case.types)
    else:
        answer = _measure(run)
    if case.gives in ("file", "csv"):
        answer["file_bytes"] = Path(job.out).stat().st_size
    print(json.dumps(answer), flush=True)
    os._exit(0)  # giving gigabytes back page by page is nobody's business here


def _pin(threads: int) -> None:
    """Equal threads: also those that a library starts beside its pool share these cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def _measure(run: peers.Run) -> dict[str, Any]:
    _forget_peak()
    held = _status_bytes("VmRSS")
    before = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    result = run()
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    peak = _status_bytes("VmHWM") or after.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    del result
    return {
        "wall_s": wall,
        "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_bytes": peak,
        "held_bytes": held,
        "minor_faults": after.ru_minflt - before.ru_minflt,
        "major_faults": after.ru_majflt - before.ru_majflt,
    }


def _forget_peak() -> None:
    """On Linux the peak begins anew, so that what was prepared does not count."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _status_bytes(field: str) -> int:
    if sys.platform != "linux":
        return 0
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split(f"{field}:")[1].split()[0]) * 1024


if __name__ == "__main__":
    main()
