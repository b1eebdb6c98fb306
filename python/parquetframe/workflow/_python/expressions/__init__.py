"""SQL expressions on pyarrow: parse (sqlglot) -> bind (types) -> evaluate (pyarrow.compute)."""

from .bind import Binder, bind, bind_condition
from .evaluate import evaluate, truth
from .scope import Scope, Visible, require_columns, unknown_column

__all__ = [
    "Binder",
    "Scope",
    "Visible",
    "bind",
    "bind_condition",
    "evaluate",
    "require_columns",
    "truth",
    "unknown_column",
]
