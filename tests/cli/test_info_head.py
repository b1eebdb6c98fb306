import datetime as dt

import pyarrow as pa
import pytest
from pyarrow import csv as pa_csv
from pyarrow import parquet as pq

TABLE = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int64()),
        "price": pa.array([1.5, None, 1 / 3], pa.float64()),
        "city": pa.array(["Bern", "Zürich", None], pa.string()),
    }
)
COLUMNS = [("id", "int64"), ("price", "float64"), ("city", "string")]


@pytest.fixture(params=["parquet", "csv", "csv.gz", "avro"])
def file(request, tmp_path):
    path = tmp_path / f"data.{request.param}"
    if request.param == "parquet":
        pq.write_table(TABLE, path, row_group_size=2, compression="zstd")
    elif request.param == "avro":
        fastavro = pytest.importorskip("fastavro")
        fields = [
            {"name": "id", "type": "long"},
            {"name": "price", "type": ["null", "double"]},
            {"name": "city", "type": ["null", "string"]},
        ]
        schema = {"type": "record", "name": "row", "fields": fields}
        with path.open("wb") as stream:
            fastavro.writer(stream, schema, TABLE.to_pylist())
    else:
        with (
            pa.CompressedOutputStream(str(path), "gzip")
            if path.suffix == ".gz"
            else path.open("wb") as stream
        ):
            pa_csv.write_csv(TABLE, stream)
    return path


def test_info_names_format_rows_size_and_columns(pframe, file):
    answer = pframe("info", file, "--json")
    assert answer.code == 0, answer.err
    document = answer.json()
    assert document["format"] == file.name.split(".")[1]
    assert document["rows"] == 3
    assert document["bytes"] == file.stat().st_size
    assert [(column["name"], column["type"]) for column in document["columns"]] == COLUMNS


def test_info_for_people(pframe, file):
    answer = pframe("info", file)
    assert answer.code == 0, answer.err
    assert "3 rows, 3 columns" in answer.out
    assert "int64" in answer.out


def test_info_shows_row_groups_and_codecs(pframe, tmp_path):
    path = tmp_path / "data.parquet"
    pq.write_table(TABLE, path, row_group_size=2, compression="zstd")
    document = pframe("info", path, "--json").json()
    assert [group["rows"] for group in document["row_groups"]] == [2, 1]
    assert document["codecs"] == ["zstd"]
    assert "zstd" in pframe("info", path).out


def test_head_shows_the_first_rows(pframe, file):
    answer = pframe("head", file, "-n", 2)
    assert answer.code == 0, answer.err
    assert answer.out.splitlines() == [
        "id  price  city",
        "--  -----  ------",
        " 1    1.5  Bern",
        " 2      -  Zürich",
    ]


def test_head_as_json_has_full_precision(pframe, file):
    document = pframe("head", file, "--json").json()
    assert document == {"columns": ["id", "price", "city"], "rows": TABLE.to_pylist()}


def test_head_takes_columns_in_the_order_asked(pframe, file):
    document = pframe("head", file, "--columns", "city, id", "-n", 1, "--json").json()
    assert document == {"columns": ["city", "id"], "rows": [{"city": "Bern", "id": 1}]}


def test_head_of_no_rows(pframe, file):
    assert pframe("head", file, "-n", 0, "--json").json()["rows"] == []


def test_head_unknown_column_names_the_nearest(pframe, file):
    answer = pframe("head", file, "--columns", "pric")
    assert answer.code == 1
    assert "did you mean 'price'" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("command", ["info", "head"])
def test_missing_path_and_directory_are_wrong_usage(pframe, tmp_path, command):
    for path in ("none.parquet", "."):
        answer = pframe(command, path)
        assert answer.code == 2
        assert answer.out == ""


@pytest.mark.parametrize("command", ["info", "head"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("short.parquet", b"PAR1\x00\x00"),
        ("empty.parquet", b""),
        ("text.parquet", b"not parquet at all, but long enough to have a footer"),
        ("short.avro", b"Obj\x01"),
        ("ragged.csv", b"a,b\n1,2\n3\n"),
        ("what.bin", b"\x00\x01\x02"),
    ],
)
def test_unreadable_file_is_exit_1_and_named(pframe, tmp_path, command, name, content):
    (tmp_path / name).write_bytes(content)
    answer = pframe(command, name)
    assert answer.code == 1, answer.err
    assert name in answer.err
    assert "Traceback" not in answer.err
    document = pframe(command, name, "--json").json()
    assert document["exit_code"] == 1


def test_truncated_parquet_is_exit_1(pframe, tmp_path):
    path = tmp_path / "cut.parquet"
    pq.write_table(TABLE, path)
    path.write_bytes(path.read_bytes()[:-20])
    for command in ("info", "head"):
        assert pframe(command, path).code == 1


def test_glob_characters_in_a_name_are_taken_literally(pframe, tmp_path):
    path = tmp_path / "a[1]*${x}.csv"
    path.write_text("a\n7\n")
    assert pframe("head", path, "--json").json()["rows"] == [{"a": 7}]


def test_head_of_types_that_json_lacks(pframe, tmp_path):
    path = tmp_path / "types.parquet"
    table = pa.table(
        {
            "day": [dt.date(2013, 1, 2)],
            "when": pa.array(
                [dt.datetime(2013, 1, 2, 3, 4, 5, tzinfo=dt.UTC)], pa.timestamp("us", "UTC")
            ),
            "nan": [float("nan")],
            "flag": [True],
        }
    )
    pq.write_table(table, path)
    row = pframe("head", path, "--json").json()["rows"][0]
    assert row == {
        "day": "2013-01-02",
        "when": "2013-01-02T03:04:05+00:00",
        "nan": "NaN",
        "flag": True,
    }
    assert pframe("head", path).out.splitlines()[2].split() == [
        "2013-01-02",
        "2013-01-02",
        "03:04:05Z",
        "NaN",
        "true",
    ]
