"""Destinations of every kind, and folders of partitioned tables."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import parquetframe as pf
from parquetframe.errors import WriteError

TABLE = pa.table({"k": ["a", "b", "a"], "x": [1, 2, 3]})
WRITERS = {"parquet": pf.write_parquet, "avro": pf.write_avro}
READERS = {"parquet": pf.read_parquet, "avro": pf.read_avro}
both = pytest.mark.parametrize("fmt", WRITERS)
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX files")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@both
def test_in_place_and_only_if_it_is_not_there(backend, tmp_path, fmt):
    path = tmp_path / f"a.{fmt}"
    WRITERS[fmt](TABLE, path, atomic=False, overwrite=False)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        WRITERS[fmt](TABLE, path, atomic=False, overwrite=False)
    assert path.read_bytes() == before


@both
def test_somebody_else_is_faster(backend, tmp_path, fmt):
    """The file appears while the data is written: it stays, and the error says so."""
    path = tmp_path / f"a.{fmt}"

    def batches():
        yield TABLE.to_batches()[0]
        path.write_text("theirs")
        yield TABLE.to_batches()[0]

    reader = pa.RecordBatchReader.from_batches(TABLE.schema, batches())
    with pytest.raises(FileExistsError):
        WRITERS[fmt](reader, path, overwrite=False)
    assert path.read_text() == "theirs" and names(tmp_path) == [path.name]


@both
@posix
@pytest.mark.parametrize("name", ["n" * 240 + ".x", "\u00e9" * 110])
def test_long_names(backend, tmp_path, fmt, name):
    path = tmp_path / name
    if backend == "python" and len(os.fsencode(name)) > 225:  # its temporary name is longer
        with pytest.raises(WriteError, match="long"):
            WRITERS[fmt](TABLE, path)
        return
    WRITERS[fmt](TABLE, path)
    assert READERS[fmt](path).num_rows == 3


@both
@posix
def test_links(backend, tmp_path, fmt):
    loop, other = tmp_path / "loop", tmp_path / "other"
    loop.symlink_to(other)
    other.symlink_to(loop)
    with pytest.raises(OSError, match="symbolic links"):
        WRITERS[fmt](TABLE, loop)
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "target")
    WRITERS[fmt](TABLE, dangling)
    assert dangling.is_symlink() and READERS[fmt](tmp_path / "target").num_rows == 3
    relative = tmp_path / "relative"
    relative.symlink_to("target")
    WRITERS[fmt]({"x": [1]}, relative)
    assert READERS[fmt](tmp_path / "target").num_rows == 1
    assert names(tmp_path) == ["dangling", "loop", "other", "relative", "target"]


@both
@posix
def test_a_pipe_gets_the_bytes(backend, tmp_path, fmt):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    found = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()), daemon=True)
    reader.start()
    try:
        WRITERS[fmt](TABLE, pipe)
    except WriteError:
        assert (backend, fmt) == ("python", "parquet")  # pyarrow wants to know where it is
        with pipe.open("wb"):
            pass
        reader.join()
        return
    reader.join()
    assert READERS[fmt](found[0]).num_rows == 3
    assert names(tmp_path) == ["pipe"]


@posix
def test_standard_output(native, tmp_path):
    script = "import parquetframe as pf; pf.write_parquet({'x': [1, 2]}, '/dev/stdout')"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=True,
                         env={**os.environ, "PARQUETFRAME_BACKEND": "rust"})  # fmt: skip
    assert pf.read_parquet(out.stdout)["x"].to_pylist() == [1, 2]


@both
@posix
@pytest.mark.skipif(os.name == "nt", reason="modes")
def test_the_mode_of_a_replaced_file_stays(backend, tmp_path, fmt):
    path = tmp_path / "a"
    WRITERS[fmt](TABLE, path)
    fresh = path.stat().st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    assert fresh == 0o666 & ~umask
    path.chmod(0o640)
    WRITERS[fmt](TABLE, path)
    if backend == "rust":
        assert path.stat().st_mode & 0o777 == 0o640


# Folders.


def test_a_folder_is_replaced_as_a_whole(backend, tmp_path):
    dest = tmp_path / "parts"
    report = pf.write_parquet(TABLE, dest, partition_by=["k"])
    assert report.files == 2 and names(dest) == ["k=a", "k=b"]
    pf.write_parquet(TABLE.slice(1, 1), dest, partition_by=["k"])
    assert names(dest) == ["k=b"] and names(tmp_path) == ["parts"]
    assert pf.read_parquet(dest).to_pydict() == {"x": [2], "k": ["b"]}


def test_folders_that_must_not_be_replaced(backend, tmp_path):
    dest = tmp_path / "parts"
    pf.write_parquet(TABLE, dest, partition_by=["k"])
    with pytest.raises(FileExistsError):
        pf.write_parquet(TABLE, dest, partition_by=["k"], overwrite=False)
    (tmp_path / "file").write_text("text")
    with pytest.raises(WriteError):
        pf.write_parquet(TABLE, tmp_path / "file", partition_by=["k"])
    assert (tmp_path / "file").read_text() == "text"
    assert names(tmp_path) == ["file", "parts"] and pf.read_parquet(dest).num_rows == 3


def test_a_folder_with_anything_else_stays(backend, tmp_path):
    dest = tmp_path / "home"
    dest.mkdir()
    (dest / "letter.txt").write_text("dear")
    with pytest.raises(WriteError, match=r"letter\.txt"):
        pf.write_parquet(TABLE, dest, partition_by=["k"])
    assert (dest / "letter.txt").read_text() == "dear" and names(tmp_path) == ["home"]


def test_a_failing_stream_leaves_the_old_folder(backend, tmp_path):
    dest = tmp_path / "parts"
    pf.write_parquet(TABLE, dest, partition_by=["k"])

    def broken():
        yield TABLE.to_batches()[0]
        raise ZeroDivisionError("in the middle")

    reader = pa.RecordBatchReader.from_batches(TABLE.schema, broken())
    with pytest.raises(Exception, match="in the middle"):
        pf.write_parquet(reader, dest, partition_by=["x"])
    assert names(dest) == ["k=a", "k=b"] and names(tmp_path) == ["parts"]


@posix
def test_a_folder_behind_a_link(backend, tmp_path):
    pf.write_parquet(TABLE, tmp_path / "parts", partition_by=["k"])
    (tmp_path / "link").symlink_to("parts")
    pf.write_parquet(TABLE.slice(0, 1), tmp_path / "link", partition_by=["k"])
    assert (tmp_path / "link").is_symlink() and names(tmp_path / "parts") == ["k=a"]


def test_texts_that_need_care_in_folder_names(backend, tmp_path):
    keys = ["a/b", "c=d", "e%2Ff", "é", " ", "g\\h", "..", None, "x\ny", "0012"]
    table = pa.table({"k": keys, "x": range(len(keys))})
    pf.write_parquet(table, tmp_path / "parts", partition_by=["k"])
    found = pf.read_parquet(tmp_path / "parts")
    assert dict(zip(found["x"].to_pylist(), found["k"].to_pylist(), strict=True)) == dict(
        enumerate(keys)
    )
    assert pq.read_table(tmp_path / "parts").num_rows == len(keys)
