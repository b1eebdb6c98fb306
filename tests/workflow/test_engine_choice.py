"""The engine of a run, and the compiled engine's side of the interface on a stand-in module."""

from __future__ import annotations

import threading
import types

import pytest

from parquetframe import _backend
from parquetframe.cancel import as_flag
from parquetframe.workflow.engine import RustEngine, choose_engine


class NativeToken:
    def __init__(self):
        self.event = threading.Event()

    def cancel(self):
        self.event.set()

    def is_cancelled(self):
        return self.event.is_set()


@pytest.fixture
def extension(monkeypatch):
    """An extension whose runs wait until their token is cancelled."""
    calls = []

    def execute_workflow(config, **options):
        calls.append((config, options))
        token = options["cancel_token"]
        return {"cancelled": token is not None and token.event.wait(10)}

    module = types.SimpleNamespace(
        CancellationToken=NativeToken,
        execute_workflow=execute_workflow,
        plan_workflow=lambda canonical, data=True: {"canonical": canonical, "data": data},
        rust_version=lambda: "2.0.0-alpha.6",
        calls=calls,
    )
    monkeypatch.setattr(_backend, "native", lambda: module)
    monkeypatch.delenv(_backend.ENVIRONMENT, raising=False)
    return module


def test_first_wish_wins(extension, monkeypatch):
    assert choose_engine(None, "auto").name == "rust"
    assert choose_engine("python", "rust").name == "python"
    assert choose_engine(None, "python").name == "python"
    monkeypatch.setenv(_backend.ENVIRONMENT, "python")
    assert choose_engine(None, "auto").name == "python"
    assert choose_engine("auto", "rust").name == "rust"


def test_rust_engine_passes_everything_on(extension):
    engine = RustEngine(extension)
    canonical = {"name": "w", "steps": []}
    events = print
    engine.run(canonical, max_parallel=3, on_event=events, cancel=None)
    ((config, options),) = extension.calls
    assert config is canonical
    assert options == {
        "max_parallel": 3,
        "cancel_token": None,
        "canonical": canonical,
        "on_event": events,
    }
    assert engine.plan(canonical, data=False) == {"canonical": canonical, "data": False}


def test_native_token_is_passed_as_it_is(extension):
    token = NativeToken()
    token.cancel()
    RustEngine(extension).run({}, max_parallel=1, on_event=None, cancel=token)
    assert extension.calls[0][1]["cancel_token"] is token


@pytest.mark.parametrize("early", [True, False])
def test_foreign_token_reaches_the_extension(extension, early):
    event = threading.Event()
    if early:
        event.set()
    else:
        threading.Timer(0.05, event.set).start()
    done = RustEngine(extension).run({}, max_parallel=1, on_event=None, cancel=as_flag(event))
    assert done == {"cancelled": True}
    assert not [t for t in threading.enumerate() if t.name == "parquetframe-cancel"]


def test_what_is_no_token_is_refused():
    with pytest.raises(TypeError, match="CancellationToken or a threading"):
        as_flag(lambda: True)
