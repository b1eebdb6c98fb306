"""``${...}`` in texts: finding references, and putting values into plain text and into SQL.

In SQL a value becomes a literal of its type, and inside quotes text with that quote doubled, so no
value can change the statement. Inside comments nothing is replaced.
"""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parquetframe.workflow.field import Reject, describe, shorten
from parquetframe.workflow.resolver import resolve_plain
from parquetframe.workflow.sql_scan import Token, scan

__all__ = [
    "EnvText",
    "Final",
    "Lookup",
    "Reference",
    "Value",
    "fill_plain",
    "fill_sql",
    "references",
    "split_references",
    "sql_literal",
]  # fmt: skip

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_BODY = re.compile(
    r"(?:(?P<raw>raw):)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|env:(?P<env>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<fallback>.*))?",
    re.DOTALL,
)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = re.compile(
    r"ALL|AND|ANY|AS|ASC|BETWEEN|BY|CASE|CAST|CROSS|CURRENT_DATE|CURRENT_TIME|CURRENT_TIMESTAMP"
    r"|CURRENT_USER|DESC|DISTINCT|DIV|ELSE|END|EXCEPT|EXISTS|FALSE|FETCH|FILTER|FOR|FROM|FULL|GROUP|HAVING"
    r"|ILIKE|IN|INNER|INTERSECT|INTO|IS|ISNULL|JOIN|LATERAL|LEFT|LIKE|LIMIT|NATURAL|NOT|NOTNULL|NULL"
    r"|OFFSET|ON|OR|ORDER|OUTER|OVER|QUALIFY|RIGHT|RLIKE|SELECT|SIMILAR|SOME|THEN|TRUE|UNION|USING"
    r"|VALUES|WHEN|WHERE|WINDOW|WITH|WITHIN|XOR",
    re.IGNORECASE,
)


class Final(str):
    """Text that came from a variable: it is not searched for references again."""

    __slots__ = ()


class EnvText(Final):
    """Text of an environment variable: where a number or boolean is wanted, it is parsed."""

    __slots__ = ()


@dataclass(frozen=True)
class Reference:
    """One ``${...}``; ``name`` is empty for the escape ``$${``."""

    start: int
    end: int
    text: str
    name: str = ""
    env: bool = False
    raw: bool = False
    fallback: str | None = None


@dataclass(frozen=True)
class Value:
    """What a reference stands for; ``text`` is how an environment variable was written."""

    value: Any
    is_date: bool = False
    text: str | None = None


Lookup = Callable[[Reference], Value]


def references(text: str) -> list[Reference]:
    """All references and escapes in order; raises Reject (E406, E407) for malformed ones."""
    found = []
    for match in _REFERENCE.finditer(text):
        if match[0] == "$${":
            found.append(Reference(match.start(), match.end(), match[0]))
            continue
        body = match[1]
        if body is None:
            raise Reject(
                "E406", "'${' without its '}'", "write $${ for a literal ${", text[match.start() :]
            )
        shown = match[0]
        if body.startswith("steps."):
            message = f"'{shown}' is planned, this version does not have it yet"
            raise Reject("E407", message, None, shown)
        parsed = _BODY.fullmatch(body)
        if parsed is None:
            hint = "${name}, ${env:NAME}, ${env:NAME:-fallback} or ${raw:name}; $${ is a literal ${"
            raise Reject("E406", f"'{shorten(shown)}' is not a variable reference", hint, shown)
        found.append(
            Reference(
                match.start(),
                match.end(),
                shown,
                parsed["name"] or parsed["env"],
                env=parsed["env"] is not None,
                raw=parsed["raw"] is not None,
                fallback=parsed["fallback"],
            )
        )
    return found


def split_references(value: Any) -> list[Reference]:
    """References in a text or, deep, in a list of texts."""
    if isinstance(value, list):
        return [reference for item in value for reference in split_references(item)]
    if isinstance(value, str) and not isinstance(value, Final):
        return [reference for reference in references(value) if reference.name]
    return []


def fill_plain(text: str, lookup: Lookup) -> Any:
    """Replace references in text; a text that is exactly one reference keeps the value's type."""
    if isinstance(text, Final) or "${" not in text:
        return text
    found = references(text)
    if len(found) == 1 and found[0].name and found[0].text == text:
        value = lookup(found[0])
        return EnvText(value.text) if value.text is not None else _finalize(value.value)
    parts, position = [], 0
    for reference in found:
        parts.append(text[position : reference.start])
        parts.append(_as_text(reference, lookup(reference)) if reference.name else "${")
        position = reference.end
    return Final("".join([*parts, text[position:]]))


def _finalize(value: Any) -> Any:
    if isinstance(value, str):
        return Final(value)
    return [_finalize(item) for item in value] if isinstance(value, list) else value


