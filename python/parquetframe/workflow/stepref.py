"""A step as a value: chain methods on it, or pass it as ``input=``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Unpack

from parquetframe.workflow.fluent import StepMethods, names_self
from parquetframe.workflow.fluent_base import Common, Input, Names

if TYPE_CHECKING:
    from parquetframe.workflow.builder import Workflow

__all__ = ["StepRef"]


class StepRef(StepMethods):
    """A step of a :class:`Workflow`; its methods add steps that read its dataset.

    Attributes:
        name: Name of the step.
        output: Name of its dataset.
        workflow: The workflow that it belongs to.
    """

    def __init__(self, workflow: Workflow, name: str, output: str) -> None:
        self.workflow = workflow
        self.name = name
        self.output = output

    def __repr__(self) -> str:
        return f"<StepRef {self.name!r} of {self.workflow.name!r}>"

    def join(
        self,
        name: str,
        right: Input,
        *,
        on: Names | Mapping[str, str] | None = None,
        left_on: Names | None = None,
        right_on: Names | None = None,
        how: str | None = None,
        condition: str | None = None,
        suffix: str | None = None,
        coalesce_keys: bool | None = None,
        nulls_equal: bool | None = None,
        validate: str | None = None,
        algorithm: str | None = None,
        **common: Unpack[Common],
    ) -> StepRef:
        """Join this dataset with ``right``; see :meth:`Workflow.join`."""
        return self.workflow.join(
            name,
            input=[self, right],
            on=on,
            left_on=left_on,
            right_on=right_on,
            how=how,
            condition=condition,
            suffix=suffix,
            coalesce_keys=coalesce_keys,
            nulls_equal=nulls_equal,
            validate=validate,
            algorithm=algorithm,
            **common,
        )

    def union(
        self,
        name: str,
        *others: Input,
        mode: str | None = None,
        missing: str | None = None,
        distinct: bool | None = None,
        **common: Unpack[Common],
    ) -> StepRef:
        """Put the rows of ``others`` below these; see :meth:`Workflow.union`."""
        return self.workflow.union(
            name,
            input=[self, *others],
            mode=mode,
            missing=missing,
            distinct=distinct,
            **common,
        )

    def sql(
        self,
        name: str,
        *,
        sql: str,
        input: Mapping[str, Input] | None = None,  # noqa: A002
        **common: Unpack[Common],
    ) -> StepRef:
        """Run a SELECT in which this dataset is the table ``self``; see :meth:`Workflow.sql`."""
        tables: dict[str, Any] = {"self": self} if names_self(sql) else {}
        return self.workflow.sql(name, sql=sql, input={**tables, **(input or {})}, **common)

    def _add(
        self,
        kind: str,
        name: str,
        input: Any,  # noqa: A002
        keys: Mapping[str, Any],
        common: Common,
        function: Callable[..., Any] | None = None,
    ) -> StepRef:
        return self.workflow._add(kind, name, input, keys, common, function)  # noqa: SLF001

    def _first(self, input: Any) -> Any:  # noqa: A002
        if input is None:
            return self
        msg = f"step '{self.name}' is the input already; call the method on the workflow instead"
        raise TypeError(msg)
