"""Reading and writing documents: YAML 1.2 scalars, locations, limits, round trips."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from parquetframe.errors import SourceNotFound, ValidationError
from parquetframe.workflow.document import document_from_dict, dump_yaml, load_document
from parquetframe.workflow.resolver import resolve_plain

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.sampled_from(
        ["on", "NO", "yes", "12:30", "2013-01-01", "1e5", "0o17", "0x1F", ".5", "~", "<<", "=", "-"]
    ),
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
PIPELINE = """\
name: p
x-base: &base {type: filter, input: a}
steps:
  - {name: a, type: read, path: a.csv}
  - <<: *base
    name: b
    where: |
      x > 1
"""


def problems_of(source: str | Path) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        load_document(source)
    return [f"{p.code}:{p.line}:{p.column}" for p in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("1_000", "1_000"), ("012", 12), ("0o17", 15), ("0x1f", 31), ("+3", 3), ("-.5", -0.5),
        ("1e3", 1000.0), (".inf", float("inf")), ("-.INF", float("-inf")),
        ("on", "on"), ("NO", "NO"), ("y", "y"), ("12:30", "12:30"), ("2013-01-01", "2013-01-01"),
        ("inf", "inf"), ("nan", "nan"), ("1.2.3", "1.2.3"), ("9" * 5000, "9" * 5000),
    ],
)  # fmt: skip
def test_plain_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    found = resolve_plain(text)
    assert found == value
    assert type(found) is type(value)


def test_keys_and_values_that_yaml_1_1_would_change_stay_text() -> None:
    document = load_document("on: NO\nat: 12:30\nday: 2013-01-01\n")
    assert document.data == {"on": "NO", "at": "12:30", "day": "2013-01-01"}


def test_locations_of_keys_values_and_merged_entries() -> None:
    document = load_document(PIPELINE)
    assert document.data["steps"][1] == {
        "type": "filter", "input": "a", "name": "b", "where": "x > 1\n",
    }  # fmt: skip
    assert str(document.locate(("steps", 0, "path"))) == "<text>:4:33"
    assert str(document.locate(("steps", 0, "path"), value=False)) == "<text>:4:27"
    assert str(document.locate(("steps", 1, "input"))) == "<text>:2:37"
    assert str(document.locate(("steps", 1, "nothing", "here"))) == "<text>:5:5"
    assert document.locate(("steps", 0, "type")).width == len("read")


def test_large_text_takes_the_fast_parser_and_keeps_locations() -> None:
    filler = "".join(f"  - {{name: s{i}, type: read, path: 'ä{i}.csv'}}\n" for i in range(8000))
    document = load_document("steps:\n" + filler)
    assert len(document.data["steps"]) == 8000
    assert str(document.locate(("steps", 7999, "path"))) == "<text>:8001:37"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: {c: 1, c: 2}\na: 2\n", ["E102:2:11", "E102:3:1"]),
        ("a: [1\nb: 2\n", ["E101:2:2"]),
        ("\ta: 1\n", ["E101:1:1"]),
        ("a: 1\n---\nb: 2\n", ["E101:2:1"]),
        ("a: &x [*x]\n", ["E101:1:8"]),
        ("a: *nothing\n", ["E101:1:4"]),
        ("a: !!python/object/apply:os.system [x]\n", ["E101:1:4"]),
        ("a: !!int x\n", ["E101:1:4"]),
        ("? [a]\n: 1\n", ["E103:1:3"]),
        ("<<: 1\n", ["E103:1:5"]),
        ("- a\n", ["E103:1:1"]),
        ("\n", ["E101:None:None"]),
        ("a: \x00\n", ["E101:1:4"]),
        ("a: " + "[" * 65 + "\n", ["E112:1:67"]),
    ],
)
def test_bad_text_is_reported_where_it_is(text: str, expected: list[str]) -> None:
    assert problems_of(text) == expected


def test_billion_laughs_stop_early() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    assert problems_of("\n".join(lines)) == ["E112:6:15"]
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}" for i in range(1, 30)]
    assert [p[:4] for p in problems_of("\n".join(lines))] == ["E112"]


def test_aliases_that_nest_too_deep_are_refused() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 80)]
    assert [p[:4] for p in problems_of("\n".join(lines))] == ["E112"]


def test_files_that_are_no_workflow(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match=r"^File not found: .*none\.yml"):
        load_document(tmp_path / "none.yml")
    assert problems_of(tmp_path) == ["E501:None:None"]
    path = tmp_path / "f.yml"
    for raw, expected in [
        (b"", "E101:None:None"),
        (b"# only a comment", "E101:None:None"),
        (b"a: 1\nb: \xff\n", "E113:2:4"),
        (b"x" * (10 * 1024 * 1024 + 1), "E112:None:None"),
    ]:
        path.write_bytes(raw)
        assert problems_of(path) == [expected]
    path.write_bytes(b"\xef\xbb\xbfsteps: []\r\n")
    document = load_document(path)
    assert document.data == {"steps": []}
    assert document.base_dir == tmp_path


@example("\x85")
@example("\u2028 a\r\n")
@given(DATA)
def test_dumped_data_read_back_the_same(data: object) -> None:
    text = dump_yaml({"data": data})
    loaded = load_document(text if text.count("\n") else text + "\n").data["data"]
    assert loaded == data
    assert repr(loaded) == repr(data)


@given(DATA)
def test_dumped_texts_are_texts_for_yaml_1_1_too(data: object) -> None:
    assert yaml.safe_load(dump_yaml({"data": data}))["data"] == data


def test_dump_refuses_what_yaml_cannot_hold() -> None:
    with pytest.raises(TypeError, match=r"steps\[0\].call: YAML cannot hold a function"):
        dump_yaml({"steps": [{"call": lambda: 1}]})
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="contains itself"):
        dump_yaml(circle)


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_text_loads_or_is_reported(text: str) -> None:
    with contextlib.suppress(ValidationError):
        load_document(text + "\n")


@settings(max_examples=200)
@given(st.data())
def test_mutated_yaml_loads_or_is_reported(data: st.DataObject) -> None:
    text = list(PIPELINE)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.sampled_from([*"{}[]&*!|>'\"%@`:,-?#\t\n ", "<<", "\\U99999999", "*base"])
        )
    with contextlib.suppress(ValidationError):
        load_document("".join(text) + "\n")


def test_dict_documents_have_key_paths_for_locations() -> None:
    document = document_from_dict({"steps": [{"name": "a"}, {"where": "x"}]})
    assert str(document.locate(("steps", 1, "where"))) == "<dict>:steps[1].where"


def test_dicts_that_contain_themselves_or_nest_too_deep_are_reported() -> None:
    circle: dict[str, object] = {}
    circle["steps"] = [circle]
    assert [p.code for p in document_from_dict(circle).problems] == ["E112"]
    deep: object = 1
    for _ in range(5000):
        deep = [deep]
    assert [p.code for p in document_from_dict({"steps": deep}).problems] == ["E112"]
    assert [p.code for p in document_from_dict([1]).problems] == ["E103"]
