"""The harness lies beside the tests; the backend of a whole module's workers is started once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from corruption.judge import Judge

from parquetframe import _backend


@pytest.fixture(scope="session", params=["rust", "python"])
def judge(request):
    """Workers that read with one backend, for all tests."""
    missing = _backend.native() is None
    if request.param == "rust" and (missing or os.environ.get(_backend.ENVIRONMENT) == "python"):
        if os.environ.get("CI") and missing and os.environ.get(_backend.ENVIRONMENT) != "python":
            pytest.fail("this installation has no extension parquetframe._rustic", pytrace=False)
        pytest.skip("this installation has no extension, or the environment rules it out")
    workers = Judge(request.param)
    yield workers
    workers.stop()
