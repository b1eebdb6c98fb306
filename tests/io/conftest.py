"""Both engines, where the extension reads and writes files."""

from __future__ import annotations

import pytest

from parquetframe import _backend


def require_native_io():
    if not hasattr(_backend.native(), "io_read"):
        pytest.skip("the extension of this installation reads no files (no io_read)")


@pytest.fixture
def backend(backend):
    if backend == "rust":
        require_native_io()
    return backend
