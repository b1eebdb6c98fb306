"""The canonical form: what both engines run, with all defaults and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from parquetframe.workflow.field import INVALID
from parquetframe.workflow.spec.settings import available_cores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parquetframe.workflow.document import Document
    from parquetframe.workflow.steps import Draft

__all__ = ["canonical_form", "canonical_step", "workflow_name"]

_ENGINE_SETTINGS = ("max_parallel", "fail_fast", "fuse", "deterministic", "memory_limit")


def workflow_name(document: Document, written: object) -> str:
    """The name in the file, or the stem of the file's name."""
    if isinstance(written, str) and written:
        return written
    if document.path is not None:
        return Path(document.path).stem
    return "workflow"


def canonical_step(draft: Draft) -> dict[str, Any]:
    """One step. A dataset that is read twice is listed once, except by a join with itself."""
    inputs = [ref.dataset for ref in draft.inputs or [] if ref.dataset is not None]
    if draft.type == "sql":
        inputs = list(dict.fromkeys(inputs))
    for ref in draft.extra:
        if ref.dataset is not None and (ref.rule is None or ref.dataset not in inputs):
            inputs.append(ref.dataset)
    return {
        "name": draft.name,
        "type": draft.type,
        "inputs": inputs,
        "output": draft.output,
        "depends_on": list(dict.fromkeys(name for name, _ in draft.depends_on)),
        "config": {k: None if v is INVALID else v for k, v in draft.config.items()},
    }


def canonical_form(
    name: str,
    base_dir: str,
    variables: Mapping[str, Any],
    settings: Mapping[str, Any],
    drafts: list[Draft],
) -> dict[str, Any]:
    """The whole workflow; ``keep`` is for the caller to fill."""
    chosen = {key: settings.get(key) for key in _ENGINE_SETTINGS}
    if chosen["max_parallel"] in ("auto", None):
        chosen["max_parallel"] = available_cores()
    return {
        "name": name,
        "base_dir": base_dir,
        "variables": dict(variables),
        "settings": chosen,
        "keep": [],
        "steps": [canonical_step(draft) for draft in drafts],
    }
