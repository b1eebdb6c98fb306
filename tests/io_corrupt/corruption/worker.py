"""The child process that reads damaged files: one JSON request a line in, one JSON answer a line out.

    python worker.py ADDRESS_SPACE_BYTES

Started as a script, so that nothing of the parent's state reaches the reader. An answer names what
happened (`valid`, `error`, `untyped`, `invalid`), the text, the rows, and the peak memory in bytes:
of this request on Linux, of the process elsewhere.
"""

from __future__ import annotations

import json
import resource
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import pyarrow as pa  # noqa: E402

import parquetframe as pf  # noqa: E402
from parquetframe import errors  # noqa: E402

#: Far above what honest files of these tests take, and below what their bombs ask for.
MEMORY_LIMIT = "1GiB"


def read(path, kind):
    """The whole file as a table, by the public reader where it exists."""
    reader = getattr(pf, f"read_{kind}", None)
    if reader is not None:
        return reader(path, memory_limit=MEMORY_LIMIT)
    from parquetframe.io import head  # the workflow's readers, which promise less

    return head(path, n=2**62)


def answer(request):
    """Read one file and say how it went."""
    try:
        table = read(request["path"], request["kind"])
    except errors.InternalError as error:
        return {"outcome": "untyped", "error": type(error).__name__, "text": str(error)}
    except errors.ParquetFrameError as error:
        return {"outcome": "error", "error": type(error).__name__, "text": str(error)[:500]}
    except BaseException as error:
        return {"outcome": "untyped", "error": type(error).__name__, "text": str(error)[:500]}
    try:
        table.validate(full=True)
    except pa.ArrowInvalid as error:
        return {"outcome": "invalid", "error": "ArrowInvalid", "text": str(error)[:500]}
    return {"outcome": "valid", "rows": table.num_rows}


def forget_peak():
    """Let the peak begin again at what is held now."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_bytes():
    """The most memory this process held."""
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main():
    # A child is heard from at least by its exit code; it must not leave core files behind.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "darwin":  # where the limit is accepted and ignored
        resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
    answers = sys.stdout
    sys.stdout = sys.stderr  # what a reader prints is no answer
    print(
        json.dumps({"public": hasattr(pf, "read_parquet"), "peak": peak_bytes()}),
        file=answers,
        flush=True,
    )
    for line in sys.stdin:
        forget_peak()
        result = answer(json.loads(line))
        print(json.dumps(result | {"peak": peak_bytes()}), file=answers, flush=True)


if __name__ == "__main__":
    main()
