"""The table of everything a workflow file may say. Validation and JSON Schema are made from it."""

from __future__ import annotations

from parquetframe.workflow.spec.check import CHECK
from parquetframe.workflow.spec.columns import CAST, DROP, RENAME, SELECT, TRANSFORM, TRANSFORMS
from parquetframe.workflow.spec.combine import JOIN, SQL, UNION
from parquetframe.workflow.spec.common import COMMON, IDENTIFIER, TOP_LEVEL
from parquetframe.workflow.spec.files import READ, SAVE
from parquetframe.workflow.spec.graph import GRAPH
from parquetframe.workflow.spec.groupby import GROUPBY
from parquetframe.workflow.spec.model import REQUIRED, Key, KeyTable, StepSpec
from parquetframe.workflow.spec.python import PYTHON
from parquetframe.workflow.spec.rows import DISTINCT, FILTER, LIMIT, SORT
from parquetframe.workflow.spec.settings import SETTINGS
from parquetframe.workflow.spec.variables import DECLARATION

__all__ = [
    "COMMON", "DECLARATION", "IDENTIFIER", "REQUIRED", "SETTINGS", "STEP_TYPES", "TOP_LEVEL",
    "TRANSFORMS", "TYPE_ALIASES", "Key", "KeyTable", "StepSpec",
]  # fmt: skip

STEP_TYPES: dict[str, StepSpec] = {
    spec.type: spec
    for spec in (
        READ, FILTER, SELECT, TRANSFORM, RENAME, DROP, CAST, GROUPBY, JOIN, SORT, LIMIT, DISTINCT,
        UNION, SQL, GRAPH, PYTHON, CHECK, SAVE,
    )
}  # fmt: skip
"""Step types by canonical name, in the order of the reference."""

TYPE_ALIASES: dict[str, str] = {
    alias: spec.type for spec in STEP_TYPES.values() for alias in spec.aliases
}
"""Other names of step types."""
