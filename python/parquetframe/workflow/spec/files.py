"""The steps ``read`` and ``save``: paths, formats and their options."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from parquetframe.io.csv_checks import (
    CODEC_NAMES,
    WRITE_COMPRESSIONS,
    Conflict,
    check_level,
    check_write_option,
)
from parquetframe.workflow.field import INVALID, Field, Reject, describe
from parquetframe.workflow.spec.csv_keys import READ_KEYS, SAVE_KEYS, nest_read, nest_save, told
from parquetframe.workflow.spec.kinds import Bool, Choice, Int, MapOf, Names, Sql, TypeName
from parquetframe.workflow.spec.model import PLANNED_TEXT, REQUIRED, Key, StepSpec, ignored, planned

if TYPE_CHECKING:
    from parquetframe.workflow.steps import Draft

__all__ = ["READ", "SAVE", "format_of"]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_FORMATS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv", ".avro": "avro"}
_COMPRESSED = {
    ".gz": "gz", ".zst": "zst", ".bz2": "bz2", ".xz": "xz", ".lz4": "lz4", ".zip": "zip",
}  # fmt: skip
_CODECS = {
    "parquet": ("zstd", "snappy", "gzip", "lz4", "brotli"),
    "avro": ("deflate", "snappy", "zstd"),
}


def format_of(path: str) -> tuple[str | None, str | None]:
    """Format and outer compression that a path's suffixes tell.

    Examples:
        >>> format_of("a/flights.csv.gz"), format_of("a/*.parquet"), format_of("a/b")
        (('csv', 'gz'), ('parquet', None), (None, None))
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
    nest_read(draft)
    paths, chosen = draft.config["path"], draft.config["format"]
    if paths is INVALID or chosen is INVALID:
        return
    known = {format_of(path)[0] for path in paths} if chosen == "auto" else {chosen}
    formats = {name for name in known if name is not None}
    if formats and None not in known:
        _check_only(draft, formats)


def _finish_save(draft: Draft) -> None:
    path, chosen = draft.config["path"], draft.config["format"]
    codec = "none"
    if path is not INVALID and chosen is not INVALID:
        codec = _saved_format(draft, path, chosen)
    nest_save(draft, codec)
    level = draft.config["csv"]["compression_level"]
    if level is not None and draft.config["format"] == "csv":
        try:
            check_level(codec, level)
        except Conflict as conflict:
            text = told(conflict, {"compression_level": "compression_level"})
            draft.reject("compression_level", "E109", text)


def _saved_format(draft: Draft, path: str, chosen: str) -> str:
    """Settle format and codec; the codec of a CSV file as a whole, or ``none``."""
    if any(character in path for character in "*?"):
        draft.reject("path", "E109", "the path of a save step is one file, not a pattern")
    suffix_format, outer = format_of(path)
    if chosen == "auto":
        if suffix_format is None:
            hint = "end the path in .parquet, .csv or .avro, or add format: parquet"
            draft.reject("path", "E109", "the path does not tell the format", hint)
            return "none"
        chosen = draft.config["format"] = suffix_format
    _check_only(draft, {chosen})
    if chosen == "csv":
        return _csv_compression(draft, outer or "none")
    if outer is not None:
        hint = "give the codec as compression: and leave the suffix away"
        draft.reject("path", "E109", f"{chosen} files are not compressed as a whole", hint)
    else:
        _compression(draft, chosen)
    return "none"


def _csv_compression(draft: Draft, outer: str) -> str:
    asked, draft.config["compression"] = draft.config["compression"], None
    if asked is INVALID:
        return "none"
    if outer == "zip":
        hint = "end the path in .csv.gz or .csv.zst"
        draft.reject("path", "E109", "zip archives are read but not written", hint)
        return "none"
    if asked is None:  # left out, or given as null
        asked = "none" if "compression" in draft.given else "auto"
    try:
        codec: str = check_write_option("compression", asked)
    except ValueError as error:
        draft.reject("compression", "E109", told(error, {"compression": "compression"}, asked))
        return "none"
    if codec not in ("auto", outer):
        hint = "the suffix tells readers the compression: .csv, .csv.gz or .csv.zst"
        message = f"compression {codec} does not fit the path's suffix"
        draft.reject("compression", "E109", message, hint)
    return outer


def _compression(draft: Draft, chosen: str) -> None:
    asked = draft.config["compression"]
    if asked is INVALID:
        return
    if "compression" not in draft.given:
        draft.config["compression"] = {"parquet": "zstd", "avro": "deflate"}[chosen]
    elif asked in ("none", None):
        draft.config["compression"] = None
    elif asked not in _CODECS[chosen]:
        allowed = " | ".join((*_CODECS[chosen], "none"))
        message = f"'compression' of {chosen} must be {allowed}; found '{asked}'"
        draft.reject("compression", "E109", message)


_CODEC_OF_ALL = ("none", "zstd", "snappy", "gzip", "lz4", "brotli", "deflate")
_ALL_CODECS = tuple(dict.fromkeys((*_CODEC_OF_ALL, *WRITE_COMPRESSIONS, *CODEC_NAMES)))

READ = StepSpec(
    "read",
    "Read files into a dataset.",
    (
        Key("path", Paths(), "File, directory, glob, or a list of them.", REQUIRED),
        Key(
            "format",
            Choice(("auto", "parquet", "csv", "avro"), planned=("ipc",)),
            "auto goes by the suffix.",
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
        *READ_KEYS,
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
        *SAVE_KEYS,
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
