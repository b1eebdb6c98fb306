"""The steps ``read`` and ``save``: paths, formats and their options."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from parquetframe.workflow.field import INVALID, Field, Reject, describe
from parquetframe.workflow.spec.kinds import Bool, Choice, Int, MapOf, Names, Sql, Text, TypeName
from parquetframe.workflow.spec.model import PLANNED_TEXT, REQUIRED, Key, StepSpec, ignored, planned

if TYPE_CHECKING:
    from parquetframe.workflow.steps import Draft

__all__ = ["READ", "SAVE", "format_of"]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_FORMATS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv", ".avro": "avro"}
_COMPRESSED = {".gz": "gzip", ".zst": "zstd"}
_CODECS = {
    "parquet": ("zstd", "snappy", "gzip", "lz4", "brotli"),
    "csv": ("gzip", "zstd"),
    "avro": ("deflate", "snappy", "zstd"),
}


def format_of(path: str) -> tuple[str | None, str | None]:
    """Format and outer compression that a path's suffixes tell.

    Examples:
        >>> format_of("a/flights.csv.gz"), format_of("a/*.parquet"), format_of("a/b")
        (('csv', 'gzip'), ('parquet', None), (None, None))
    """
    suffixes = PurePath(path.lower()).suffixes
    compression = _COMPRESSED.get(suffixes[-1]) if suffixes else None
    if compression is not None:
        suffixes.pop()
    return (_FORMATS.get(suffixes[-1]) if suffixes else None), compression


def _absolute(place: Field, value: Any) -> str:
    filled = place.plain(value)
    if not isinstance(filled, str) or not filled.strip():
        hint = "put it in quotes" if type(filled) in (int, float) else None
        raise place.wrong("a path", filled, hint)
    if "\0" in filled:
        raise Reject("E109", f"'{place.key}' holds a NUL character")
    if _URL.match(filled):
        raise Reject("E106", f"reading and writing at a URL {PLANNED_TEXT}: {describe(filled)}")
    return _joined(place.scope.base_dir, filled)


def _joined(base: str, path: str) -> str:
    return os.path.abspath(os.path.join(base, path))  # noqa: PTH100, PTH118 - keeps globs


@dataclass(frozen=True)
class _Pattern:
    """One path or glob; wildcards in the name of the workflow's own folder are none."""

    def parse(self, place: Field, value: Any) -> str:
        path, base = _absolute(place, value), place.scope.base_dir
        if glob.has_magic(base) and path.startswith(base) and not Path(path).exists():
            rest = path[len(base) :]
            return glob.escape(base) + rest if glob.has_magic(rest) else path
        return path

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class Paths:
    """One path or glob, or a list of them; absolute afterwards."""

    def parse(self, place: Field, value: Any) -> list[str]:
        filled = place.plain(value)
        if not isinstance(filled, list):
            return [_Pattern().parse(place, filled)]
        if not filled:
            raise Reject("E109", f"'{place.key}' is an empty list")
        return place.read_all(_Pattern(), filled)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


