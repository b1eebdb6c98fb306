"""Damaged files: a typed error or valid arrays, never a crash, a hang or an untyped error.

Each sample is written anew and damaged in many ways, from a fixed seed. `PARQUETFRAME_CORRUPT_CASES`
multiplies the cases (100 is a good night), `PARQUETFRAME_CORRUPT_SEED` changes them.
"""

from __future__ import annotations

import os
import zlib

import pytest
from corruption import mutate, samples

FACTOR = float(os.environ.get("PARQUETFRAME_CORRUPT_CASES", "1"))
SEED = int(os.environ.get("PARQUETFRAME_CORRUPT_SEED", "1"))
PARQUET = samples.parquet_samples()
AVRO = samples.avro_samples()
# how: cases per sample
PARQUET_WAYS = {
    mutate.truncations: 4,
    mutate.flips: 10,
    mutate.splices: 8,
    mutate.footer_numbers: 10,
    mutate.page_header_numbers: 10,
}
AVRO_WAYS = {
    mutate.truncations: 20,
    mutate.flips: 20,
    mutate.splices: 15,
    mutate.block_numbers: 25,
}

pytestmark = pytest.mark.timeout(0 if FACTOR > 1 else 120)


def damaged(content, name, ways):
    """Cases of one sample, the same for the same seed."""
    for way, wanted in ways.items():
        seed = zlib.crc32(f"{name} {way.__name__} {SEED}".encode())
        for label, case in way(content, max(1, round(wanted * FACTOR)), seed):
            yield f"{way.__name__}: {label}", case


def report(name, bad):
    """What a person needs to see the failure again."""
    lines = [f"{len(bad)} cases of {name} (seed {SEED})"]
    for label, content, verdict in bad[:5]:
        lines.append(f"{label}\n  {verdict.outcome}: {verdict.text}")
        lines.append(f"  {len(content)} bytes: {content.hex() if len(content) < 3000 else '...'}")
    return "\n".join(lines)


def by_pyarrow(verdict):
    """pyarrow 26 ends the process on some footers, which the fallback cannot catch."""
    return verdict.outcome == "crash" and "instance of 'parquet::ParquetException'" in verdict.text


def check(judge, name, content, kind, ways, folder):
    """All cases of one sample; gives the verdicts."""
    done = judge.verdicts(damaged(content, name, ways), kind, folder)
    assert len(done) >= sum(ways.values()) * min(FACTOR, 1) / 3, "too few cases were made"
    bad = [case for case in done if case[2].outcome not in judge.good and not by_pyarrow(case[2])]
    assert not bad, report(name, bad)
    return done


@pytest.mark.parametrize("name", PARQUET)
def test_damaged_parquet(judge, name, tmp_path):
    content = PARQUET[name]
    done = check(judge, name, content, "parquet", PARQUET_WAYS, tmp_path)
    cut = [case for case in done if case[0].startswith("truncations")]
    accepted = [case for case in cut if case[2].outcome == "valid"]
    assert cut and not accepted, report(name, accepted)


@pytest.mark.parametrize("name", AVRO)
def test_damaged_avro(judge, name, tmp_path):
    content = AVRO[name]
    done = check(judge, name, content, "avro", AVRO_WAYS, tmp_path)
    # An Avro file may end after any block; its rows are then those of the blocks that are there.
    header, blocks = mutate.avro_blocks(content)
    rows, whole = 0, {header: 0}
    for count, _, end in blocks:
        rows += count
        whole[end] = rows
    cut = [case for case in done if case[0].startswith("truncations")]
    wrong = [
        case
        for case in cut
        if case[2].outcome == "valid" and whole.get(len(case[1])) != case[2].rows
    ]
    assert cut and not wrong, report(name, wrong)


@pytest.mark.parametrize(("kind", "files"), [("parquet", PARQUET), ("avro", AVRO)])
def test_samples_are_healthy(judge, kind, files, tmp_path):
    """The undamaged files are read, or every case above would end at the same first error."""
    done = judge.verdicts(files.items(), kind, tmp_path)
    assert len(done) == len(files) > 5
    refused = [case for case in done if case[2].outcome != "valid"]
    assert not refused, report(kind, refused)


def test_a_crash_and_a_hang_would_be_seen(judge, tmp_path):
    """The judge itself: a worker that dies is reported and replaced."""
    worker = judge.workers[0]
    path = tmp_path / "good.parquet"
    path.write_bytes(PARQUET["flat_none"])
    assert worker.read(path, "parquet").outcome == "valid"
    worker.process.kill()
    assert worker.read(path, "parquet").outcome == "crash"
    assert worker.read(path, "parquet").outcome == "valid"
