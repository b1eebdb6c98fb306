"""What names in an expression mean: the columns in sight, by name or by table and name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parquetframe.errors import SchemaError

from ...names import suggestion

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Visible:
    """One column in sight: `internal` is its name in the table under evaluation."""

    table: str | None
    name: str
    internal: str
    dtype: pa.DataType


class Scope:
    """The columns that an expression may name. Names are case sensitive."""

    def __init__(self, columns: Iterable[Visible], dataset: str | None = None) -> None:
        self.columns = list(columns)
        self._dataset = dataset

    @classmethod
    def of(cls, schema: pa.Schema, table: str | None = None, dataset: str | None = None) -> Scope:
        """All columns of one table under their own names."""
        return cls((Visible(table, f.name, f.name, f.type) for f in schema), dataset)

    def resolve(self, name: str, table: str | None = None) -> Visible:
        """Find the one column that a name means.

        Raises:
            SchemaError: E301 if there is none or more than one; the hint names the nearest.
        """
        found = [c for c in self.columns if c.name == name and (table is None or c.table == table)]
        if len(found) == 1:
            return found[0]
        if found:
            tables = ", ".join(f"{c.table}.{name}" for c in found if c.table)
            raise SchemaError(
                f"column '{name}' is ambiguous",
                code="E301",
                column=name,
                hint=f"write one of: {tables}" if tables else None,
            )
        raise self._unknown(name, table)

    def _unknown(self, name: str, table: str | None) -> SchemaError:
        known = [c.name for c in self.columns if table is None or c.table == table]
        if table is not None and not known:
            tables = sorted({c.table for c in self.columns if c.table})
            return SchemaError(
                f"no table '{table}' for column '{table}.{name}'",
                code="E301",
                column=name,
                hint=suggestion(table, tables, what="tables"),
            )
        where = f" in '{table or self._dataset}'" if table or self._dataset else ""
        return unknown_column(name, list(dict.fromkeys(known)), where)


def unknown_column(name: str, known: list[str], where: str = "") -> SchemaError:
    """The E301 error for a name that is no column."""
    return SchemaError(
        f"no column '{name}'{where}", code="E301", column=name, hint=suggestion(name, known)
    )


def require_columns(table: pa.Table, names: Iterable[str], where: str = "") -> None:
    """Check that all names are columns, each of them once.

    Raises:
        SchemaError: E301 for the first that is not.
    """
    counts = Counter(table.column_names)
    for name in names:
        if not counts[name]:
            raise unknown_column(name, table.column_names, where)
