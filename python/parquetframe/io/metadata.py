"""Questions about files that their footers and headers answer, without decoding values."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .engine import Decode, FileRequest, choose_engine
from .sources import detect_format, expand, one_file

if TYPE_CHECKING:
    import pyarrow as pa

    from .engine import Footer

__all__ = [
    "ParquetColumn",
    "ParquetMetadata",
    "ParquetRowGroup",
    "get_avro_record_count",
    "get_column_info",
    "get_column_names",
    "get_column_statistics",
    "get_row_count",
    "read_avro_schema",
    "read_parquet_metadata",
    "read_parquet_schema",
]

Source = str | bytes | os.PathLike[str]

_PLAIN = Decode()


@dataclass(frozen=True)
class ParquetRowGroup:
    """One row group.

    Attributes:
        rows: Rows.
        bytes: Bytes of its columns before compression.
        compressed_bytes: Bytes of its columns in the file.
        sorting: The order that the writer noted: dicts of ``column``, ``descending``,
            ``nulls_first``.
    """

    rows: int
    bytes: int
    compressed_bytes: int
    sorting: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class ParquetColumn:
    """One leaf column.

    Attributes:
        name: Name of the top-level column.
        path: Dotted path of the leaf in the file.
        type: Type in parquetframe's grammar.
        physical: Parquet's physical type.
        logical: Parquet's logical type, if it has one.
        nullable: Whether it may hold nulls.
        codecs: Compression codecs.
        encodings: Encodings.
        compressed_bytes: Bytes in the file.
        bytes: Bytes before compression.
    """

    name: str
    path: str
    type: str | None
    physical: str
    logical: str | None
    nullable: bool
    codecs: tuple[str, ...]
    encodings: tuple[str, ...]
    compressed_bytes: int
    bytes: int


@dataclass(frozen=True)
class ParquetMetadata:
    """What the footer of a Parquet file says.

    The parts are put together when they are first asked for; ``columns`` raises ``ParquetError``
    for a schema that Arrow has no types for.

    Attributes:
        rows: Rows of the file.
        names: Names of the top-level columns.
        columns: Leaf columns in file order.
        row_groups: Row groups in file order.
        created_by: The program that wrote the file, if it says so.
        version: Version of the format.
        key_values: The writer's own texts by key.
        footer_bytes: Size of the footer.
        file_bytes: Size of the file.
        has_page_index: Whether any column has a page index.
        has_bloom: Whether any column has a bloom filter.
    """

    rows: int
    names: tuple[str, ...]
    columns: tuple[ParquetColumn, ...]
    row_groups: tuple[ParquetRowGroup, ...]
    created_by: str | None
    version: str
    key_values: dict[str, str]
    footer_bytes: int
    file_bytes: int
    has_page_index: bool
    has_bloom: bool

    @property
    def num_rows(self) -> int:
        """Rows of the file."""
        return self.rows

    @property
    def num_columns(self) -> int:
        """Number of top-level columns."""
        return len(self.names)

    @property
    def num_row_groups(self) -> int:
        """Number of row groups."""
        footer = self.__dict__.get("_footer")
        return len(self.row_groups) if footer is None else footer.num_row_groups

    def to_dict(self) -> dict[str, Any]:
        """The facts as data for JSON."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        found["columns"] = tuple(_data(column) for column in self.columns)
        found["row_groups"] = tuple(_data(group) for group in self.row_groups)
        found["key_values"] = dict(self.key_values)
        return found

    @classmethod
    def _of(cls, footer: Footer) -> ParquetMetadata:
        made = object.__new__(cls)
        made.__dict__["_footer"] = footer
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    if not TYPE_CHECKING:  # or every name would seem to exist

        def __getattr__(self, name: str) -> Any:
            """A part that has not been asked for yet."""
            footer = self.__dict__.get("_footer")
            if footer is None or name not in type(self).__dataclass_fields__:
                msg = f"{type(self).__name__!r} object has no attribute {name!r}"
                raise AttributeError(msg)
            value = getattr(footer, name)
            if name == "columns":
                value = tuple(ParquetColumn(**column) for column in value)
            elif name == "row_groups":
                value = tuple(ParquetRowGroup(**group) for group in value)
            self.__dict__[name] = value
            return value


def _data(part: ParquetColumn | ParquetRowGroup) -> dict[str, Any]:
    found = dict(vars(part))
    if "sorting" in found:
        found["sorting"] = tuple(dict(order) for order in found["sorting"])
    return found


