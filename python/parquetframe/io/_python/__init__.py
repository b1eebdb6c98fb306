"""The engine without extension: Parquet by pyarrow, Avro by the optional package fastavro."""

from .engine import PythonEngine

__all__ = ["PythonEngine"]
