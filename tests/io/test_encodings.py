"""Encodings and types that few files have: the same values as pyarrow reads, on every path."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import random
import uuid

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import parquetframe as pf

ROWS = 2_000
rng = random.Random(5)


def some(values):
    return [None if rng.random() < 0.1 else value for value in values]


PATHS = some(f"/usr/share/ö{n // 50}/{n}" for n in range(ROWS))
UUIDS = some(uuid.UUID(int=rng.getrandbits(128)).bytes for _ in range(ROWS))
CENTS = some(decimal.Decimal(rng.randrange(-(10**24), 10**24)).scaleb(-2) for _ in range(ROWS))
COLUMNS = {
    "text": pa.array(PATHS, pa.large_string()),
    "bytes": pa.array([None if p is None else p.encode() for p in PATHS], pa.large_binary()),
    "uuid": pa.array(UUIDS, pa.binary(16)),
    "half": pa.array(some(np.float16(n / 7) for n in range(ROWS)), pa.float16()),
    "decimal": pa.array(CENTS, pa.decimal128(26, 2)),
}


@pytest.fixture(params=["flat", "arrow"])
def decoder(request, monkeypatch):
    monkeypatch.setenv("PARQUETFRAME_PARQUET_DECODER", request.param)


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY", "dictionary"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_as_pyarrow_reads_it(backend, decoder, name, encoding, version):
    how = (
        {"use_dictionary": True}
        if encoding == "dictionary"
        else {"use_dictionary": False, "column_encoding": encoding}
    )
    buffer = io.BytesIO()
    pq.write_table(
        pa.table({name: COLUMNS[name]}), buffer, data_page_version=version, data_page_size=5_000,
        row_group_size=700, **how,
    )  # fmt: skip
    expected = pq.read_table(io.BytesIO(buffer.getvalue()))[name]
    found = pf.read_parquet(buffer.getvalue())[name]
    found.validate(full=True)
    assert found.type == expected.type
    assert found.to_pylist() == expected.to_pylist()


@pytest.mark.parametrize("output", ["pandas", "table"])
def test_frames_of_fixed_length_values(backend, output):
    buffer = io.BytesIO()
    table = pa.table({name: COLUMNS[name] for name in ("uuid", "half", "decimal")})
    pq.write_table(table, buffer)
    found = pf.read_parquet(buffer.getvalue(), output=output)
    if output == "pandas":
        expected = table.to_pandas()
        assert list(found["uuid"]) == list(expected["uuid"])
        assert list(found["decimal"]) == list(expected["decimal"])
        assert np.array_equal(
            found["half"].astype("float64"), expected["half"].astype("float64"), equal_nan=True
        )
    else:
        assert found.equals(table)


def test_int96_of_the_year_3000(native, decoder):
    """Nanoseconds do not reach it; a wrapped timestamp would be another moment."""
    moment = dt.datetime(3000, 1, 1)
    buffer = io.BytesIO()
    table = pa.table({"t": pa.array([moment, None], pa.timestamp("us"))})
    pq.write_table(table, buffer, use_deprecated_int96_timestamps=True)
    with pytest.raises(pf.errors.ParquetError, match="int96_unit"):
        pf.read_parquet(buffer.getvalue())
    found = pf.read_parquet(buffer.getvalue(), int96_unit="us")
    assert found["t"].to_pylist() == [moment, None]
