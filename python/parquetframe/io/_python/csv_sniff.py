"""Guesses the dialect of a CSV file; a dialect counts only if it explains every record.

Score: all records have one number of fields, then the share of cells that are numbers, dates or
truth values, then convention. No record is left out to make a dialect fit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from parquetframe.errors import AmbiguousDialect, CsvError

from ..csv_options import READ_DEFAULTS
from ..engine import Decode, FileRequest
from ..request import warn
from .csv_input import CsvInput, load
from .csv_records import OPEN, Grammar

__all__ = ["Candidate", "Tell", "find_separator", "sniff"]

Tell = Callable[[str, type[Warning]], object]

SAMPLE_BYTES: Final = 256 << 10
SAMPLE_RECORDS: Final = 20_000
TYPED_RECORDS: Final = 1000
SEPARATORS: Final = (",", ";", "\t", "|", ":", " ")
_SHARE_TIE: Final = 0.02
_NAMES: Final = {"\t": "tab", " ": "space"}

_VALUE: Final = re.compile(
    rb"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:nan|-?inf|true|false)"
    rb"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?"
)
_COMMA_NUMBER: Final = re.compile(rb"[+-]?[0-9]+,[0-9]+")


@dataclass(order=True)
class Candidate:
    """A dialect and how well it explains the sample; the best is the largest.

    Attributes:
        typed: Share of the cells that are numbers, dates or truth values.
        rank: Minus the place in the order of convention.
        fields: Fields of each record.
        misfit: Line of the first record with another number of fields, and that number.
        opened: A quote does not end.
        usual: The most frequent number of fields, of which a share of ``same`` records has it.
    """

    explains: bool
    typed: float
    rank: int
    sep: str = field(compare=False)
    quote: str | None = field(compare=False)
    escape: str | None = field(compare=False)
    fields: int = field(compare=False)
    records: int = field(compare=False)
    misfit: tuple[int, int] | None = field(default=None, compare=False)
    comma_numbers: bool = field(default=False, compare=False)
    opened: bool = field(default=False, compare=False)
    usual: int = field(default=1, compare=False)
    same: float = field(default=1.0, compare=False)

    @property
    def name(self) -> str:
        """For people."""
        return f'"{_NAMES.get(self.sep, self.sep)}"'


def find_separator(
    source: CsvInput, options: dict[str, Any], label: str, tell: Tell = warn
) -> tuple[str, list[str]]:
    """The separator of a file whose other characters are known, and notes for the report.

    Args:
        source: The file.
        options: Those of the read.
        label: The file's name, for errors.
        tell: Called with a text and a category of warnings if another one is as good.

    Raises:
        AmbiguousDialect: No separator explains every record, but one explains most; or two explain
            them equally well and in different ways.
    """
    if source.invalid is not None and len(source.data) < SAMPLE_BYTES:
        raise source.invalid
    marks = {options["quote"], options["escape"]}
    if options["comment"]:
        marks.add(options["comment"][0])
    in_numbers = {options["decimal"], options["thousands"]}
    found = _candidates(source.data, options, marks | in_numbers)
    best = _choose(found, options, label, source.data, marks | in_numbers, tell)
    if best.fields == 1:
        _refuse_in_numbers(_candidates(source.data, options, marks), in_numbers, label)
    return best.sep, _hints(best)


def _refuse_in_numbers(found: list[Candidate], in_numbers: set[Any], label: str) -> None:
    """Refuse what the options say stands in numbers, if it alone divides the records."""
    for one in found:
        if one.sep in in_numbers and one.explains and one.fields > 1:
            raise AmbiguousDialect(
                f"{label}: only {one.name} divides the records, which decimal or thousands says "
                "stands in numbers", path=label, candidates=[one.sep],
                hint="sep= says what divides fields; decimal and thousands must differ from it",
            )  # fmt: skip


def sniff(source: str | bytes, options: dict[str, Any]) -> dict[str, Any]:
    """The facts of :class:`parquetframe.io.CsvDialect` for one source."""
    settings = READ_DEFAULTS | {
        "encoding": options["encoding"], "compression": options["compression"]
    }  # fmt: skip
    request = FileRequest("csv", source, Decode(csv=settings))
    found = load(request)
    label = request.label
    if found.invalid is not None:
        raise found.invalid
    if not found.data:
        raise CsvError(f"{label}: the file is empty (0 bytes)", path=label)
    size = options["sample_bytes"] or SAMPLE_BYTES
    notes = list(found.notes)
    skip, comment, why = _preamble(found.data[:size])
    notes += why
    settings |= {"comment": comment, "skip_rows": skip}
    ranked: list[Candidate] = []
    for quote in ('"', "'", None):
        escape = "\\" if quote and f"\\{quote}".encode() in found.data[:size] else None
        ranked += _candidates(
            found.data[:size], settings | {"quote": quote, "escape": escape}, {quote, escape},
            whole=len(found.data) <= size, order=('"', "'", None).index(quote),
        )  # fmt: skip
    best = _choose(ranked, settings, label, found.data, set())
    settings |= {"sep": best.sep, "quote": best.quote, "escape": best.escape}
    header, names, types = _columns(source, settings)
    others = [c for c in ranked if c.explains and c.fields > 1 and c is not best]
    second = max((c.typed for c in others if c.sep != best.sep), default=0.0)
    return {
        "sep": best.sep,
        "quote": best.quote,
        "escape": best.escape,
        "header": header,
        "encoding": found.encoding.replace("utf-16-", "utf-16"),
        "newline": _newline(found.data[:size]),
        "comment": comment,
        "skip_rows": skip,
        "names": names,
        "types": types,
        "confidence": round(max(0.0, min(1.0, 1.0 - 0.5 * second)), 3),
        "candidates": [
            {"sep": c.sep, "quote": c.quote, "escape": c.escape, "fields": c.fields,
             "typed": round(c.typed, 3)}
            for c in sorted(others, reverse=True)[:5]
        ],
        "notes": notes + _hints(best),
    }  # fmt: skip


def _candidates(
    data: bytes, options: dict[str, Any], taken: set[Any], *, whole: bool = False,
    order: int = 0,
) -> list[Candidate]:  # fmt: skip
    sample, complete = data[:SAMPLE_BYTES], whole or len(data) <= SAMPLE_BYTES
    found = []
    for rank, sep in enumerate(SEPARATORS):
        if sep in taken or (rank > 0 and sep.encode() not in sample):
            continue
        settings = options | {"sep": sep, "blank_lines": "skip", "strict_quotes": True}
        grammar = Grammar(sample, settings, partial=not complete)
        at, line = grammar.skip_lines(options["skip_rows"])
        records = list(islice(grammar.records(at, line), SAMPLE_RECORDS))
        faults = [record.fault[0] for record in records if record.fault is not None]
        if OPEN in faults:
            whole_records = [record for record in records if record.fault is None]
            if whole_records:
                judged = _judged(whole_records, settings, -rank)
                found.append(replace(judged, explains=False, opened=True))
            continue
        if faults:
            order += len(SEPARATORS)  # quotes that do not close where they should speak against it
        if not complete and len(records) > 1 and records[-1].end >= len(sample):
            records.pop()
        if records:
            found.append(_judged(records, settings, -rank - order * len(SEPARATORS)))
    return found


def _judged(records: list[Any], options: dict[str, Any], rank: int) -> Candidate:
    fields = len(records[0].cells)
    usual, times = Counter(len(record.cells) for record in records).most_common(1)[0]
    odd = next((r for r in records if len(r.cells) != fields), None)
    cells: list[bytes] = []
    if odd is None and fields > 1:
        cells = [cell for record in records[1:TYPED_RECORDS] for cell in record.cells if cell]
    commas = sum(_COMMA_NUMBER.fullmatch(cell) is not None for cell in cells)
    typed = sum(_VALUE.fullmatch(cell) is not None for cell in cells) + commas
    return Candidate(
        explains=odd is None,
        typed=typed / len(cells) if cells else 0.0,
        rank=rank,
        sep=options["sep"],
        quote=options["quote"],
        escape=options["escape"],
        fields=fields,
        records=len(records),
        misfit=None if odd is None else (odd.line, len(odd.cells)),
        comma_numbers=commas > 0 and options["sep"] != ",",
        usual=usual,
        same=times / len(records),
    )


def _choose(
    found: list[Candidate],
    options: dict[str, Any],
    label: str,
    data: bytes,
    taken: set[Any],
    tell: Tell = warn,
) -> Candidate:
    full = sorted((c for c in found if c.fields > 1 and c.explains), reverse=True)
    # Names with spaces in them, times with colons: these divide text only if nothing else does.
    full = [c for c in full if c.sep not in " :"] or full
    if not full:
        return _one_column(found, options, label, data, taken)
    best = full[0]
    rivals = [
        c for c in full[1:]
        if c.sep != best.sep and c.quote == best.quote and best.typed - c.typed <= _SHARE_TIE
        and (c.sep not in " :" or best.sep in " :")
    ]  # fmt: skip
    if rivals:
        names = ", ".join(c.name for c in [best, *rivals])
        text = f"{label}: more than one separator explains every record: {names}"
        if any(c.records != best.records or c.typed != best.typed for c in rivals):
            raise AmbiguousDialect(
                text, path=label, candidates=[c.sep for c in [best, *rivals]],
                hint=f"sep={best.sep!r} says which it is",
            )  # fmt: skip
        tell(f"{text}; {best.name} was taken", AmbiguousDialect)
    return best


def _one_column(
    found: list[Candidate], options: dict[str, Any], label: str, data: bytes, taken: set[Any]
) -> Candidate:
    """The answer where no separator divides every record alike, unless one divides most."""
    # A quote that does not end is no reason to take lines for fields: reading says where it is.
    opened = [c for c in found if c.opened and c.usual > 1 and c.sep not in " :"]
    if opened:
        return opened[0]
    near = sorted(
        (c for c in found if c.usual > 1 and c.same > 0.5 and c.sep not in " :"),
        key=lambda c: (c.same, c.rank), reverse=True,
    )  # fmt: skip
    lenient = options.get("ragged") == "fill" or options.get("on_bad_lines", "error") != "error"
    if near and near[0].misfit is not None:
        best = near[0]
        if lenient and best.fields == best.usual:
            return best
        line, _ = near[0].misfit
        raise AmbiguousDialect(
            f"{label}: no separator explains every record: {best.name} explains most of them, "
            f"but not line {line}",
            path=label, line=line, candidates=[c.sep for c in near],
            hint=f"sep={best.sep!r} says which it is; sniff_csv tells of a preamble",
        )  # fmt: skip
    free = [sep for sep in (*SEPARATORS[:4], "\x1f") if sep not in taken]
    sep = next((sep for sep in free if sep.encode() not in data), free[-1])
    return Candidate(True, 0.0, 0, sep, options.get("quote", '"'), None, 1, 0)


def _hints(best: Candidate) -> list[str]:
    return ['numbers with a decimal comma: decimal="," reads them'] if best.comma_numbers else []


def _preamble(sample: bytes) -> tuple[int, str | None, list[str]]:
    """Lines before the table that a blank line separates, and a comment prefix."""
    lines = re.split(rb"\r\n?|\n", sample)
    comment = next(
        (p for p in ("#", "//", "--") if any(line.startswith(p.encode()) for line in lines[:1])),
        None,
    )
    if comment is not None and not _is_record(lines, comment):
        return 0, comment, [f"lines that start with {comment} are comments"]
    for index, line in enumerate(lines[:50]):
        if line or index == 0 or index + 1 >= len(lines):
            continue
        before, behind = lines[:index], [text for text in lines[index + 1 :] if text]
        if len(behind) < 2 or not behind[0]:
            break
        for sep in SEPARATORS[:4]:
            count = behind[0].count(sep.encode())
            if count and not any(text.count(sep.encode()) == count for text in before):
                number = index + 1
                return number, None, [f"a preamble of {number} lines ends at a blank line"]
        break
    return 0, None, []


def _is_record(lines: list[bytes], comment: str) -> bool:
    """Whether the first line, which begins like a comment, is a record like the others."""
    other = next((x for x in lines if x and not x.startswith(comment.encode())), b"")
    return any(0 < lines[0].count(s.encode()) == other.count(s.encode()) for s in SEPARATORS[:4])


def _newline(sample: bytes) -> str:
    crlf = sample.count(b"\r\n")
    lf, cr = sample.count(b"\n") - crlf, sample.count(b"\r") - crlf
    kinds = [name for name, n in (("crlf", crlf), ("lf", lf), ("cr", cr)) if n]
    return kinds[0] if len(kinds) == 1 else "auto"


def _columns(
    source: str | bytes, settings: dict[str, Any]
) -> tuple[bool, list[str], dict[str, str]]:
    from .csv_read import describe

    return describe(FileRequest("csv", source, Decode(csv=settings), n_rows=SAMPLE_RECORDS))
