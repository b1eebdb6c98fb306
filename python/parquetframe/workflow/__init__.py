"""Declared workflows: files, the Python builder, validation, plans and runs."""

from __future__ import annotations

from parquetframe.workflow.builder import Workflow
from parquetframe.workflow.plan import Plan
from parquetframe.workflow.problems import Location, Problem
from parquetframe.workflow.result import RunResult
from parquetframe.workflow.stepref import StepRef

__all__ = ["Location", "Plan", "Problem", "RunResult", "StepRef", "Workflow"]
