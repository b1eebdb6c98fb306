"""Our decoder of flat columns and arrow-rs give the same, on every file."""

from __future__ import annotations

import pyarrow as pa
import pytest
from arrow_tables import FLAT, array, assert_same, relaxed, stored, tables
from hypothesis import given
from hypothesis import strategies as st

import parquetframe as pf
from parquetframe.errors import UnsupportedFeature

VARIABLE = "PARQUETFRAME_PARQUET_DECODER"
# What our decoder must read itself; for other types it may leave the work to arrow-rs.
OURS = [
    *(pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.bool_(), pa.large_string()),
    *(pa.large_binary(), pa.date32(), pa.timestamp("us"), pa.timestamp("ns", "UTC")),
]


@pytest.fixture
def decoder(native, monkeypatch):
    """Choose the decoder of the reads that follow."""
    return lambda name: monkeypatch.setenv(VARIABLE, name)


def read(decoder, name, data, **options):
    decoder(name)
    return pf.read_parquet(data, engine="rust", **options)


@relaxed
@given(
    table=tables(max_rows=40),
    codec=st.sampled_from(["snappy", "zstd", "gzip", "lz4", "brotli", "none"]),
    group=st.sampled_from([1, 7, 1000]),
    page=st.sampled_from(["1.0", "2.0"]),
    page_bytes=st.sampled_from([1, 100, 1 << 20]),
    dictionary=st.booleans(),
    text=st.sampled_from(["large", "view", "utf8"]),
)
def test_both_decoders_agree(decoder, table, codec, group, page, page_bytes, dictionary, text):
    data = stored(
        table, compression=codec, row_group_size=group, data_page_version=page,
        data_page_size=page_bytes, write_batch_size=3, use_dictionary=dictionary,
    )  # fmt: skip
    reference = read(decoder, "arrow", data, string_type=text)
    mixed = read(decoder, "auto", data, string_type=text)
    assert mixed.schema.equals(reference.schema)
    assert_same(mixed, reference)
    for name in table.column_names:
        try:
            ours = read(decoder, "flat", data, columns=[name], string_type=text)
        except UnsupportedFeature:
            continue
        assert_same(ours, reference.select([name]))


@relaxed
@given(
    table=tables(FLAT, max_rows=40, max_columns=2),
    group=st.sampled_from([3, 1000]),
    first=st.integers(0, 20),
    keep=st.sampled_from(["k < 9", "k >= 20", "k IN (1, 5, 30)", "k <> 4"]),
)
def test_they_agree_on_some_rows(decoder, table, group, first, keep):
    data = stored(table.append_column("k", pa.array(range(table.num_rows))), row_group_size=group)
    for options in ({"n_rows": first}, {"filters": keep}, {"filters": keep, "n_rows": first}):
        reference = read(decoder, "arrow", data, **options)
        assert_same(read(decoder, "auto", data, **options), reference)


@pytest.mark.parametrize("dtype", OURS, ids=str)
@pytest.mark.parametrize("page", ["1.0", "2.0"])
def test_common_types_take_our_decoder(decoder, dtype, page):
    item = {"string": "text", "binary": b"b"}.get(str(dtype).removeprefix("large_"), 1)
    item = True if pa.types.is_boolean(dtype) else item
    items = [item, None, item]
    column = (
        pa.array(items, pa.int32()).cast(dtype) if dtype == pa.date32() else array(items, dtype)
    )
    table = pa.table({"c": column})
    data = stored(table, data_page_version=page)
    assert_same(read(decoder, "flat", data), table)


def test_the_variable_has_an_effect_and_is_checked(decoder):
    nested = stored(pa.table({"c": [[1], [2]]}))
    assert read(decoder, "auto", nested).num_rows == 2
    with pytest.raises(UnsupportedFeature, match="flat decoder"):
        read(decoder, "flat", nested)
    with pytest.raises(ValueError, match=VARIABLE):
        read(decoder, "fastest", nested)
