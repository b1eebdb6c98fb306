"""Both engines, where the extension reads and writes files; `arrow_tables` lies beside the tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from parquetframe import _backend


def require_native_io():
    if not hasattr(_backend.native(), "io_read"):
        pytest.skip("the extension of this installation reads no files (no io_read)")


@pytest.fixture
def backend(backend):
    if backend == "rust":
        require_native_io()
    return backend
