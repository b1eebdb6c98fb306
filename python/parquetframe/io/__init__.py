"""Files: what is in them, and their first rows.

Workflows read and write files with their ``read`` and ``save`` steps; this package answers
questions about a single file.
"""

from parquetframe.io.inspect import ColumnInfo, FileInfo, RowGroupInfo, head, inspect_file

__all__ = ["ColumnInfo", "FileInfo", "RowGroupInfo", "head", "inspect_file"]
