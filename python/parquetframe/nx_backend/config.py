"""Settings under ``nx.config.backends.parquetframe``."""

from __future__ import annotations

from typing import Any

__all__ = ["MIN_NODES", "configured_threads", "min_nodes"]

MIN_NODES = 500


def min_nodes() -> int:
    """Graphs of fewer nodes stay in networkx, where it may choose.

    Raises:
        ValueError: The setting is no count.
    """
    number = _setting("min_nodes", MIN_NODES)
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError(
            f"nx.config.backends.parquetframe.min_nodes must be a count, not {number!r}"
        )
    return number


def configured_threads() -> int | None:
    """Threads of a call; None as many as the machine has, or ``PARQUETFRAME_THREADS`` says.

    Raises:
        ValueError: The setting is no positive integer.
    """
    number = _setting("threads", None)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ValueError(
            f"nx.config.backends.parquetframe.threads must be at least 1 or None, not {number!r}"
        )
    return number


def _setting(name: str, default: Any) -> Any:
    import networkx as nx

    ours = getattr(nx.config.backends, "parquetframe", None)
    return getattr(ours, name, default)
