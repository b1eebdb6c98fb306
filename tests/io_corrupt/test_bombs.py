"""Small files that claim what no memory holds: refused at once, with the memory barely touched."""

from __future__ import annotations

import io
import time

import pytest
from corruption import bombs
from pyarrow import parquet as pq

MEMORY = 1280 << 20  # above an idle worker: one page or block may take a gibibyte
REFUSALS = ("LimitExceeded", "ParquetError", "AvroError", "UnsupportedFeature")
BOMBS = [("parquet", bomb) for bomb in bombs.PARQUET_BOMBS]
BOMBS += [("avro", bomb) for bomb in bombs.AVRO_BOMBS]

every_bomb = pytest.mark.parametrize(
    ("kind", "bomb"), BOMBS, ids=[f"{kind}-{bomb.__name__}" for kind, bomb in BOMBS]
)


@pytest.fixture
def worker(judge):
    """The first worker, started."""
    worker = judge.workers[0]
    if worker.backend == "python":
        pytest.skip("the fallback leaves limits to pyarrow and fastavro")
    if worker.process is None:
        worker.start()
    return worker


def require_public(worker):
    if not worker.public:
        pytest.skip("the readers of workflows promise no limits")


@every_bomb
def test_bomb_is_refused(worker, kind, bomb, tmp_path):
    require_public(worker)
    content = bomb(bombs.MANY)
    assert len(content) < bombs.MAX_BYTES
    path = tmp_path / f"bomb.{kind}"
    path.write_bytes(content)
    started = time.monotonic()
    verdict = worker.read(path, kind)
    seconds = time.monotonic() - started
    assert verdict.outcome == "error", verdict
    assert verdict.text.startswith(REFUSALS), verdict
    grown = verdict.peak - worker.idle_peak
    assert grown < MEMORY, f"{grown >> 20} MiB in {seconds:.1f} s: {verdict}"


@every_bomb
def test_honest_twin_is_read(worker, kind, bomb, tmp_path):
    """The same bytes with a small number are a valid file: nothing else is wrong with a bomb."""
    content = bomb(bombs.FEW)
    path = tmp_path / f"twin.{kind}"
    path.write_bytes(content)
    verdict = worker.read(path, kind)
    if bomb is bombs.array_of_nulls and verdict.outcome == "error":
        pytest.skip(f"Arrow's Avro decoder refuses lists of nulls: {verdict.text}")
    if bomb in (bombs.shared_ranges, bombs.many_columns_of_nulls) and "share" in verdict.text:
        return  # chunks that share bytes are refused at any size
    assert verdict.outcome == "valid", verdict
    if kind == "parquet":
        assert verdict.rows == pq.read_table(io.BytesIO(content)).num_rows > 0
