"""Row groups that are too large to be decoded as a whole come in pieces all the same."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import parquetframe as pf

ROWS = 300
TEXT = "x" * (1 << 20)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """300 MB in one row group, 15 MB on the disk."""
    path = tmp_path_factory.mktemp("large") / "a.parquet"
    table = pa.table(
        {
            "k": range(ROWS),
            "s": pa.array([None if k % 10 == 3 else TEXT for k in range(ROWS)], pa.large_string()),
            "l": [[k, None] for k in range(ROWS)],
        }
    )
    pq.write_table(table, path, use_dictionary=False, row_group_size=ROWS)
    return path


def summary(batches):
    """What is enough to know the rows by."""
    lists = (
        [k, s and len(s), items]
        for b in batches
        for k, s, items in zip(*b.to_pydict().values(), strict=True)
    )
    return list(lists)


def test_all_rows_in_pieces(backend, path):
    found = []
    for batch in pf.iter_batches(path, batch_rows=7):
        assert 0 < batch.num_rows <= 7
        found += summary([batch])
    assert found == [[k, None if k % 10 == 3 else 1 << 20, [k, None]] for k in range(ROWS)]


def test_the_first_rows_and_some_columns_in_any_order(backend, path):
    found = list(pf.iter_batches(path, n_rows=12, batch_rows=5))
    assert [row[0] for row in summary(found)] == list(range(12))
    found = pa.Table.from_batches(
        pf.iter_batches(path, columns=["l", "k"], n_rows=12, batch_rows=5)
    )
    assert found.to_pydict() == {"l": [[k, None] for k in range(12)], "k": list(range(12))}


def test_filters_and_the_memory_limit(backend, path):
    rows = [
        k
        for batch in pf.iter_batches(path, columns=["k"], filters="k >= 297")
        for k in batch["k"].to_pylist()
    ]
    assert rows == [297, 298, 299]
    if backend == "rust":  # a piece of 250 MB is more than may be held
        with pytest.raises(pf.errors.LimitExceeded):
            list(pf.iter_batches(path, batch_rows=250, memory_limit="100MB"))


def test_a_cancel_between_pieces(backend, path):
    token = pf.CancellationToken()
    batches = iter(pf.iter_batches(path, batch_rows=5, cancel=token))
    next(batches)
    token.cancel()
    with pytest.raises(pf.errors.Cancelled):
        list(batches)


def test_a_dictionary_that_batches_share_counts_once(backend, tmp_path):
    rows, texts = 1_000_000, 100_000
    dictionary = pa.array([f"{i:0100}" for i in range(texts)])
    keys = pa.array([i % texts for i in range(rows)], pa.int32())
    table = pa.table({"s": pa.DictionaryArray.from_arrays(keys, dictionary)})
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, row_group_size=rows)
    found = pf.read_parquet(path, memory_limit="90 MB")  # 16 batches with 10 MB of texts
    assert found["s"].slice(rows - 3).cast(pa.string()) == table["s"].slice(rows - 3).cast(
        pa.string()
    )
    with pytest.raises(pf.errors.LimitExceeded):
        pf.read_parquet(path, memory_limit="8 MB")