def read_parquet_metadata(path: Source, *, engine: str | None = "auto") -> ParquetMetadata:
    """The footer of a Parquet file.

    Args:
        path: A file, its bytes, or a binary file object.
        engine: ``"auto"``, ``"rust"`` or ``"python"``.

    Raises:
        SourceNotFound: No such file.
        ParquetError: Not a valid Parquet file.
    """
    footer = choose_engine(engine).parquet_metadata(one_file(path).content)
    return ParquetMetadata._of(footer)  # noqa: SLF001 - not for users


def read_parquet_schema(path: Source, *, engine: str | None = "auto") -> pa.Schema:
    """Names and Arrow types of a Parquet file, as :func:`parquetframe.read_parquet` gives them.

    Raises:
        SourceNotFound: No such file.
        ParquetError: Not a valid Parquet file.
    """
    request = FileRequest("parquet", one_file(path).content, _PLAIN)
    return choose_engine(engine).schema(request)


def read_avro_schema(path: Source, *, engine: str | None = "auto") -> Any:
    """The writer's schema of an Avro file, as the data that its JSON holds.

    Raises:
        SourceNotFound: No such file.
        AvroError: Not a valid container.
    """
    header = choose_engine(engine).avro_header(one_file(path).content)
    return json.loads(header["schema"])


def get_row_count(src: Any, format: str | None = None, *, engine: str | None = "auto") -> int:  # noqa: A002
    """Number of rows of all files, told without decoding values.

    Parquet and Avro files say it; the records of a CSV file are counted, each of which must have as
    many fields as the first. What is in the cells does not matter, nor whether it is valid UTF-8.

    Args:
        src: What the readers take.
        format: ``"parquet"``, ``"avro"`` or ``"csv"``; by suffix, then by the first bytes.
        engine: ``"auto"``, ``"rust"`` or ``"python"``.
    """
    sources = expand(src, format, hive=False)
    kind = detect_format(sources, wanted=format)
    count = choose_engine(engine).row_count
    rows = 0
    for source in sources:
        rows += count(_question(kind, source.content))
    return rows


def _question(kind: str, content: str | bytes) -> FileRequest:
    if kind != "csv":
        return FileRequest(kind, content, _PLAIN)
    from .csv_options import READ_DEFAULTS
    from .machine import thread_count

    decode = Decode(csv=dict(READ_DEFAULTS))
    return FileRequest(kind, content, decode, threads=thread_count(None))


def get_avro_record_count(path: Any, *, engine: str | None = "auto") -> int:
    """Number of records that the blocks of an Avro file declare."""
    return get_row_count(path, "avro", engine=engine)


def get_column_names(src: Any, *, engine: str | None = "auto") -> list[str]:
    """Names of the columns of the first file, in file order."""
    source = expand(src, None, hive=False)[0]
    kind = detect_format([source])
    return choose_engine(engine).column_names(_question(kind, source.content))


def get_column_info(path: Source, *, engine: str | None = "auto") -> list[dict[str, Any]]:
    """One dict per leaf column of a Parquet file; the keys are those of :class:`ParquetColumn`."""
    return [_data(column) for column in read_parquet_metadata(path, engine=engine).columns]


def get_column_statistics(
    path: Source, columns: Sequence[str] | None = None, *, engine: str | None = "auto"
) -> list[dict[str, Any]]:
    """Bounds and counts of each leaf column of a Parquet file, over all row groups.

    Args:
        path: A file, its bytes, or a binary file object.
        columns: Columns or dotted paths; all by default.
        engine: ``"auto"``, ``"rust"`` or ``"python"``.

    Returns:
        Dicts of ``name``, ``min``, ``max``, ``null_count``, ``distinct_count`` and ``exact``
        (whether the bounds are values of the column). ``None`` where any row group lacks it;
        ``distinct_count`` only for a single row group.

    Raises:
        SourceNotFound: No such file.
        ParquetError: Not a valid Parquet file.
        SchemaError: An unknown column.
    """
    source = one_file(path).content
    wanted = None if columns is None else list(columns)
    found = choose_engine(engine).parquet_statistics(source, wanted)
    return [{**row, "min": _value(row["min"]), "max": _value(row["max"])} for row in found]


def _value(value: Any) -> Any:
    """A bound as a Python value; the extension sends its type with it."""
    if not (isinstance(value, dict) and value.keys() == {"type", "value"}):
        return value
    kind, text = str(value["type"]), value["value"]
    if text is None:
        return None
    if kind.startswith("float"):
        return float(text)
    if kind == "date":
        return dt.date.fromisoformat(text)
    if kind.startswith("timestamp"):
        return dt.datetime.fromisoformat(text)
    if kind.startswith("decimal"):
        return decimal.Decimal(text)
    return bytes.fromhex(text) if kind == "binary" else text
