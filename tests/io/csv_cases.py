"""What the CSV tests share."""

from __future__ import annotations

import pytest

# The compiled engine's reader is bound in a later change; then this is True.
RUST_CSV = True


def require_csv(backend):
    if backend == "rust" and not RUST_CSV:
        pytest.skip("the compiled engine does not read CSV yet")
    return backend
