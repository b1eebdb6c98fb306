"""Footers of random files: our metadata is pyarrow's, and damaged footers are typed errors."""

from __future__ import annotations

import copy
import dataclasses
import io
import pickle

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arrow_tables import tables
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import parquetframe as pf
from parquetframe.errors import LimitExceeded, ParquetError, UnsupportedFeature
from parquetframe.io.metadata import ParquetColumn, ParquetRowGroup

OPTIONS = st.fixed_dictionaries({
    "compression": st.sampled_from(["none", "snappy", "gzip", "zstd", "brotli"]),
    "use_dictionary": st.booleans(),
    "write_statistics": st.booleans(),
    "write_page_index": st.booleans(),
    "version": st.sampled_from(["1.0", "2.6"]),
    "store_schema": st.booleans(),
    "row_group_size": st.integers(1, 20),
})  # fmt: skip


relaxed = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def compiled(native):
    if not hasattr(native, "io_parquet_metadata"):
        pytest.skip("the extension of this installation reads no files")


def written(table, options):
    buffer = io.BytesIO()
    options = {**options, "coerce_timestamps": "us", "allow_truncated_timestamps": True}
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


@relaxed
@given(tables(), OPTIONS)
def test_metadata_is_what_pyarrow_says(table, options):
    data = written(table, options)
    ours = pf.read_parquet_metadata(data, engine="rust")
    theirs = pq.read_metadata(io.BytesIO(data))
    assert ours.num_rows == pf.get_row_count(data, engine="rust") == theirs.num_rows
    assert (ours.version, ours.created_by) == (theirs.format_version, theirs.created_by)
    assert (ours.footer_bytes, ours.file_bytes) == (theirs.serialized_size, len(data))
    assert ours.num_row_groups == len(ours.row_groups) == theirs.num_row_groups
    assert list(ours.names) == pf.get_column_names(data, engine="rust") == table.column_names
    pairs = {key.decode(): value.decode() for key, value in (theirs.metadata or {}).items()}
    assert ours.key_values == pairs
    groups = [theirs.row_group(i) for i in range(theirs.num_row_groups)]
    assert [(g.rows, g.bytes) for g in ours.row_groups] == [
        (g.num_rows, g.total_byte_size) for g in groups
    ]
    assert len(ours.columns) == theirs.num_columns
    for i, column in enumerate(ours.columns):
        chunks = [group.column(i) for group in groups]
        assert column.path == theirs.schema.column(i).path
        assert column.physical == theirs.schema.column(i).physical_type
        assert column.nullable == (theirs.schema.column(i).max_definition_level > 0)
        assert set(column.encodings) == {name for chunk in chunks for name in chunk.encodings}
        assert column.codecs == tuple(sorted({chunk.compression.lower() for chunk in chunks}))
        assert column.compressed_bytes == sum(chunk.total_compressed_size for chunk in chunks)
        assert column.bytes == sum(chunk.total_uncompressed_size for chunk in chunks)
    assert ours.has_page_index == any(
        group.column(i).has_offset_index for group in groups for i in range(group.num_columns)
    )


@relaxed
@given(tables(), OPTIONS)
def test_schema_is_that_of_a_read(table, options):
    data = written(table, options)
    schema = pf.read_parquet_schema(data, engine="rust")
    assert schema.equals(pf.read_parquet(data, engine="rust").schema, check_metadata=True)


def _file():
    table = pa.table({"x": [1, 2, None], "s": ["a", "b", "c"]})
    sorting = [pq.SortingColumn(0, descending=True)]
    return written(table, {"row_group_size": 2, "sorting_columns": sorting})


def test_parts_on_demand_are_a_dataclass_like_any():
    data = _file()
    facts = pf.read_parquet_metadata(data, engine="rust")
    eager = pf.ParquetMetadata(
        rows=3,
        names=("x", "s"),
        columns=tuple(ParquetColumn(**vars(column)) for column in facts.columns),
        row_groups=tuple(ParquetRowGroup(**vars(group)) for group in facts.row_groups),
        created_by=facts.created_by,
        version="2.6",
        key_values=facts.key_values,
        footer_bytes=facts.footer_bytes,
        file_bytes=len(data),
        has_page_index=False,
        has_bloom=False,
    )
    assert facts.row_groups[0].sorting == (
        {"column": "x", "descending": True, "nulls_first": False},
    )
    again = lambda: pf.read_parquet_metadata(data, engine="rust")  # noqa: E731 - a fresh one
    assert again() == again() == eager
    assert repr(again()) == repr(eager)
    assert again().to_dict() == eager.to_dict() == dataclasses.asdict(again())
    assert list(again().to_dict()) == [field.name for field in dataclasses.fields(again())]
    assert pickle.loads(pickle.dumps(again())) == copy.deepcopy(again()) == copy.copy(eager)
    assert again().num_row_groups == eager.num_row_groups == 2
    assert dataclasses.replace(again(), rows=4).rows == 4
    again().to_dict()["row_groups"][0]["sorting"][0]["column"] = "other"
    assert again() != dataclasses.replace(again(), rows=4)
    with pytest.raises(AttributeError, match="'row'"):
        again().row  # noqa: B018 - must raise
    with pytest.raises(dataclasses.FrozenInstanceError):
        again().rows = 4
    with pytest.raises(dataclasses.FrozenInstanceError):
        del again().rows
    assert not hasattr(object.__new__(pf.ParquetMetadata), "rows")


def test_damaged_footers_are_typed_errors():
    data = bytearray(_file())
    length = int.from_bytes(data[-8:-4], "little")
    refused = 0
    for at in range(len(data) - 8 - length, len(data)):
        for flip in (1, 0x10, 0x80, 0xFF):
            data[at] ^= flip
            try:
                facts = pf.read_parquet_metadata(bytes(data), engine="rust")
                assert facts.rows == 3
                facts.to_dict()
            except (ParquetError, LimitExceeded, UnsupportedFeature):
                refused += 1
            try:
                assert pf.get_row_count(bytes(data), engine="rust") == 3
            except (ParquetError, LimitExceeded, UnsupportedFeature):
                refused += 1
            data[at] ^= flip
    assert refused > length
