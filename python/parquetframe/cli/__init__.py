"""The command line ``pframe``; this package only is allowed to print."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(args: Sequence[str] | None = None) -> int:
    """Run ``pframe`` and return its exit code.

    Args:
        args: Words after the program's name; ``None`` takes them from ``sys.argv``.
    """
    from parquetframe.cli.app import run_app

    return run_app(args)
