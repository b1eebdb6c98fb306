"""The one place that chooses between the extension and the pure-Python implementation.

``PARQUETFRAME_BACKEND`` is ``auto`` (the default), ``rust`` or ``python``; an ``engine`` argument
overrides it. Under ``auto`` only an *absent* extension leads to the fallback: a broken file, a
missing inner dependency or another version raises, so that nobody runs slowly without knowing why.
"""

from __future__ import annotations

import importlib
import os
import re
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["ENVIRONMENT", "BackendInfo", "backend_info", "native", "resolve", "warn_fallback"]

Backend = Literal["rust", "python"]

ENVIRONMENT = "PARQUETFRAME_BACKEND"
EXTENSION = "parquetframe._rustic"
UNKNOWN_VERSION = "0+unknown"

_CHOICES = ("auto", "rust", "python")
_INSTALL_HINT = (
    "install a wheel for this platform (pip install --force-reinstall parquetframe), build from "
    "source with cargo, or choose the pure-Python engine with PARQUETFRAME_BACKEND=python"
)
_warned = False


@dataclass(frozen=True)
class BackendInfo:
    """What runs the work, and why.

    Attributes:
        name: ``rust`` or ``python``.
        version: Version of the extension, or of the package when the fallback runs.
        reason: One sentence that tells what led to the choice.
    """

    name: Backend
    version: str
    reason: str


@cache
def package_version() -> str:
    """Version of the installed distribution, or ``0+unknown`` when run from a plain folder."""
    from importlib import metadata

    try:
        return metadata.version("parquetframe")
    except metadata.PackageNotFoundError:
        return UNKNOWN_VERSION


def requested(engine: str | None = None) -> Literal["auto", "rust", "python"]:
    """What was asked for: the argument, unless it is ``None`` or ``auto``, else the environment.

    Raises:
        ValueError: The argument or the variable is not ``auto``, ``rust`` or ``python``.
    """
    if engine is not None and engine not in _CHOICES:
        msg = f"engine must be auto, rust or python, not {engine!r}"
        raise ValueError(msg)
    value = engine if engine not in (None, "auto") else os.environ.get(ENVIRONMENT, "auto")
    if value not in _CHOICES:
        msg = f"{ENVIRONMENT} must be auto, rust or python, not {value!r}"
        raise ValueError(msg)
    return cast("Literal['auto', 'rust', 'python']", value)


@cache
def native() -> ModuleType | None:
    """The extension module, or ``None`` when this installation has none.

    Raises:
        ImportError: The extension is there but broken, or belongs to another version.
    """
    try:
        module = importlib.import_module(EXTENSION)
    except ModuleNotFoundError as error:
        if error.name == EXTENSION:
            return None
        raise
    found, expected = _normalised(module.rust_version()), package_version()
    if expected not in (UNKNOWN_VERSION, found):
        msg = (
            f"the extension {EXTENSION} has version {found}, but parquetframe has {expected}; "
            "reinstall parquetframe so that both come from one build"
        )
        raise ImportError(msg, name=EXTENSION, path=getattr(module, "__file__", None))
    return module


def resolve(engine: str | None = None, *, needs: str | None = None) -> Backend:
    """Name of the backend that a call with this ``engine`` argument uses.

    Args:
        engine: ``None`` or ``auto`` follow the environment, ``rust`` and ``python`` override it.
        needs: A function that the extension must offer; a lean build may lack it.

    Raises:
        ImportError: ``rust`` was asked for and is absent, or the extension is broken.
        ValueError: An unknown name.
    """
    if requested(engine) != "python":  # the usual case, without the words for its reason
        module = native()
        if module is not None and (needs is None or hasattr(module, needs)):
            return "rust"
    return _choose(engine, needs).name


def backend_info() -> BackendInfo:
    """Tell which backend runs, its version, and the reason.

    Examples:
        >>> backend_info().name in ("rust", "python")
        True
    """
    return _choose(None, None)


def warn_fallback(engine: str | None = None) -> None:
    """Warn once per process that heavy work runs without the extension, unless that was asked."""
    global _warned  # noqa: PLW0603 - one warning per process is the point
    if _warned or requested(engine) != "auto":
        return
    _warned = True
    warnings.warn(
        "parquetframe runs on the pure-Python engine, because this installation has no compiled "
        f"extension; {_INSTALL_HINT}",
        RuntimeWarning,
        stacklevel=5,  # warn_fallback, choose_engine, run_compiled, Workflow.run, the caller
    )


def _choose(engine: str | None, needs: str | None) -> BackendInfo:
    asked = requested(engine)
    by = "the engine argument" if engine not in (None, "auto") else ENVIRONMENT
    if asked == "python":
        return BackendInfo("python", package_version(), f"{by} says python")
    module = native()
    if module is not None and (needs is None or hasattr(module, needs)):
        reason = f"{by} says rust" if asked == "rust" else "the extension is installed"
        return BackendInfo("rust", _normalised(module.rust_version()), reason)
    lack = (
        f"this installation has no extension {EXTENSION}"
        if module is None
        else f"the extension was built without {needs}"
    )
    if asked == "rust":
        msg = f"{by} says rust, but {lack}; {_INSTALL_HINT}"
        raise ImportError(msg, name=EXTENSION)
    return BackendInfo("python", package_version(), lack)


def _normalised(version: str) -> str:
    """Cargo's spelling of a version as Python's: ``2.0.0-alpha.6`` is ``2.0.0a6``."""
    pattern = r"^(\d+\.\d+\.\d+)-(alpha|beta|rc)\.(\d+)$"
    short = {"alpha": "a", "beta": "b", "rc": "rc"}
    match = re.match(pattern, version)
    return version if match is None else f"{match[1]}{short[match[2]]}{match[3]}"
