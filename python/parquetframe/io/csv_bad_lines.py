"""What a user's function makes of bad lines, and the warning that tells of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parquetframe.errors import CsvError

from .engine import FileRequest
from .request import warn

__all__ = ["replacements", "tell", "texts", "told"]

SHOWN = 5


def replacements(
    rejects: Sequence[Mapping[str, Any]], separator: str, request: FileRequest
) -> tuple[dict[str, list[str] | None], list[dict[str, Any]]]:
    """Ask the user's function about each reject, in the order of the records.

    Args:
        rejects: What a read with ``on_bad_lines="collect"`` told.
        separator: That of the file.
        request: The read.

    Returns:
        Fields to take by record number (``None``: leave it out), and the rejects left out.
    """
    from ._python.csv_records import Grammar

    ask, options = request.decode.on_bad_line, request.decode.csv | {"sep": separator}
    answers: dict[str, list[str] | None] = {}
    refused = []
    for reject in sorted(rejects, key=lambda entry: int(entry["record"])):
        raw = str(reject["raw"]).encode()
        records = list(Grammar(raw, options).records())
        fields = [cell.decode(errors="replace") for r in records[:1] for cell in r.cells]
        error = CsvError(
            f"{request.label}: line {reject['line']}, record {reject['record']}, "
            f"byte {reject['byte_offset']}: {reject['reason']}",
            path=request.label, line=reject["line"], row=reject["record"],
            byte=reject["byte_offset"], column=reject.get("column"),
        )  # fmt: skip
        found = None if ask is None else ask(fields, error)
        answers[str(reject["record"])] = None if found is None else texts(found)
        if found is None:
            refused.append(dict(reject))
    return answers, refused


def texts(fields: Any) -> list[str]:
    """The fields that a function gave; ``None`` is an empty one."""
    found = ["" if field is None else field for field in fields]
    wrong = next((field for field in found if not isinstance(field, str)), None)
    if wrong is not None:
        raise TypeError(f"on_bad_lines must return texts, not {type(wrong).__name__}")
    return found


def tell(policy: Any, rejects: Sequence[Mapping[str, Any]], label: str) -> str | None:
    """Warn once about the lines of a file that were left out, if that is the policy."""
    if policy != "warn" or not rejects:
        return None
    text = told(rejects, label)
    warn(text)
    return text


def told(rejects: Sequence[Mapping[str, Any]], label: str) -> str:
    """The lines of a file that were left out, in one line of text."""
    shown = "; ".join(f"line {entry['line']}: {entry['reason']}" for entry in rejects[:SHOWN])
    more = " ..." if len(rejects) > SHOWN else ""
    lines = "line was" if len(rejects) == 1 else "lines were"
    return f"{label}: {len(rejects)} bad {lines} left out: {shown}{more}"
