"""The two builds agree: one name, one version, one list of requirements and commands."""

import os
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = (
    "name",
    "description",
    "requires-python",
    "license",
    "authors",
    "keywords",
    "dependencies",
    "scripts",
    "entry-points",
)


def load(name):
    return tomllib.loads((ROOT / name).read_text(encoding="utf-8"))


def test_pure_wheel_agrees_with_the_native_one():
    native, pure = (
        load(name)["project"] for name in ("pyproject.toml", "packaging/pure/pyproject.toml")
    )
    assert {key: native[key] for key in SHARED} == {key: pure[key] for key in SHARED}
    extras = {k: v for k, v in native["optional-dependencies"].items() if k != "dev"}
    assert extras == pure["optional-dependencies"]
    assert native["dynamic"] == pure["dynamic"] == ["version"]


def test_version_is_written_once():
    version = load("Cargo.toml")["workspace"]["package"]["version"]
    written = [
        path.relative_to(ROOT)
        for folder in ("crates", "python", "packaging")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".toml", ".py", ".pyi", ".rs")
        and re.search(rf'version = "{re.escape(version)}"', path.read_text(encoding="utf-8"))
    ]
    assert written == []
    crates = sorted((ROOT / "crates").glob("*/Cargo.toml"))
    assert len(crates) == 6
    for crate in crates:
        assert tomllib.loads(crate.read_text())["package"]["version"] == {"workspace": True}, crate


@pytest.mark.skipif(
    os.environ.get("PARQUETFRAME_TEST_SOURCE_TREE") == "1",
    reason="only an installed package has a version",
)
def test_installed_version_is_the_one_in_cargo():
    version = load("Cargo.toml")["workspace"]["package"]["version"]
    assert metadata.version("parquetframe") == version.replace("-alpha.", "a")
    native = [name for name in metadata.requires("parquetframe") if "extra" not in name]
    wanted = load("pyproject.toml")["project"]["dependencies"]
    assert sorted(native) == sorted(wanted)
