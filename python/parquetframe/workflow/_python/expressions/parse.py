"""SQL text to a syntax tree: sqlglot's Postgres dialect with our type names added."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from parquetframe.errors import ExpressionError

Tree = Any  # a sqlglot expression; the name of its base class differs between releases


@lru_cache(maxsize=1)
def _dialect() -> Any:
    from sqlglot.dialects.postgres import Postgres

    own = ("INT", "UINT")
    names = {f"{kind}{width}" for kind in own for width in (1, 2, 4, 8, 16, 32, 64)}
    names |= {"FLOAT4", "FLOAT8", "FLOAT32", "FLOAT64"}

    class ParquetFrameSql(Postgres):
        """`int8` is 8 bits wide here, not 8 bytes: widths come from our type grammar."""

        class Tokenizer(Postgres.Tokenizer):
            KEYWORDS = {k: v for k, v in Postgres.Tokenizer.KEYWORDS.items() if k not in names}  # noqa: RUF012

    return ParquetFrameSql


def parse_expression(text: str) -> Tree:
    """Parse one scalar SQL expression.

    Raises:
        ExpressionError: E300, with the position (0-based offset in ``text``) where parsing stopped.
    """
    tree = _parse(text)
    if type(tree).__name__ in {"Select", "Union", "Alias", "Subquery", "Tuple", "Command"}:
        raise _syntax_error(text, "this is not one scalar expression", 0)
    return tree


def parse_query(text: str) -> Tree:
    """Parse one SELECT (or UNION of them, with CTEs).

    Raises:
        ExpressionError: E300, also for anything that is not a SELECT.
    """
    from sqlglot import exp

    tree = _parse(text.strip().removesuffix(";"))
    if isinstance(tree, exp.Subquery):
        tree = tree.unnest()
    if not isinstance(tree, (exp.Select, exp.SetOperation)):
        raise _syntax_error(text, "only one SELECT is allowed here", 0)
    return tree


def sql_of(tree: Tree) -> str:
    """Spell a syntax tree for a message, on one line, at most 80 characters."""
    text = str(tree.sql(dialect=_dialect()))
    return text if len(text) <= 80 else text[:77] + "..."


def position_of(tree: Tree) -> int | None:
    """Offset of the first token of ``tree`` in its text, where the parser kept it."""
    starts = [node.meta["start"] for node in tree.walk() if "start" in node.meta]
    return min(starts) if starts else None


def _parse(text: str) -> Tree:
    import sqlglot
    from sqlglot.errors import ParseError, SqlglotError

    if not text.strip():
        raise _syntax_error(text, "the expression is empty", 0)
    try:
        trees = sqlglot.parse(text, read=_dialect())
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        what = str(first.get("description") or "cannot be parsed")
        if what.startswith("The number of provided arguments"):
            raise ExpressionError(what[:1].lower() + what[1:], code="E302", text=text) from None
        if what.startswith("Required keyword"):
            what = "an operand or argument is missing"
        near = first.get("highlight")
        position = _offset(text, first.get("line"), first.get("col"))
        raise _syntax_error(text, f"{what}{f' near {near!r}' if near else ''}", position) from None
    except SqlglotError as error:
        raise _syntax_error(text, str(error).splitlines()[0], None) from None
    except RecursionError:
        raise _syntax_error(text, "the expression is nested too deeply", None) from None
    if len(trees) != 1 or trees[0] is None:
        raise _syntax_error(text, "one expression is allowed here", 0)
    return trees[0]


def _offset(text: str, line: Any, column: Any) -> int | None:
    if not isinstance(line, int) or not isinstance(column, int):
        return None
    before = sum(len(part) + 1 for part in text.split("\n")[: line - 1])
    return max(0, min(len(text), before + column - 1))


def _syntax_error(text: str, what: str, position: int | None) -> ExpressionError:
    what = what[:1].lower() + what[1:].rstrip(".")
    return ExpressionError(f"invalid SQL: {what}", code="E300", text=text, position=position)
