"""The workflow engine in pure Python, on pyarrow: same steps and results as the compiled one."""

from .engine import PythonEngine

__all__ = ["PythonEngine"]
