"""Both backends for every behaviour test, and the guard that the installed package is tested."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import parquetframe
from parquetframe import _backend

SOURCE_TREE = Path(__file__).resolve().parents[1] / "python"
SOURCE_SWITCH = "PARQUETFRAME_TEST_SOURCE_TREE"


def pytest_configure(config):
    imported = Path(parquetframe.__file__).resolve()
    if imported.is_relative_to(SOURCE_TREE) and os.environ.get(SOURCE_SWITCH) != "1":
        msg = (
            f"parquetframe was imported from {imported.parent}, but the tests are for the "
            f"installed package; install it, or set {SOURCE_SWITCH}=1 while developing"
        )
        raise pytest.UsageError(msg)
    # Tests without the `backend` fixture may run on the fallback; that it warns has its own test.
    config.addinivalue_line(
        "filterwarnings", "ignore:parquetframe runs on the pure-Python engine:RuntimeWarning"
    )


def require_extension():
    """Skip on a laptop without the extension, fail in CI."""
    if _backend.native() is not None:
        return
    reason = "this installation has no extension parquetframe._rustic"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must test it", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(params=["rust", "python"])
def backend(request, monkeypatch):
    """Run the test once per backend."""
    if request.param == "rust":
        if os.environ.get(_backend.ENVIRONMENT) == "python":
            pytest.skip("PARQUETFRAME_BACKEND=python rules the extension out")
        require_extension()
    monkeypatch.setenv(_backend.ENVIRONMENT, request.param)
    return request.param


@pytest.fixture
def native():
    """The extension module; the test needs it."""
    require_extension()
    return _backend.native()


@pytest.fixture
def flights(tmp_path):
    """A small CSV file of flights; `arr_delay` has a NULL."""
    path = tmp_path / "flights.csv"
    path.write_text(
        "carrier,origin,dest,arr_delay,distance\n"
        "AA,JFK,ATL,20,760\n"
        "AA,JFK,ORD,-5,740\n"
        "UA,EWR,ORD,31,719\n"
        "UA,EWR,ATL,,746\n"
        "DL,LGA,ATL,5,762\n",
        encoding="utf-8",
    )
    return path
