"""What this process may use of its machine: cores and memory, as its limits allow."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["memory_bytes", "memory_limit_bytes", "thread_count", "usable_cores"]

THREADS_ENVIRONMENT = "PARQUETFRAME_THREADS"

_CGROUP = Path("/sys/fs/cgroup")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12,
          "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}  # fmt: skip
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]i?|)b?\s*", re.IGNORECASE)
_SHARE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*")
_UNLIMITED = 1 << 60  # cgroup v1 writes "no limit" as a number near 2^63


def usable_cores() -> int:
    """Cores that this process may keep busy: its affinity, and the quota of its cgroup."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else (os.cpu_count() or 1)
    quota = _cpu_quota()
    return max(1, cores if quota is None else min(cores, quota))


def thread_count(threads: int | None) -> int:
    """Number of threads: the argument, else ``PARQUETFRAME_THREADS``, else the usable cores.

    Raises:
        TypeError: Not an integer.
        ValueError: Below 1, or the variable is no such number.
    """
    if threads is None:
        text = os.environ.get(THREADS_ENVIRONMENT, "").strip()
        if not text:
            return usable_cores()
        if not text.isdigit() or int(text) < 1:
            raise ValueError(f"{THREADS_ENVIRONMENT} must be a number of threads, not {text!r}")
        return int(text)
    if isinstance(threads, bool) or not isinstance(threads, int):
        raise TypeError(f"threads must be an int or None, not {type(threads).__name__}")
    if threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    return threads


def memory_bytes() -> int | None:
    """Bytes of memory of this machine, or of its cgroup where that is less."""
    try:
        total: int | None = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        total = None
    found = [total, _number("memory.max"), _number("memory/memory.limit_in_bytes")]
    known = [value for value in found if value is not None and 0 < value < _UNLIMITED]
    return min(known) if known else None


def memory_limit_bytes(limit: str | int | None) -> int | None:
    """Bytes that ``memory_limit`` stands for.

    Args:
        limit: Bytes, a text such as ``"8GiB"`` or ``"500 MB"``, a share such as ``"80%"`` of the
            memory, or ``None`` for no limit.

    Raises:
        TypeError: Neither of these.
        ValueError: A text that is no size, a share outside of 0 to 100, or a size below 1.

    Examples:
        >>> memory_limit_bytes("8GiB")
        8589934592
    """
    if limit is None:
        return None
    if isinstance(limit, bool) or not isinstance(limit, (int, str)):
        raise TypeError(f"memory_limit must be bytes, text or None, not {type(limit).__name__}")
    if isinstance(limit, str):
        limit = _text_bytes(limit)
    if limit is not None and limit < 1:
        raise ValueError("memory_limit must be at least 1 byte")
    return limit


def _text_bytes(text: str) -> int | None:
    if match := _SHARE.fullmatch(text):
        share = float(match[1])
        if not 0 < share <= 100:
            raise ValueError(f"memory_limit must be between 0% and 100%, not {text!r}")
        total = memory_bytes()
        return None if total is None else max(1, int(total * share / 100))
    if match := _SIZE.fullmatch(text):
        return int(float(match[1]) * _UNITS[match[2].lower()])
    raise ValueError(f'memory_limit must be a size such as "8GiB" or "80%", not {text!r}')


def _cpu_quota() -> int | None:
    text = _text("cpu.max").split()
    if len(text) == 2 and text[0].isdigit() and text[1].isdigit():
        quota, period = int(text[0]), int(text[1])
    else:
        quota = _number("cpu/cpu.cfs_quota_us") or 0
        period = _number("cpu/cpu.cfs_period_us") or 0
    return max(1, quota // period) if quota > 0 and period > 0 else None


def _number(name: str) -> int | None:
    text = _text(name)
    return int(text) if text.isdigit() else None


def _text(name: str) -> str:
    try:
        return (_CGROUP / name).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
