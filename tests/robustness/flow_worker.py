"""The child process that reads damaged files through a workflow; see `corruption/worker.py`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "io_corrupt" / "corruption"))

import worker

import parquetframe as pf
from parquetframe import errors

CAUSES = (
    errors.ParquetError,
    errors.AvroError,
    errors.IoError,
    errors.SchemaError,
    errors.LimitExceeded,
    errors.UnsupportedFeature,
)


def read(path, kind):
    """The rows that a read step gives; its error must name step and file, and have a typed cause."""
    step = {"name": "rows", "type": "read", "path": path, "format": kind}
    flow = pf.Workflow.from_dict({"name": "damaged", "steps": [step]})
    try:
        return flow.run().outputs["rows"]
    except errors.StepError as error:
        cause = error.__cause__
        if error.step != "rows" or not isinstance(cause, CAUSES):
            raise AssertionError(f"{type(cause).__name__} in step {error.step}: {error}") from error
        if Path(path).name not in error.reason:
            raise AssertionError(f"the file is not named: {error}") from error
        raise


if __name__ == "__main__":
    worker.read = read
    worker.main()
