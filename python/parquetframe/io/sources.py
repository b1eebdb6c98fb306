"""What a reader reads from: paths, globs, folders, bytes and file objects become single sources.

A folder is searched through, except for names that begin with ``.`` or ``_``. Files of one glob or
folder come in the order of their paths. A file object is read into memory, from where it stands.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from parquetframe.errors import IoError, SourceNotFound, UnsupportedFeature

__all__ = ["Source", "detect_format", "expand", "lasting", "local_path", "one_file"]

NULL_KEY = "__HIVE_DEFAULT_PARTITION__"
_PACKED = ("", ".gz", ".zst", ".bz2", ".xz", ".lz4", ".zip")
SUFFIXES = {
    "parquet": (".parquet", ".pq", ".parq"),
    "avro": (".avro",),
    "csv": tuple(f"{name}{packed}" for name in (".csv", ".tsv") for packed in _PACKED),
}

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_MAGIC = {b"PAR1": "parquet", b"PARE": "parquet", b"Obj\x01": "avro"}
_IN_MEMORY = "<bytes>"

HiveOption = Literal["auto"] | bool


@dataclass(frozen=True)
class Source:
    """One file or one buffer.

    Attributes:
        content: A path, or the bytes themselves.
        keys: ``key=value`` folders above the file; ``None`` is the null folder.
    """

    content: str | bytes
    keys: dict[str, str | None] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The path, or a stand-in for bytes."""
        return self.content if isinstance(self.content, str) else _IN_MEMORY

    @property
    def size(self) -> int:
        """Bytes."""
        return (
            Path(self.content).stat().st_size
            if isinstance(self.content, str)
            else len(self.content)
        )

    def start(self, length: int = 4) -> bytes:
        """The first bytes."""
        if isinstance(self.content, bytes):
            return self.content[:length]
        with Path(self.content).open("rb") as file:
            return file.read(length)


def expand(src: Any, fmt: str | None, hive: HiveOption = "auto") -> list[Source]:
    """All single sources that ``src`` names.

    Args:
        src: A path, glob, folder, bytes, binary file object, or a list of those.
        fmt: Whose suffixes count in a folder; ``None`` means any known format.
        hive: ``True`` looks for ``key=value`` in whole paths, ``False`` nowhere, ``"auto"`` only
            below a folder or in the part of a path that a glob found.

    Raises:
        SourceNotFound: A path or glob matches nothing, or a folder holds no such file.
        UnsupportedFeature: A URL.
        TypeError: Anything else.
        ValueError: An empty list.
    """
    if isinstance(src, (str, os.PathLike)):
        return _from_path(os.fsdecode(src), fmt, hive)
    if isinstance(src, (list, tuple, set, frozenset)) or (
        isinstance(src, Iterable) and not _is_single(src)
    ):
        found = [source for item in src for source in expand(item, fmt, hive)]
        if not found:
            raise ValueError("the list of sources is empty")
        return found
    return [Source(_content(src))]


def lasting(src: Any) -> Any:
    """The same sources in a form that can be expanded again: file objects as their bytes."""
    if hasattr(src, "read"):
        return _content(src)
    if isinstance(src, Iterable) and not _is_single(src):
        return [lasting(item) for item in src]
    return src


def one_file(src: Any) -> Source:
    """The single file or buffer that a question about one file is asked of.

    Raises:
        SourceNotFound: There is no such file.
        IoError: A folder.
        TypeError, UnsupportedFeature: As :func:`expand`.
    """
    if not isinstance(src, (str, os.PathLike)):
        return Source(_content(src))
    path = local_path(os.fsdecode(src))
    mode = _mode(path)
    if mode is None:
        raise SourceNotFound(f"File not found: {path}", path=path)
    if stat.S_ISDIR(mode):
        raise IoError(f"{path}: is a directory, not a file", path=path)
    return Source(path)


def detect_format(sources: list[Source], *, wanted: str | None = None) -> str:
    """The format of all sources, by suffix, then by the first bytes.

    Raises:
        IoError: A format that is not known, or several.
        ValueError: ``wanted`` is no format.
    """
    if wanted is not None:
        if wanted not in SUFFIXES:
            raise ValueError(f"format must be one of {', '.join(SUFFIXES)}, not {wanted!r}")
        return wanted
    if len(sources) == 1:
        return _format_of(sources[0])
    formats = {_format_of(source): source for source in sources}
    if len(formats) > 1:
        raise IoError(f"the files have different formats: {', '.join(sorted(formats))}")
    return next(iter(formats))


