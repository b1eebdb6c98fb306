"""What each option of the CSV functions may be; read steps and save steps ask the same checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from .request import choice, count, flag, names_option

__all__ = [
    "CHOICES",
    "CODEC_NAMES",
    "FALSE_VALUES",
    "LINE_ENDS",
    "NEWLINES",
    "NULL_RULES",
    "READ_COMPRESSIONS",
    "TRUE_VALUES",
    "WRITE_COMPRESSIONS",
    "Conflict",
    "check_level",
    "check_read_option",
    "check_read_together",
    "check_write_option",
    "check_write_together",
]

READ_COMPRESSIONS: Final = ("auto", "none", "gz", "zst", "bz2", "xz", "lz4", "zip")
WRITE_COMPRESSIONS: Final = ("auto", "none", "gz", "zst", "bz2", "xz", "lz4")
BAD_LINES: Final = ("error", "warn", "skip", "collect")
QUOTE_STYLES: Final = ("necessary", "always", "nonnumeric", "never")
LINE_ENDS: Final = ("\n", "\r\n", "\r")
LEVELS: Final = {"gz": (0, 9), "bz2": (1, 9), "xz": (0, 9), "zst": (1, 22)}
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "leading_zeros": ("string", "number"),
    "on_int_overflow": ("decimal", "string", "error"),
    "blank_lines": ("skip", "null", "error"),
    "ragged": ("error", "fill"),
    "on_bad_lines": BAD_LINES,
    "invalid_bytes": ("error", "replace", "binary"),
    "quote_style": QUOTE_STYLES,
}
NULL_RULES: Final = ("auto", "strict", "pandas")
TRUE_VALUES: Final = ("true", "True", "TRUE")
FALSE_VALUES: Final = ("false", "False", "FALSE")
_TOKENS: Final = {"true_values": TRUE_VALUES, "false_values": FALSE_VALUES}

NEWLINES: Final = {"auto": "auto", "\n": "lf", "\r\n": "crlf", "\r": "cr", "lf": "lf",
                   "crlf": "crlf", "cr": "cr"}  # fmt: skip
CODEC_NAMES: Final = {"gzip": "gz", "zstd": "zst", "lzma": "xz"}


class Conflict(ValueError):
    """Options that are right one by one but not together.

    Args:
        message: What is wrong.
        *names: The options, in the order of the message.
    """

    def __init__(self, message: str, *names: str) -> None:
        super().__init__(message)
        self.names = names


def check_read_option(name: str, value: Any) -> Any:
    """One option of :func:`parquetframe.read_csv` but ``dtypes``, as the engines want it.

    Raises:
        TypeError: A value of another type.
        ValueError: A value that the option does not have.
    """
    return _READ_CHECKS[name](name, value)


def check_read_together(options: Mapping[str, Any]) -> None:
    """Check the options of a read, each right by itself, against each other.

    Raises:
        Conflict: Two special characters are the same.
    """
    _distinct(options)


def check_write_option(name: str, value: Any) -> Any:
    """One option of :func:`parquetframe.write_csv`, as the engines want it.

    Raises:
        TypeError: A value of another type.
        ValueError: A value that the option does not have.
    """
    return _WRITE_CHECKS[name](name, value)


def check_write_together(options: Mapping[str, Any]) -> None:
    """Check the options of a writer, each right by itself, against each other.

    Raises:
        Conflict: A reader could not tell their values apart.
    """
    _distinct(options)
    style, null = options["quote_style"], options["null"]
    if options["quote"] is None and style in ("always", "nonnumeric"):
        raise Conflict(f"{style!r} as quote_style needs a quote", "quote_style", "quote")
    specials = {options["sep"], options["quote"], "\n", "\r"} - {None}
    if any(character in null for character in specials):
        raise Conflict("null may not hold the separator, the quote or a line end", "null")


def check_level(codec: str, level: int) -> None:
    """Check the level of a codec.

    Raises:
        Conflict: The codec has no such level, or none at all.
    """
    low, high = LEVELS.get(codec, (1, 0))
    if not low <= level <= high:
        raise Conflict(f"compression_level of {codec} cannot be {level}", "compression_level")


def _character(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one character, not {value!r}")
    if len(value) != 1 or not value.isascii() or value in "\n\r\0":
        raise ValueError(f"{name} must be one ASCII character and no line end, not {value!r}")
    return value


def _optional_character(name: str, value: Any) -> str | None:
    return None if value is None else _character(name, value)


def _separator(name: str, value: Any) -> str:
    return "auto" if value == "auto" else _character(name, value)


def _one_of(name: str, value: Any) -> str:
    chosen: str = choice(name, value, CHOICES[name])
    return chosen


def _bad_lines(name: str, value: Any) -> str:
    return "callable" if callable(value) else _one_of(name, value)


def _read_codec(name: str, value: Any) -> str:
    return _codec(name, value, READ_COMPRESSIONS)


def _write_codec(name: str, value: Any) -> str:
    return _codec(name, value, WRITE_COMPRESSIONS)


def _codec(name: str, value: Any, known: tuple[str, ...]) -> str:
    named = CODEC_NAMES.get(value, value) if isinstance(value, str) else value
    chosen: str = choice(name, "none" if value is None else named, known)
    return chosen


def _sample(name: str, value: Any) -> str | int:
    return "full" if value == "full" else _required_count(name, value, least=1)


def _level(name: str, value: Any) -> int | None:
    return count(name, value)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, not {value!r}")
    return value


def _pattern(name: str, value: Any) -> str | None:
    return None if value is None else _text(name, value)


def _float_format(name: str, value: Any) -> str | None:
    text = _pattern(name, value)
    if text is not None and re.fullmatch(r"%\.?[0-9]{0,3}[eEfFgG]", text) is None:
        raise ValueError(f'{name} must be like "%.6f", "%.3e" or "%.17g", not {text!r}')
    return text


def _line_end(name: str, value: Any) -> str:
    chosen: str = choice(name, value, LINE_ENDS)
    return chosen


def _comment(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, not {value!r}")
    if not value or any(character in value for character in "\n\r\0"):
        raise ValueError(f"{name} must be a prefix without line ends, not {value!r}")
    return value


def _newline(name: str, value: Any) -> str:
    if not isinstance(value, str) or value not in NEWLINES:
        raise ValueError(f"{name} must be 'auto', '\\n', '\\r\\n' or '\\r', not {value!r}")
    return NEWLINES[value]


def _encoding(name: str, value: Any) -> str:
    if not _text(name, value).strip():
        raise ValueError(f"{name} must name an encoding, not {value!r}")
    return str(value).strip().lower()


def _header(name: str, value: Any) -> bool | int | str:
    if isinstance(value, (bool, str)):
        wish: bool | str = choice(name, value, ("auto", True, False))
        return wish
    number = count(name, value)
    if not number:
        raise ValueError(
            f"{name} must be 'auto', True, False or the number of a record from 1, "
            f"not {value!r}; header=True takes the first record"
        )
    return number


def _required_count(name: str, value: Any, *, least: int = 0) -> int:
    number = count(name, value, least=least)
    if number is None:
        raise TypeError(f"{name} must be an int, not None")
    return number


def _column_names(name: str, value: Any) -> list[str] | None:
    if value is None:
        return None
    names = list(names_option(name, value))
    if not names:
        raise ValueError(f"{name} must have at least one name")
    if len(set(names)) < len(names):
        twice = next(item for item in names if names.count(item) > 1)
        raise ValueError(f"{name} has {twice!r} twice")
    return names


def _nulls(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return choice(name, value, NULL_RULES)
    if isinstance(value, Mapping):
        return {
            names_option(name, [column])[0]: list(names_option(name, tokens))
            for column, tokens in value.items()
        }
    return list(names_option(name, value))


def _tokens(name: str, value: Any) -> list[str]:
    return list(_TOKENS[name] if value is None else names_option(name, value))


def _dates(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be True, False or a dict of strptime patterns, not {value!r}")
    for column, pattern in value.items():
        if not isinstance(column, str) or not isinstance(pattern, str) or not pattern:
            raise TypeError(f"{name} must map names to patterns, not {column!r} to {pattern!r}")
    return dict(value)


def _distinct(options: Mapping[str, Any]) -> None:
    """No two special characters are the same, where a cell could not be read then."""
    special = {
        name: options.get(name) for name in ("sep", "quote", "escape", "decimal", "thousands")
    }
    if isinstance(options.get("comment"), str):
        special["comment"] = options["comment"][0]
    pairs: Iterable[tuple[str, str]] = (
        ("sep", "quote"), ("sep", "escape"), ("sep", "comment"), ("quote", "comment"),
        ("sep", "decimal"), ("sep", "thousands"), ("decimal", "thousands"),
    )  # fmt: skip
    for first, second in pairs:
        if special.get(first) is not None and special[first] == special.get(second):
            text = f"{first} and {second} are the same character: {special[first]!r}"
            raise Conflict(text, first, second)


_Check = Callable[[str, Any], Any]
_READ_CHECKS: Final[dict[str, _Check]] = {
    "sep": _separator,
    "quote": _optional_character,
    "escape": _optional_character,
    "header": _header,
    "names": _column_names,
    "infer": _sample,
    "nulls": _nulls,
    "true_values": _tokens,
    "false_values": _tokens,
    "parse_dates": _dates,
    "decimal": _character,
    "thousands": _optional_character,
    "leading_zeros": _one_of,
    "on_int_overflow": _one_of,
    "comment": _comment,
    "skip_rows": _required_count,
    "blank_lines": _one_of,
    "newline": _newline,
    "strict_quotes": flag,
    "trim": flag,
    "ragged": _one_of,
    "on_bad_lines": _bad_lines,
    "encoding": _encoding,
    "invalid_bytes": _one_of,
    "compression": _read_codec,
}
_WRITE_CHECKS: Final[dict[str, _Check]] = {
    "sep": _character,
    "quote": _optional_character,
    "quote_style": _one_of,
    "escape": _optional_character,
    "header": flag,
    "null": _text,
    "float_format": _float_format,
    "date_format": _pattern,
    "timestamp_format": _pattern,
    "line_end": _line_end,
    "encoding": _encoding,
    "bom": flag,
    "compression": _write_codec,
    "compression_level": _level,
}
