"""A scanner for SQL text: enough to find tables and to know what is quoted, not a parser.

The engines parse the SQL. Before that, a workflow needs the tables a query names (its inputs) and
must know which characters lie inside strings, quoted names and comments.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

__all__ = [
    "Table",
    "Token",
    "find_tables",
    "has_order_by",
    "is_blank",
    "pandas_syntax",
    "scan",
    "split_top_level",
    "statement_problem",
    "unclosed",
]


@dataclass(frozen=True)
class Token:
    """A piece of SQL.

    Attributes:
        kind: ``word``, ``string``, ``name`` (quoted), ``number``, ``comment``, ``prefixed`` (a
            string such as ``E'..'`` or ``$$..$$``), ``space`` or ``symbol``.
        text: The characters as written.
        start: Offset in the text.
        closed: False for a string, name or comment that never ends.
    """

    kind: str
    text: str
    start: int
    closed: bool = True

    @property
    def end(self) -> int:
        """Offset behind the piece."""
        return self.start + len(self.text)

    @property
    def upper(self) -> str:
        """A word in capitals; other pieces as they are."""
        return self.text.upper() if self.kind == "word" else self.text

    @property
    def name(self) -> str:
        """The identifier that a word or quoted name stands for."""
        if self.kind != "name":
            return self.text
        quote = self.text[0]
        return self.text[1:-1].replace(quote * 2, quote)


_PIECES = re.compile(
    r"""(?P<space>\s+)
      | (?P<line>--[^\n\r]*)
      | (?P<block>/\*)
      | (?P<dollar>\$(?:[A-Za-z_]\w*)?\$)
      | (?P<prefixed>(?:[eEnNxXbBrR]|[uU]&)'(?:[^'\\]|''|\\.)*(?P<p_end>'?))
      | (?P<string>'(?:[^']|'')*(?P<s_end>'?))
      | (?P<name>"(?:[^"]|"")*(?P<n_end>"?)|`(?:[^`]|``)*(?P<b_end>`?))
      | (?P<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)
      | (?P<word>\w[\w$]*)
      | (?P<symbol>.)""",
    re.VERBOSE | re.DOTALL,
)


def scan(text: str) -> list[Token]:
    """Cut SQL into pieces that, joined, give the text again."""
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _PIECES.match(text, position)
        if match is None:  # cannot happen: the last branch takes any character
            break
        kind, end, closed = str(match.lastgroup), match.end(), True
        if kind in ("prefixed", "string", "name"):
            closed = bool(match["p_end"] or match["s_end"] or match["n_end"] or match["b_end"])
        elif kind == "line":
            kind = "comment"
        elif kind == "block":
            kind, (end, closed) = "comment", _block_comment(text, position)
        elif kind == "dollar":
            found = text.find(match[0], end)
            kind, closed = "prefixed", found >= 0
            end = found + len(match[0]) if closed else len(text)
        tokens.append(Token(kind, text[position:end], position, closed))
        position = end
    return tokens


def _block_comment(text: str, start: int) -> tuple[int, bool]:
    """End of a comment that may hold others."""
    depth, position = 0, start
    for match in re.compile(r"/\*|\*/").finditer(text, start):
        if match.start() < position:
            continue
        position = match.end()
        depth += 1 if match[0] == "/*" else -1
        if depth == 0:
            return match.end(), True
    return len(text), False


def _significant(text: str) -> list[Token]:
    return [token for token in scan(text) if token.kind not in ("space", "comment")]


def is_blank(text: str) -> bool:
    """Whether nothing but space and comments is there."""
    return not _significant(text)


def unclosed(text: str) -> str | None:
    """What never ends in this text: a string, quoted name, comment or parenthesis."""
    depth = 0
    for token in scan(text):
        if not token.closed:
            kind = {"name": "quoted name", "prefixed": "string"}.get(token.kind, token.kind)
            return f"a {kind} that never ends"
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "symbol" else 0
        if depth < 0:
            return "a ')' without its '('"
    return "a '(' without its ')'" if depth else None


def split_top_level(text: str, separator: str = ",") -> list[str]:
    """Split at separators outside parentheses, strings and quoted names; parts are stripped.

    Examples:
        >>> split_top_level("a, round(b, 2) desc")
        ['a', 'round(b, 2) desc']
    """
    parts, depth, begin = [], 0, 0
    for token in scan(text):
        if token.kind != "symbol":
            continue
        if token.text == separator and depth == 0:
            parts.append(text[begin : token.start].strip())
            begin = token.end
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0)
    return [*parts, text[begin:].strip()]


_PANDAS = (
    (r"\.str\.contains\(", "a.str.contains('x')", "a LIKE '%x%'"),
    (r"\.str\.startswith\(", "a.str.startswith('x')", "a LIKE 'x%'"),
    (r"\.str\.endswith\(", "a.str.endswith('x')", "a LIKE '%x'"),
    (r"\.str\.(?:lower|upper|len)\(", "a.str.lower()", "lower(a), upper(a), length(a)"),
    (r"\.str\.", "a.str...", "SQL functions such as lower(a), substr(a, 1, 3), a LIKE '%x%'"),
    (r"\.isin\(", "a.isin(['x', 'y'])", "a IN ('x', 'y')"),
    (r"\.(?:isnull|isna)\(", "a.isnull()", "a IS NULL"),
    (r"\.(?:notnull|notna)\(", "a.notnull()", "a IS NOT NULL"),
    (r"\.between\(", "a.between(1, 5)", "a BETWEEN 1 AND 5"),
    (r"\.fillna\(", "a.fillna(0)", "coalesce(a, 0)"),
    (r"\.astype\(", "a.astype(int)", "CAST(a AS BIGINT)"),
    (r"\.dt\.", "a.dt.year", "date_part('year', a)"),
)


def pandas_syntax(text: str) -> tuple[str, str] | None:
    """A pandas idiom in the text, as (pandas, SQL), or None.

    Examples:
        >>> pandas_syntax("carrier.isin(['UA'])")
        ("a.isin(['x', 'y'])", "a IN ('x', 'y')")
    """
    code = "".join(t.text for t in scan(text) if t.kind in ("word", "symbol", "number", "name"))
    for pattern, pandas, sql in _PANDAS:
        if re.search(pattern, code):
            return pandas, sql
    return None


def statement_problem(text: str) -> str | None:
    """Why the text is not one query, as far as its first word and semicolons tell."""
    tokens = _significant(text)
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    if any(token.text == ";" for token in tokens):
        return "one query only, found several statements"
    first = next((token for token in tokens if token.text != "("), None)
    if first is None or first.upper not in ("SELECT", "WITH", "VALUES"):
        found = f", not with {first.text!r}" if first else ""
        return f"the statement must be a query: it starts with SELECT or WITH{found}"
    return None


def has_order_by(text: str) -> bool:
    """Whether the outermost query has an ORDER BY."""
    depth = 0
    tokens = _significant(text)
    for token, following in itertools.pairwise(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.upper == "ORDER" and following.upper == "BY":
            return True
    return False


@dataclass(frozen=True)
class Table:
    """A table that a query reads; ``name`` has dots if it is qualified."""

    name: str
    start: int


@dataclass
class _Level:
    """One pair of parentheses."""

    query: bool = False  # holds SELECT
    from_clause: bool = False  # between FROM and the clause after it
    expects_table: bool = False
    with_clause: bool = False
    cte_pending: str | None = None  # name whose body comes next
    cte_body_of: str | None = None  # this level is that body
    ctes: set[str] = field(default_factory=set)


_ENDS_FROM = frozenset(
    (
        *("WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "WINDOW", "QUALIFY", "FETCH"),
        *("UNION", "INTERSECT", "EXCEPT"),
    )
)
_OPENS_QUERY = frozenset(("SELECT", "WITH", "VALUES", "FROM"))


def find_tables(text: str) -> list[Table]:
    """Tables after FROM, JOIN and commas in FROM, without CTEs, functions and EXTRACT(x FROM y).

    Examples:
        >>> [t.name for t in find_tables("WITH c AS (SELECT * FROM a) SELECT * FROM c, b")]
        ['a', 'b']
    """
    return _TableFinder(_significant(text)).run()


class _TableFinder:
    """Walks the tokens with one level per open parenthesis."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.levels = [_Level(query=True)]
        self.found: dict[str, Table] = {}

    def run(self) -> list[Table]:
        index = 0
        while index < len(self.tokens):
            index = self.step(index)
        return list(self.found.values())

    def peek(self, index: int) -> Token:
        return self.tokens[index] if index < len(self.tokens) else Token("end", "", 0)

    def step(self, index: int) -> int:
        token, level = self.tokens[index], self.levels[-1]
        if token.kind == "symbol" and token.text in "()":
            self.parenthesis(token, index, level)
        elif token.text == "," and level.from_clause:
            level.expects_table = True
        elif level.expects_table and token.kind in ("word", "name"):
            return self.table(index, level)
        elif level.with_clause and token.kind in ("word", "name"):
            self.with_word(token, index, level)
        elif token.kind == "word":
            self.keyword(token.upper, index, level)
        return index + 1

    def parenthesis(self, token: Token, index: int, level: _Level) -> None:
        if token.text == ")":
            if len(self.levels) > 1:
                closed = self.levels.pop()
                if closed.cte_body_of is not None:
                    self.levels[-1].ctes.add(closed.cte_body_of)
            return
        inner = _Level(query=self.peek(index + 1).upper in _OPENS_QUERY)
        if level.expects_table:
            level.expects_table = False
            if not inner.query:
                inner.from_clause = inner.expects_table = True
        elif level.cte_pending is not None and inner.query:
            inner.cte_body_of, level.cte_pending = level.cte_pending, None
        self.levels.append(inner)

    def with_word(self, token: Token, index: int, level: _Level) -> None:
        """Inside ``WITH a AS (..), b(x) AS (..)``, up to the SELECT behind it."""
        if token.upper in ("SELECT", "VALUES", "FROM") and token.kind == "word":
            level.with_clause = False
            self.keyword(token.upper, index, level)
        elif token.upper == "RECURSIVE" and token.kind == "word":
            level.cte_pending = None
            following = self.peek(index + 1)
            if following.kind in ("word", "name"):
                level.ctes.add(following.name)
        elif level.cte_pending is None:
            level.cte_pending = token.name

    def keyword(self, word: str, index: int, level: _Level) -> None:
        if word == "WITH" and level.query and not level.from_clause:
            level.with_clause = True
        elif word == "FROM" and level.query and not self.is_distinct_from(index):
            level.from_clause = level.expects_table = True
        elif word == "JOIN" and level.from_clause:
            level.expects_table = True
        elif word in _ENDS_FROM:
            level.from_clause = False
            if word in ("UNION", "INTERSECT", "EXCEPT"):
                level.query = True

    def is_distinct_from(self, index: int) -> bool:
        return (
            self.peek(index - 1).upper == "DISTINCT"
            and self.peek(index - 2).upper in ("IS", "NOT")
            and index > 1
        )

    def table(self, index: int, level: _Level) -> int:
        """Read a possibly qualified table name at ``index``; answer where to go on."""
        token = self.tokens[index]
        if token.kind == "word" and token.upper in ("LATERAL", "ONLY"):
            return index + 1
        level.expects_table = False
        if token.kind == "word" and token.upper in _OPENS_QUERY | _ENDS_FROM:
            self.keyword(token.upper, index, level)
            return index + 1
        parts, index = [token.name], index + 1
        while self.peek(index).text == "." and self.peek(index + 1).kind in ("word", "name"):
            parts.append(self.peek(index + 1).name)
            index += 2
        is_cte = len(parts) == 1 and any(parts[0] in frame.ctes for frame in self.levels)
        if self.peek(index).text != "(" and not is_cte:
            name = ".".join(parts)
            self.found.setdefault(name, Table(name, token.start))
        return index
