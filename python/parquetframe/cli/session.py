"""What one call of ``pframe`` knows about itself, and its two doors to the outside."""

from __future__ import annotations

import json
import sys
import unicodedata
from dataclasses import dataclass
from typing import Any

__all__ = ["Session", "clean"]


@dataclass
class Session:
    """Switches that every command shares.

    Attributes:
        debug: Show the traceback of an error.
        json: Answer with one JSON document on stdout.
        answered: The document was printed.
        terminated: SIGTERM, not Ctrl-C, ended the run.
    """

    debug: bool = False
    json: bool = False
    answered: bool = False
    terminated: bool = False

    def result(self, text: str) -> None:
        """Print a result for people, on stdout."""
        sys.stdout.write(clean(text) + "\n")

    def document(self, data: Any) -> None:
        """Print the one JSON document of this call, on stdout."""
        if self.answered:
            return
        self.answered = True
        text = json.dumps(data, indent=2, ensure_ascii=False, default=_plain, allow_nan=False)
        sys.stdout.write(text + "\n")

    def note(self, text: str) -> None:
        """Print progress, a warning or an error, on stderr."""
        sys.stderr.write(clean(text) + "\n")
        sys.stderr.flush()


def clean(text: str) -> str:
    r"""Spell out control characters, so that data cannot steer the terminal.

    Examples:
        >>> clean("a\x1b[31m b")
        'a\\x1b[31m b'
    """
    if text.isprintable():
        return text
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs") else _spelled(char)
        for char in text
    )


def _spelled(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _plain(value: Any) -> Any:
    """JSON form of what workflows and files hold beyond JSON's own types."""
    if isinstance(value, (set, tuple)):
        return list(value)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
