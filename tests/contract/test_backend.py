"""The choice of the backend: one variable, one fallback, no silent surprises."""

from __future__ import annotations

import types

import pytest

import parquetframe as pf
from parquetframe import _backend


@pytest.fixture
def choose(monkeypatch):
    """Pretend that importing the extension gives this module or raises this error."""

    def pretend(outcome, version="2.0.0a6"):
        calls = []

        def import_module(name):
            calls.append(name)
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        monkeypatch.setattr(_backend.importlib, "import_module", import_module)
        monkeypatch.setattr(_backend, "package_version", lambda: version)
        _backend.native.cache_clear()
        return calls

    monkeypatch.delenv(_backend.ENVIRONMENT, raising=False)
    yield pretend
    _backend.native.cache_clear()


def extension(version="2.0.0-alpha.6", **functions):
    return types.SimpleNamespace(rust_version=lambda: version, **functions)


ABSENT = ModuleNotFoundError("No module named 'parquetframe._rustic'", name="parquetframe._rustic")


def test_extension_is_used_where_it_is_installed(choose):
    choose(extension())
    info = _backend.backend_info()
    assert (info.name, info.version) == ("rust", "2.0.0a6")
    assert "installed" in info.reason


def test_absent_extension_falls_back_under_auto(choose, monkeypatch):
    choose(ABSENT)
    assert _backend.resolve() == "python"
    assert "no extension" in _backend.backend_info().reason
    monkeypatch.setenv(_backend.ENVIRONMENT, "auto")
    assert _backend.resolve() == "python"


@pytest.mark.parametrize(
    "broken",
    [
        ImportError("undefined symbol: PyFoo"),
        ModuleNotFoundError("No module named 'numpy'", name="numpy"),
        OSError("cannot map the file"),
    ],
)
def test_broken_extension_raises_under_auto(choose, broken):
    choose(broken)
    with pytest.raises(type(broken), match=str(broken)):
        _backend.resolve()


def test_extension_of_another_version_raises(choose):
    choose(extension("2.0.0-alpha.5"))
    with pytest.raises(ImportError, match=r"has version 2\.0\.0a5, but parquetframe has 2\.0\.0a6"):
        _backend.resolve()


def test_rust_never_falls_back(choose, monkeypatch):
    choose(ABSENT)
    with pytest.raises(ImportError, match="the engine argument says rust, but"):
        _backend.resolve("rust")
    monkeypatch.setenv(_backend.ENVIRONMENT, "rust")
    with pytest.raises(ImportError, match="PARQUETFRAME_BACKEND says rust, but"):
        _backend.resolve()


def test_python_does_not_even_import_the_extension(choose, monkeypatch):
    calls = choose(ImportError("broken"))
    monkeypatch.setenv(_backend.ENVIRONMENT, "python")
    assert _backend.resolve() == "python"
    assert calls == []


def test_argument_overrides_the_environment(choose, monkeypatch):
    choose(extension())
    monkeypatch.setenv(_backend.ENVIRONMENT, "python")
    assert _backend.resolve("rust") == "rust"
    assert _backend.resolve("auto") == "python"
    monkeypatch.setenv(_backend.ENVIRONMENT, "rust")
    assert _backend.resolve("python") == "python"


@pytest.mark.parametrize("value", ["", "Rust", "native", "auto "])
def test_unknown_names_raise(choose, monkeypatch, value):
    choose(extension())
    with pytest.raises(ValueError, match="engine must be auto, rust or python"):
        _backend.resolve(value)
    monkeypatch.setenv(_backend.ENVIRONMENT, value)
    with pytest.raises(ValueError, match="PARQUETFRAME_BACKEND must be auto, rust or python"):
        _backend.resolve()


def test_lean_build_lacks_what_it_lacks(choose):
    choose(extension())
    assert _backend.resolve(needs="execute_workflow") == "python"
    with pytest.raises(ImportError, match="built without execute_workflow"):
        _backend.resolve("rust", needs="execute_workflow")
    choose(extension(execute_workflow=print))
    assert _backend.resolve(needs="execute_workflow") == "rust"


@pytest.mark.parametrize(
    ("cargo", "python"),
    [("1.2.3", "1.2.3"), ("1.2.3-beta.2", "1.2.3b2"), ("1.2.3-rc.1", "1.2.3rc1")],
)
def test_versions_are_compared_in_one_spelling(choose, cargo, python):
    choose(extension(cargo), version=python)
    assert _backend.backend_info().version == python


def test_fallback_warns_once_and_only_under_auto(monkeypatch, recwarn):
    monkeypatch.setattr(_backend, "_warned", False)
    monkeypatch.setenv(_backend.ENVIRONMENT, "python")
    _backend.warn_fallback()
    monkeypatch.delenv(_backend.ENVIRONMENT)
    _backend.warn_fallback("python")
    assert len(recwarn) == 0
    with pytest.warns(RuntimeWarning, match="pure-Python engine"):
        _backend.warn_fallback()
    _backend.warn_fallback()
    assert len(recwarn) == 0


def test_backend_info_of_this_installation(backend):
    info = pf.backend_info()
    assert info.name == backend
    assert info.version == pf.__version__
    assert "PARQUETFRAME_BACKEND" in info.reason