def _format_of(source: Source) -> str:
    if isinstance(source.content, str):
        file = source.content.lower()
        for name, suffixes in SUFFIXES.items():
            if file.endswith(suffixes):
                return name
    if (known := _MAGIC.get(source.start())) is not None:
        return known
    raise IoError(
        f"{source.label}: cannot tell the format of this file",
        path=source.label,
        hint=f"say format=, one of: {', '.join(SUFFIXES)}",
    )


def _is_single(src: Any) -> bool:
    return (
        isinstance(src, (str, os.PathLike, bytes, bytearray, memoryview))
        or hasattr(src, "read")
        or hasattr(src, "__buffer__")
        or hasattr(src, "to_pybytes")
    )


def _content(src: Any) -> bytes:
    if isinstance(src, bytes):
        return src
    if isinstance(src, (bytearray, memoryview)):
        return bytes(src)
    if hasattr(src, "to_pybytes"):  # a pyarrow.Buffer
        return bytes(src.to_pybytes())
    if hasattr(src, "read"):
        found = src.read()
        if isinstance(found, (bytes, bytearray, memoryview)):
            return bytes(found)
        raise TypeError(f"a file object must be binary, but read() gave {type(found).__name__}")
    raise TypeError(
        "src must be a path, glob, folder, bytes, binary file object or a list of those, "
        f"not {type(src).__name__}"
    )


def local_path(path: str) -> str:
    """A path of this machine; ``~`` is the home folder.

    Raises:
        UnsupportedFeature: A URL.
    """
    match = _URL.match(path)
    if match is None:
        return str(Path(path).expanduser()) if path.startswith("~") else path
    raise UnsupportedFeature(
        f"{path} is a URL: this version reads and writes local files only",
        path=path,
        hint="copy it here first, or pass its bytes or an open file object",
    )


def _mode(path: str) -> int | None:
    """What the file is, in one look at it; ``None`` if there is none."""
    try:
        return os.stat(path or ".").st_mode  # noqa: PTH116 - a Path costs more than the look
    except (OSError, ValueError):
        Path(path).exists()  # raises unless the file is just not there
        return None


def _from_path(text: str, fmt: str | None, hive: HiveOption) -> list[Source]:
    path = local_path(text)
    if "\0" in path:
        raise ValueError("a path cannot hold a NUL character")
    mode = _mode(path)
    if mode is not None and stat.S_ISDIR(mode):
        return list(_from_folder(path, fmt, hive))
    if mode is not None:
        return [Source(path, _keys(path, 0) if hive is True else {})]
    if glob.has_magic(path):
        return list(_from_glob(path, fmt, hive))
    raise SourceNotFound(f"File not found: {path}", path=path)


def _from_folder(path: str, fmt: str | None, hive: HiveOption) -> Iterator[Source]:
    suffixes = SUFFIXES[fmt] if fmt else tuple(s for known in SUFFIXES.values() for s in known)
    above = 0 if hive is True else len(Path(path).parts)
    found = sorted(_walk(path, suffixes))
    if not found:
        raise SourceNotFound(
            f"File not found: the directory holds no {fmt or 'data'} file: {path}",
            path=path,
            hint=f"suffixes: {', '.join(suffixes)}",
        )
    for name in found:
        yield Source(name, {} if hive is False else _keys(name, above))


def _walk(path: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    for folder, folders, files in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith((".", "_")) or "=" in name]
        for name in files:
            if name.lower().endswith(suffixes) and not name.startswith((".", "_")):
                yield os.path.join(folder, name)  # noqa: PTH118 - keeps the spelling of the caller


def _from_glob(path: str, fmt: str | None, hive: HiveOption) -> Iterator[Source]:
    parts = Path(path).parts
    above = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - as the caller wrote it
    if not matches:
        raise SourceNotFound(f"File not found: {path}", path=path, hint="the glob matches nothing")
    named = {match for match in matches if not Path(match).is_dir()}
    for match in matches:
        if match not in named:
            if "**" in path:  # its files are matches themselves
                continue
            for inside in _from_folder(match, fmt, hive=False):
                keys = {} if hive is False else _keys(inside.label, 0 if hive is True else above)
                yield Source(inside.content, keys)
        else:
            keys = {} if hive is False else _keys(match, 0 if hive is True else above)
            yield Source(match, keys)


def _keys(path: str, above: int) -> dict[str, str | None]:
    keys: dict[str, str | None] = {}
    for part in Path(path).parts[above:-1]:
        name, equals, value = part.partition("=")
        if equals and name:
            keys[unquote(name)] = None if value == NULL_KEY else unquote(value)
    return keys