def _as_text(reference: Reference, value: Value) -> str:
    content = value.value
    if value.text is not None:
        return value.text
    if isinstance(content, bool):
        return "true" if content else "false"
    if isinstance(content, (str, int, float)):
        return str(content)
    message = f"{describe(content)} cannot stand inside a text: '{reference.text}'"
    raise Reject("E404", message, None, reference.text)


def fill_sql(text: str, lookup: Lookup) -> str:
    """Replace references in SQL; text that itself came from a variable is one string literal."""
    if isinstance(text, Final):
        return sql_literal(Value(str(text)))
    if "${" not in text:
        return text
    found = references(text)
    owners = _owners(text, found)
    parts, position = [], 0
    for reference, token in zip(found, owners, strict=True):
        parts.append(text[position : reference.start])
        parts.append(_for_sql(text, reference, token, lookup))
        position = reference.end
    return "".join([*parts, text[position:]])


def _owners(text: str, found: list[Reference]) -> list[Token | None]:
    """The string, quoted name or comment around each reference."""
    masked = list(text)
    for reference in found:  # what stands in a reference, such as a quote, ends no string
        masked[reference.start : reference.end] = "x" * (reference.end - reference.start)
    quoted = [
        token
        for token in scan("".join(masked))
        if token.kind in ("string", "name", "comment", "prefixed")
    ]
    starts = [token.start for token in quoted]
    before = [bisect.bisect_left(starts, reference.start) - 1 for reference in found]
    return [
        quoted[i] if i >= 0 and reference.start < quoted[i].end else None
        for i, reference in zip(before, found, strict=True)
    ]


def _for_sql(text: str, reference: Reference, token: Token | None, lookup: Lookup) -> str:
    if not reference.name:
        return "${"
    if token is not None and token.kind == "comment":
        return reference.text
    value = lookup(reference)
    shown = reference.text
    if token is not None:
        if token.kind == "prefixed":
            message = f"'{shown}' cannot stand in a string with a prefix or in $$...$$"
            raise Reject("E409", message, "use a plain '...' string", shown)
        quote = token.text[0]
        return _no_nul(_as_text(reference, value), shown).replace(quote, quote * 2)
    before, after = text[: reference.start][-1:], text[reference.end :][:1]
    if reference.raw:
        return _identifier(_as_text(reference, value), before, shown)
    if _joins(before) or _joins(after):
        hint = f"to build a name, write ${{raw:{reference.name}}}"
        raise Reject("E409", f"'{shown}' is a value here and cannot be part of a name", hint, shown)
    literal = sql_literal(value, shown)
    if isinstance(value.value, list) and _in_parentheses(text, reference):
        return literal[1:-1]
    return literal


def _joins(character: str) -> bool:
    return (
        character.isalnum() or character in ("_", ".", "$", '"', "'", "`") if character else False
    )


def _in_parentheses(text: str, reference: Reference) -> bool:
    before, after = text[: reference.start].rstrip(), text[reference.end :].lstrip()
    return before.endswith(("(", ",")) and after.startswith((")", ","))


def _identifier(text: str, before: str, shown: str) -> str:
    """The text as (part of) one identifier."""
    continues = before.isalnum() or before == "_"
    whole = re.fullmatch(r"[A-Za-z0-9_]+" if continues else _IDENTIFIER, text)
    if whole is None or (not continues and _RESERVED.fullmatch(text)):
        message = f"'{shown}' must be one plain SQL name, found '{shorten(text)}'"
        raise Reject("E409", message, 'for odd names write "${name}" in double quotes', shown)
    return text


def _no_nul(text: str, shown: str) -> str:
    if "\0" in text:
        raise Reject("E404", f"'{shown}' holds a NUL character", None, shown)
    return text


def sql_literal(value: Value, shown: str = "${...}") -> str:
    """The value as an SQL literal.

    Examples:
        >>> [sql_literal(Value(v)) for v in (15, -1, True, None, "O'Hare", [1, 2])]
        ['15', '(-1)', 'TRUE', 'NULL', "'O''Hare'", '(1, 2)']
    """
    content = resolve_plain(value.text) if value.text is not None else value.value
    if content is None:
        return "NULL"
    if isinstance(content, bool):
        return "TRUE" if content else "FALSE"
    if isinstance(content, float) and not math.isfinite(content):
        return f"CAST('{content}' AS DOUBLE)"
    if isinstance(content, (int, float)):
        # a sign in front of the literal must not become the comment "--"
        return f"({content})" if content < 0 or str(content).startswith("-") else str(content)
    if isinstance(content, str):
        quoted = "'" + _no_nul(str(content), shown).replace("'", "''") + "'"
        return f"DATE {quoted}" if value.is_date else quoted
    if isinstance(content, list) and content:
        return "(" + ", ".join(sql_literal(Value(item), shown) for item in content) + ")"
    message = "an empty list cannot stand in SQL" if content == [] else "no SQL literal for it"
    raise Reject("E404", f"'{shown}': {message}", None, shown)
