"""Damaged and changing files under a workflow: a step error that names step and file, or all rows.

The files are those of `tests/io_corrupt`; a decoder that panics or crashes shows in a worker process.
"""

from __future__ import annotations

import sys
import threading
import time
import zlib
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

import parquetframe as pf
from parquetframe import errors

sys.path.insert(0, str(Path(__file__).parents[1] / "io_corrupt"))

from corruption import mutate, samples
from corruption.judge import Judge, Worker

PARQUET = samples.parquet_samples()
AVRO = samples.avro_samples()
PARQUET_WAYS = {
    mutate.truncations: 3,
    mutate.flips: 8,
    mutate.splices: 6,
    mutate.footer_numbers: 10,
    mutate.page_header_numbers: 12,
}
AVRO_WAYS = {mutate.truncations: 6, mutate.flips: 8, mutate.block_numbers: 10}


class FlowWorker(Worker):
    script = Path(__file__).with_name("flow_worker.py")


@pytest.fixture(scope="module", params=["rust", "python"])
def readers(request):
    from parquetframe import _backend

    if request.param == "rust" and _backend.native() is None:
        pytest.skip("this installation has no extension")
    judge = Judge(request.param, kind=FlowWorker)
    yield judge
    judge.stop()


def damaged(content, name, ways):
    for way, wanted in ways.items():
        seed = zlib.crc32(f"{name} {way.__name__} flow".encode())
        for label, case in way(content, wanted, seed):
            yield f"{way.__name__}: {label}", case


def excused(verdict):
    """pyarrow 26 ends the process on some footers."""
    return verdict.outcome == "crash" and "instance of 'parquet::ParquetException'" in verdict.text


@pytest.mark.parametrize(
    ("kind", "name"),
    [("parquet", name) for name in PARQUET] + [("avro", name) for name in AVRO],
)
def test_a_damaged_file_is_one_step_error(readers, kind, name, tmp_path):
    content, ways = (PARQUET[name], PARQUET_WAYS) if kind == "parquet" else (AVRO[name], AVRO_WAYS)
    done = readers.verdicts(damaged(content, name, ways), kind, tmp_path)
    assert len(done) >= 20
    assert any(verdict.outcome == "error" for _, _, verdict in done)
    bad = [
        f"{label}: {verdict.outcome}: {verdict.text}"
        for label, _, verdict in done
        if verdict.outcome not in {"valid", "error"} and not excused(verdict)
    ]
    assert not bad, "\n".join([f"{len(bad)} of {len(done)}", *bad[:5]])


def test_undamaged_files_are_read(readers, tmp_path):
    for kind, files in (("parquet", PARQUET), ("avro", AVRO)):
        done = readers.verdicts(files.items(), kind, tmp_path)
        assert [v.text for _, _, v in done if v.outcome != "valid"] == []


@pytest.mark.parametrize("delay_s", [0, 0.002, 0.005, 0.01, 0.02, 0.05])
def test_a_file_that_shrinks_while_it_is_read(backend, tmp_path, delay_s):
    path = tmp_path / "shrinking.parquet"
    table = pa.table({"x": pa.array(range(400_000)), "y": [f"text {n}" for n in range(400_000)]})
    pq.write_table(table, path, row_group_size=20_000, compression="none", use_dictionary=False)
    flow = pf.Workflow.from_dict(
        {"name": "f", "steps": [{"name": "rows", "type": "read", "path": str(path)}]}
    )

    def shrink():
        time.sleep(delay_s)
        with path.open("r+b") as file:
            file.truncate(100_000)

    thread = threading.Thread(target=shrink)
    thread.start()
    result, failure = None, None
    try:
        result = flow.run()
    except (errors.StepError, errors.ValidationError) as error:
        failure = error
    finally:
        thread.join()
    if failure is None:
        assert result.outputs["rows"].equals(table)
    else:
        assert "shrinking.parquet" in str(failure)
    if isinstance(failure, errors.StepError):
        assert failure.step == "rows"
        assert isinstance(failure.__cause__, errors.IoError), repr(failure.__cause__)


def test_the_damaged_one_of_several_files_is_named(backend, tmp_path):
    table = pa.table({"x": pa.array(range(50_000))})
    for number in range(3):
        pq.write_table(table, tmp_path / f"part{number}.parquet", use_dictionary=False)
    content = bytearray((tmp_path / "part1.parquet").read_bytes())
    content[2_000:2_400] = b"\xff" * 400  # inside a compressed page
    (tmp_path / "part1.parquet").write_bytes(content)
    step = {"name": "rows", "type": "read", "path": str(tmp_path / "*.parquet")}
    with pytest.raises(errors.StepError) as caught:
        pf.Workflow.from_dict({"name": "f", "steps": [step]}).run()
    assert caught.value.step == "rows"
    assert "part1.parquet" in caught.value.reason
    assert type(caught.value.__cause__) is errors.ParquetError
