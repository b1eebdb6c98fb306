import os
import re
import subprocess
import sys
import time

import pytest

import parquetframe as pf


def test_version(pframe):
    assert pframe("--version").out == pframe("version").out == f"pframe {pf.__version__}\n"
    assert pframe("version", "--json").json() == {"parquetframe": pf.__version__}


def test_backend(pframe, backend):
    assert pframe("backend").out.startswith(f"{backend} ")
    assert pframe("backend", "--json").json()["name"] == backend


def test_help_lists_every_command_and_the_exit_codes(pframe):
    answer = pframe("--help")
    assert answer.code == 0
    for word in ("run", "validate", "plan", "info", "head", "backend", "version"):
        assert re.search(rf"^  {word} ", answer.out, re.MULTILINE)
    for code in (0, 1, 2, 3, 4, 70, 130, 143):
        assert re.search(rf"^ +{code}  ", answer.out, re.MULTILINE)


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom parquetframe.cli import main\nmain(['--help'])\n"
        "print([m for m in ('pyarrow', 'numpy', 'pandas', 'rich', 'yaml', 'sqlglot') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_is_quick():
    """150 ms beyond the start of the interpreter, at the best of five tries."""

    def best(*args):
        times = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run([sys.executable, *args], capture_output=True, check=True)
            times.append(time.perf_counter() - start)
        return min(times)

    assert best("-m", "parquetframe.cli", "--help") - best("-c", "pass") < 0.15


@pytest.mark.skipif(
    os.environ.get("PARQUETFRAME_TEST_SOURCE_TREE") == "1",
    reason="only an installed package has commands",
)
def test_installed_command_has_the_same_entry_point():
    from importlib.metadata import entry_points

    found = {point.name: point.value for point in entry_points(group="console_scripts")}
    assert found["pframe"] == "parquetframe.cli:main"
