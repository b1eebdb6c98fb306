"""The keys of ``read`` and ``save`` that are options of :mod:`parquetframe.io.csv`.

Names, defaults and checks are those of ``read_csv`` and ``write_csv``; here they only get the
spellings of a YAML file. The canonical form holds them in one mapping, ``csv``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from parquetframe.io.csv_checks import (
    CHOICES,
    CODEC_NAMES,
    LINE_ENDS,
    NEWLINES,
    NULL_RULES,
    READ_COMPRESSIONS,
    Conflict,
    check_read_option,
    check_read_together,
    check_write_option,
    check_write_together,
)
from parquetframe.io.csv_options import READ_DEFAULTS, WRITE_DEFAULTS
from parquetframe.workflow.field import INVALID, Field, Reject, describe
from parquetframe.workflow.names import nearest
from parquetframe.workflow.spec.kinds import Anything, or_variable, scalar
from parquetframe.workflow.spec.model import Key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parquetframe.workflow.steps import Draft

__all__ = ["CSV", "READ_KEYS", "SAVE_KEYS", "nest_read", "nest_save", "told"]

CSV: Final = ("csv",)

_MOST: Final = 2**63 - 1
_QUOTED: Final = "put it in quotes to make it text"
_TEXTS: Final = "put it in quotes: a text in the file is meant, such as 'NULL' or '-1'"


@dataclass(frozen=True)
class CsvOption:
    """One option, checked by the function that has it.

    Attributes:
        name: Name of the option.
        check: The function's check, of name and value.
        form: JSON Schema of what is accepted.
        plain: Texts of the environment are read as what they look like: numbers, truth values.
        spellings: Texts that stand for other values.
        hint: What to do about a value of another type.
    """

    name: str
    check: Callable[[str, Any], Any]
    form: dict[str, Any] = field(hash=False)
    plain: bool = False
    spellings: dict[str, Any] = field(default_factory=dict, hash=False)
    hint: str | None = None

    def parse(self, place: Field, value: Any) -> Any:
        filled = self._filled(place, value)
        try:
            found = self.check(self.name, filled)
        except (TypeError, ValueError) as error:
            code = "E108" if isinstance(error, TypeError) else "E109"
            text = told(error, {self.name: place.key}, filled)
            raise Reject(code, text, self._hint(error, filled)) from None
        if isinstance(found, int) and found > _MOST:
            raise Reject("E109", f"'{place.key}' must be at most {_MOST}, found {describe(filled)}")
        return found

    def _filled(self, place: Field, value: Any) -> Any:
        """The value with variables put in, as the function would be given it."""
        filled = scalar(place, value) if self.plain else place.plain(value)
        if isinstance(filled, (dict, list)):
            return Anything().parse(place, filled)
        if callable(filled):
            raise place.wrong("a text", filled, "functions are for read_csv")
        if not isinstance(filled, str):
            return filled
        if place.key == "null_values" and filled not in NULL_RULES:
            return [str(filled)]  # a single one, which `read_csv` takes in a list only
        return self.spellings.get(str(filled), str(filled))

    def _hint(self, error: Exception, value: Any) -> str | None:
        if self.name == "nulls" and isinstance(value, str):
            return f"list the texts that mean null: nulls: ['', {value or 'NA'}]"
        known = CHOICES.get(self.name)
        near = nearest(value, known) if known and isinstance(value, str) else None
        if near:
            return f"did you mean '{near}'?"
        if isinstance(value, str) and self.form == _any(_LIST):
            return f"write a list: [{value}]"
        return self.hint if isinstance(error, TypeError) else None

    def schema(self) -> dict[str, Any]:
        return self.form


def told(error: Exception, spelled: Mapping[str, str], value: Any = INVALID) -> str:
    """The text of a check's error in the words of a workflow's problems.

    Args:
        error: What a check raised.
        spelled: How the options that it names are spelled in the document.
        value: The value that it is about, if that is one.
    """
    text = str(error)
    if value is not INVALID:
        for tail in (f", not {value!r}", f", not {type(value).__name__}", f", not {value}"):
            if text.endswith(tail):
                text = f"{text.removesuffix(tail)}, found {describe(value)}"
                break
    for name, key in spelled.items():
        text = re.sub(rf"(?<!['\w]){re.escape(name)}(?![\w'])", f"'{key}'", text, count=1)
    return text


def nest_read(draft: Draft) -> None:
    """Put the options of a read into one mapping, and check them against each other."""
    _nest(draft, READ_KEYS, READ_DEFAULTS | {"dtypes": {}}, check_read_together)
    if "sep" not in draft.given and "path" in draft.given:
        draft.places["sep"] = draft.given["path"]  # what is said of a separator that was not found


def nest_save(draft: Draft, compression: str) -> None:
    """Put the options of a save into one mapping, and check them against each other."""
    defaults = WRITE_DEFAULTS | {"compression": compression}
    _nest(draft, SAVE_KEYS, defaults, check_write_together)


def _nest(
    draft: Draft,
    keys: tuple[Key, ...],
    defaults: dict[str, Any],
    check: Callable[[Mapping[str, Any]], None],
) -> None:
    options = dict(defaults)
    for key in keys:
        value = draft.config.pop(key.name)
        if value is not INVALID:
            options[key.name] = value
        if key.name in draft.given:
            draft.places[f"csv.{key.name}"] = draft.given[key.name]
    draft.config["csv"] = options
    try:
        check(options)
    except Conflict as conflict:
        spelled = {name: draft.spelled.get(name, name) for name in conflict.names}
        given = [name for name in conflict.names if name in draft.given]
        draft.reject(given[-1] if given else "path", "E109", told(conflict, spelled))


_TEXT: Final[dict[str, Any]] = {"type": "string"}
_BOOL: Final = {"type": "boolean"}
_LIST: Final = {"type": "array", "items": _TEXT}
_LISTS: Final = {"type": "object", "additionalProperties": _LIST}
_COUNT: Final = {"type": "integer", "minimum": 0}
_ESCAPES: Final = {r"\t": "\t", r"\n": "\n", r"\r\n": "\r\n", r"\r": "\r"}


def _any(*forms: dict[str, Any]) -> dict[str, Any]:
    return or_variable({"anyOf": list(forms)} if len(forms) > 1 else forms[0])


def _words(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


def _reader(name: str, doc: str, form: dict[str, Any], *also: str, **how: Any) -> Key:
    default = READ_DEFAULTS[name]
    default = tuple(default) if isinstance(default, list) else default
    return _key(CsvOption(name, check_read_option, form, **how), doc, default, also)


def _writer(name: str, doc: str, form: dict[str, Any], *also: str, **how: Any) -> Key:
    return _key(CsvOption(name, check_write_option, form, **how), doc, WRITE_DEFAULTS[name], also)


def _key(kind: CsvOption, doc: str, default: Any, also: tuple[str, ...]) -> Key:
    if "none" in kind.spellings:
        how = f"{kind.name}: none"
        return Key(kind.name, kind, doc, default, also, CSV, instead_of_null=how)
    return Key(kind.name, kind, doc, default, also, CSV)


_SIGN: Final[dict[str, Any]] = {"spellings": _ESCAPES, "hint": _QUOTED}
_QUOTE: Final[dict[str, Any]] = {"spellings": {"none": None}, "hint": _QUOTED}

READ_KEYS: Final = (
    _reader("sep", "Between fields; auto finds it.", _TEXT, "delimiter", **_SIGN),
    _reader("quote", "Around fields; none reads quotes as text.", _TEXT, **_QUOTE),
    _reader("escape", "Takes the next character inside quotes as it is.", _TEXT, **_SIGN),
    _reader(
        "header",
        "true, false, the number of the record with the names, or auto.",
        _any(_BOOL, {"type": "integer", "minimum": 1}, _words("auto")),
        "has_header",
        plain=True,
    ),
    _reader("names", "Names of the columns.", _any(_LIST), hint=_QUOTED),
    _reader(
        "infer",
        "Rows to infer types from; full for every one.",
        _any({"type": "integer", "minimum": 1}, _words("full", "all")),
        "infer_rows",
        plain=True,
        spellings={"all": "full"},
    ),
    _reader(
        "nulls",
        "Unquoted texts that mean null: auto, strict, pandas, a list, or lists by column.",
        {"anyOf": [_TEXT, _LIST, _LISTS]},
        "null_values",
        hint=_TEXTS,
    ),
    _reader("true_values", "Texts that are true.", _any(_LIST), hint=_TEXTS),
    _reader("false_values", "Texts that are false.", _any(_LIST), hint=_TEXTS),
    _reader(
        "parse_dates",
        "ISO 8601 dates, none, or patterns by column.",
        _any(_BOOL, {"type": "object", "additionalProperties": _TEXT}),
        plain=True,
    ),
    _reader("decimal", "Before a fraction.", _TEXT, **_SIGN),
    _reader("thousands", "Between groups of three digits.", _TEXT, **_SIGN),
    _reader("leading_zeros", "What 007 is.", _any(_words(*CHOICES["leading_zeros"]))),
    _reader("on_int_overflow", "Beyond int64.", _any(_words(*CHOICES["on_int_overflow"]))),
    _reader("comment", "Lines that begin so are skipped.", _TEXT, hint=_QUOTED),
    _reader("skip_rows", "Lines to skip before the table.", _any(_COUNT), plain=True),
    _reader("blank_lines", "What a line without bytes is.", _any(_words(*CHOICES["blank_lines"]))),
    _reader("newline", "What ends a line.", _any(_words(*NEWLINES, *_ESCAPES)), spellings=_ESCAPES),
    _reader("strict_quotes", "Text behind a closing quote is an error.", _any(_BOOL), plain=True),
    _reader("trim", "Leave out spaces around unquoted fields.", _any(_BOOL), plain=True),
    _reader("ragged", "What a short record is.", _any(_words(*CHOICES["ragged"]))),
    _reader(
        "on_bad_lines",
        "What to do with a record or cell that does not fit; collect lists them in the result.",
        _any(_words(*CHOICES["on_bad_lines"])),
    ),
    _reader("encoding", "utf-8, another name, or auto.", _TEXT, hint=_QUOTED),
    _reader("invalid_bytes", "Bytes that are no text.", _any(_words(*CHOICES["invalid_bytes"]))),
    _reader(
        "compression",
        "auto goes by the first bytes, then by the suffix.",
        _any(_words(*READ_COMPRESSIONS, *CODEC_NAMES)),
    ),
)

SAVE_KEYS: Final = (
    _writer("sep", "Between fields.", _TEXT, "delimiter", **_SIGN),
    _writer("quote", "Around fields; none for no quotes.", _TEXT, **_QUOTE),
    _writer("quote_style", "Which fields have quotes.", _any(_words(*CHOICES["quote_style"]))),
    _writer("escape", "Before a quote inside quotes, instead of a second one.", _TEXT, **_SIGN),
    _writer("header", "Write a line of names.", _any(_BOOL), plain=True),
    _writer("null", "Text for null.", _TEXT, "null_value", hint=_TEXTS),
    _writer("float_format", "Such as %.3f; the shortest exact text by default.", _TEXT),
    _writer("date_format", "A strftime pattern; ISO 8601 by default.", _TEXT),
    _writer("timestamp_format", "A strftime pattern; ISO 8601 by default.", _TEXT),
    _writer(
        "line_end", "What ends a line.", _any(_words(*LINE_ENDS, *_ESCAPES)), spellings=_ESCAPES
    ),
    _writer("encoding", "Encoding of the file.", _TEXT, hint=_QUOTED),
    _writer("bom", "Begin with a byte order mark.", _any(_BOOL), plain=True),
    _writer("compression_level", "How hard the codec tries.", _any(_COUNT), plain=True),
)
