"""The version of the pure wheel: the one number in Cargo.toml, spelled as Python spells it."""

import tomllib
from pathlib import Path

from packaging.version import Version

WORKSPACE = Path(__file__).parents[2] / "Cargo.toml"


def version() -> str:
    """Return ``2.0.0a6`` for Cargo's ``2.0.0-alpha.6``."""
    cargo = tomllib.loads(WORKSPACE.read_text(encoding="utf-8"))
    return str(Version(cargo["workspace"]["package"]["version"]))