@dataclass(frozen=True)
class SavePath:
    """One path; absolute afterwards."""

    def parse(self, place: Field, value: Any) -> str:
        return _absolute(place, value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class Character:
    r"""One ASCII character; ``\t`` in single quotes is the tab too. ``auto`` is planned."""

    def parse(self, place: Field, value: Any) -> str:
        filled = place.plain(value)
        if filled == "auto":
            raise Reject("E106", f"'{place.key}: auto' {PLANNED_TEXT}", "give the character")
        text = "\t" if filled == "\\t" else filled
        if not isinstance(text, str) or len(text) != 1 or not text.isascii() or text in "\r\n\0":
            raise place.wrong("one ASCII character", filled)
        return str(text)

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


@dataclass(frozen=True)
class Header:
    """true or false; 2.0's ``auto`` is planned."""

    def parse(self, place: Field, value: Any) -> bool:
        if place.plain(value) == "auto":
            raise Reject("E106", f"'{place.key}: auto' {PLANNED_TEXT}", "write true or false")
        return Bool().parse(place, value)

    def schema(self) -> dict[str, Any]:
        return Bool().schema()


@dataclass(frozen=True)
class NullValues:
    """Texts that mean null. ``strict`` is the empty field only."""

    def parse(self, place: Field, value: Any) -> list[str]:
        filled = place.plain(value)
        if isinstance(filled, dict) or (filled in ("auto", "pandas") and place.key == "nulls"):
            what = "a mapping" if isinstance(filled, dict) else str(filled)
            hint = "list the texts that mean null: nulls: ['', NA]"
            raise Reject("E106", f"'{place.key}: {what}' {PLANNED_TEXT}", hint)
        if filled == "strict" and place.key == "nulls":
            return [""]
        items = filled if isinstance(filled, list) else [filled]
        for item in items:
            if not isinstance(place.plain(item), str):
                hint = "put it in quotes: a text in the file is meant, such as 'NULL' or '-1'"
                raise place.wrong("texts that mean null", item, hint)
        return list(dict.fromkeys(str(place.plain(item)) for item in items))

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


@dataclass(frozen=True)
class InferRows:
    """How many rows to look at; ``full`` or ``all`` for every one."""

    def parse(self, place: Field, value: Any) -> int | None:
        if place.plain(value) in ("full", "all"):
            return None
        return Int(1).parse(place, value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [Int(1).schema(), {"enum": ["full", "all"]}]}


@dataclass(frozen=True)
class Encoding:
    """UTF-8; others are planned."""

    def parse(self, place: Field, value: Any) -> str:
        text = Text("the name of an encoding").parse(place, value)
        if text.lower().replace("_", "-") in ("utf-8", "utf8"):
            return "utf-8"
        raise Reject("E106", f"'{place.key}: {text}' {PLANNED_TEXT}", "there is: utf-8")

    def schema(self) -> dict[str, Any]:
        return {"enum": ["utf-8", "utf8", "UTF-8"]}


@dataclass(frozen=True)
class ReadColumns:
    """Column names, or ``*`` for all."""

    def parse(self, place: Field, value: Any) -> list[str] | None:
        return None if place.plain(value) == "*" else Names().parse(place, value)

    def schema(self) -> dict[str, Any]:
        return Names().schema()


def _check_only(draft: Draft, formats: set[str]) -> None:
    """Refuse options of a format that is not read or written."""
    for key in draft.spec.keys:
        if key.only and key.name in draft.given and formats.isdisjoint(key.only):
            message = f"'{draft.spelled[key.name]}' is an option of {', '.join(key.only)} files"
            draft.reject(key.name, "E109", f"{message}, this is {', '.join(sorted(formats))}")


def _finish_read(draft: Draft) -> None:
    paths, chosen = draft.config["path"], draft.config["format"]
    if paths is INVALID or chosen is INVALID:
        return
    known = {format_of(path)[0] for path in paths} if chosen == "auto" else {chosen}
    formats = {name for name in known if name is not None}
    if formats and None not in known:
        _check_only(draft, formats)


def _finish_save(draft: Draft) -> None:
    path, chosen = draft.config["path"], draft.config["format"]
    if path is INVALID or chosen is INVALID:
        return
    if any(character in path for character in "*?"):
        draft.reject("path", "E109", "the path of a save step is one file, not a pattern")
    suffix_format, outer = format_of(path)
    if chosen == "auto":
        if suffix_format is None:
            hint = "end the path in .parquet, .csv or .avro, or add format: parquet"
            draft.reject("path", "E109", "the path does not tell the format", hint)
            return
        chosen = draft.config["format"] = suffix_format
    _check_only(draft, {chosen})
    _compression(draft, chosen, outer)


def _compression(draft: Draft, chosen: str, outer: str | None) -> None:
    asked = draft.config["compression"]
    if asked is INVALID:
        return
    if chosen != "csv" and outer is not None:
        hint = "give the codec as compression: and leave the suffix away"
        draft.reject("path", "E109", f"{chosen} files are not compressed as a whole", hint)
        return
    if "compression" not in draft.given or asked is None:
        default = {"parquet": "zstd", "csv": outer, "avro": "deflate"}[chosen]
        draft.config["compression"] = default if "compression" not in draft.given else None
        asked = draft.config["compression"]
    if asked == "none":
        asked = draft.config["compression"] = None
    elif asked is not None and asked not in _CODECS[chosen]:
        allowed = " | ".join((*_CODECS[chosen], "none"))
        message = f"'compression' of {chosen} must be {allowed}; found '{asked}'"
        draft.reject("compression", "E109", message)
        return
    if chosen == "csv" and asked != outer:
        hint = "the suffix tells readers the compression: .csv, .csv.gz or .csv.zst"
        message = f"compression {asked or 'none'} does not fit the path's suffix"
        draft.reject("compression", "E109", message, hint)


_CSV = ("csv",)
_ALL_CODECS = ("none", "zstd", "snappy", "gzip", "lz4", "brotli", "deflate")

READ = StepSpec(
    "read",
    "Read files into a dataset.",
    (
        Key("path", Paths(), "File, directory, glob, or a list of them.", REQUIRED),
        Key(
            "format",
            Choice(("auto", "parquet", "csv", "avro"), planned=("ipc",)),
            "auto goes by the suffix; .gz and .zst are inflated.",
            "auto",
        ),
        Key("columns", ReadColumns(), "Columns to read; all by default."),
        Key(
            "where",
            Sql(),
            "Keep rows where this SQL is true; read less if it can.",
            aliases=("filters",),
        ),
        Key(
            "schema",
            MapOf(TypeName(), "a mapping {column: type}"),
            "Types that are not inferred.",
            aliases=("dtypes",),
        ),
        Key("limit", Int(), "Read the first rows only.", aliases=("n_rows",)),
        Key("delimiter", Character(), "Between fields.", ",", ("sep",), _CSV),
        Key("header", Header(), "The first record holds the names.", True, ("has_header",), _CSV),
        Key("quote", Character(), "Around fields.", '"', (), _CSV),
        Key("escape", Character(), "Before a quote inside a field.", None, (), _CSV),
        Key("comment", Character(), "Lines that begin so are skipped.", None, (), _CSV),
        Key("skip_rows", Int(), "Lines to skip before the header.", 0, (), _CSV),
        Key("null_values", NullValues(), "Unquoted texts that mean null.", ("",), ("nulls",), _CSV),
        Key("encoding", Encoding(), "utf-8.", "utf-8", (), _CSV),
        Key(
            "infer_rows",
            InferRows(),
            "Rows to infer types from; all by default.",
            None,
            ("infer",),
            _CSV,
        ),
        Key(
            "on_bad_lines",
            Choice(("error", "warn", "skip"), planned=("collect",)),
            "What to do with a record of the wrong length.",
            "error",
            (),
            _CSV,
        ),
        planned("hive", "Columns from key=value directories."),
        planned("row_groups", "Row groups to read."),
        planned("pushdown_filters", "When to filter while decoding."),
        planned("on_missing", "What to do when nothing matches; now that is an error."),
        planned("storage_options", "Credentials of object stores."),
        ignored("islazy", "Reading is always lazy."),
        ignored("threshold_mb", "There is one engine for all sizes."),
        ignored("use_threads", "See settings.max_parallel."),
    ),
    aliases=("parquet.read", "csv.read", "avro.read"),
    min_inputs=0,
    max_inputs=0,
    input_key="path",
    finish=_finish_read,
)

SAVE = StepSpec(
    "save",
    "Write a dataset to one file, whole or not at all; passes it on.",
    (
        Key("path", SavePath(), "The file.", REQUIRED),
        Key(
            "format",
            Choice(("auto", "parquet", "csv", "avro"), planned=("ipc",)),
            "auto goes by the suffix.",
            "auto",
        ),
        Key("mode", Choice(("replace", "error")), "What to do if the file exists.", "replace"),
        Key("mkdir", Bool(), "Make missing directories.", True),
        Key("compression", Choice(_ALL_CODECS), "Parquet: zstd by default. CSV: by the suffix."),
        Key("row_group_rows", Int(1), "Rows in a row group.", 1_048_576, (), ("parquet",)),
        Key("delimiter", Character(), "Between fields.", ",", ("sep",), _CSV),
        Key("header", Bool(), "Write a line of names.", True, (), _CSV),
        Key("null_value", Text(empty=True), "Text for null.", "", ("null",), _CSV),
        Key("quote", Character(), "Around fields.", '"', (), _CSV),
        planned("partition_by", "A directory per value."),
        planned("max_rows_per_file", "Several files."),
        ignored("islazy", "Reading is always lazy."),
        ignored("threshold_mb", "There is one engine for all sizes."),
        ignored("use_threads", "See settings.max_parallel."),
    ),
    aliases=("write", "parquet.write", "csv.write", "avro.write"),
    output_key="path",
    finish=_finish_save,
)
