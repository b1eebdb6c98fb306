"""Destinations that hold the old file or the complete new one, also after a crash.

The bytes go to a temporary sibling, are synced, and take the place of the target in one rename;
then the directory is synced.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from parquetframe.errors import DestinationExists, ParquetFrameError, WriteError

__all__ = ["check_destination", "replacing", "sync_folder"]


def check_destination(dest: Path, *, overwrite: bool, folder: bool = False) -> None:
    """Refuse a destination that cannot be written.

    Raises:
        DestinationExists: It is there, and ``overwrite`` is false.
        WriteError: It is a folder where a file is to be, or its own folder is missing.
    """
    if not overwrite and os.path.lexists(dest):
        raise DestinationExists(
            f"the file exists: {dest}", path=str(dest), hint="overwrite=True replaces it"
        )
    if not folder and dest.is_dir():
        raise WriteError(f"the path is a directory: {dest}", path=str(dest))
    if folder and dest.exists() and not dest.is_dir():
        raise WriteError(f"the path is not a directory: {dest}", path=str(dest))
    other = _foreign(dest) if folder and dest.is_dir() else None
    if other is not None:
        raise WriteError(
            f"the folder holds {other}, which is no part of a table: {dest}", path=str(dest)
        )
    if not dest.parent.is_dir():
        raise WriteError(f"the directory does not exist: {dest.parent}", path=str(dest))


def _foreign(folder: Path) -> Path | None:
    """What is in a folder besides the files of a partitioned table; those may be replaced."""
    for path in folder.iterdir():
        plain = path.is_file() and not path.is_symlink()
        if path.is_dir() and not path.is_symlink() and "=" in path.name:
            other = _foreign(path)
            if other is not None:
                return other
        elif not plain or not (path.name.startswith(("_", ".")) or path.suffix == ".parquet"):
            return path
    return None


@contextlib.contextmanager
def replacing(
    dest: Path, *, atomic: bool, fsync: bool, overwrite: bool, folder: bool = False
) -> Iterator[Path]:
    """The path to write to; it becomes ``dest`` when the block ends without an error."""
    check_destination(dest, overwrite=overwrite, folder=folder)
    special = dest.exists() and not dest.is_file() and not dest.is_dir()
    if dest.is_symlink() and not special:  # the link stays, its target is replaced
        dest = Path(os.path.realpath(dest))
        if dest.is_symlink():
            raise WriteError(f"too many symbolic links (a loop): {dest}", path=str(dest))
        check_destination(dest, overwrite=overwrite, folder=folder)
    staged = atomic and not special
    target = dest.with_name(f".{dest.name}.pf-{secrets.token_hex(6)}.tmp") if staged else dest
    try:
        with _write_errors(dest):
            if folder:
                target.mkdir(exist_ok=not staged)
            yield target
            if fsync and not special:
                _sync(target)
            if staged:
                _publish(target, dest, overwrite=overwrite, folder=folder)
            if fsync and not special:
                sync_folder(dest.parent)
    finally:
        if staged:
            if folder:
                shutil.rmtree(target, ignore_errors=True)
            with contextlib.suppress(OSError):  # gone already, or never made
                target.unlink()


@contextlib.contextmanager
def _write_errors(dest: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except ParquetFrameError:
        raise
    except PermissionError as error:
        raise PermissionError(error.errno, error.strerror, str(dest)) from error
    except (OSError, pa.ArrowException) as error:
        number = getattr(error, "errno", None)  # the text may name the temporary file
        reason = os.strerror(number) if number else (str(error).splitlines() or [""])[0]
        raise WriteError(f"cannot write {dest}: {reason}", path=str(dest)) from error


def _publish(temporary: Path, dest: Path, *, overwrite: bool, folder: bool) -> None:
    if folder:
        old = None
        if dest.exists():  # two renames: a crash between them leaves the old one under this name
            old = dest.with_name(f".{dest.name}.pf-{secrets.token_hex(6)}.old")
            dest.rename(old)
        temporary.rename(dest)
        if old is not None:
            shutil.rmtree(old)
    elif overwrite:
        temporary.replace(dest)
    else:
        try:
            os.link(temporary, dest)  # fails if somebody else made it meanwhile
        except FileExistsError as error:
            raise DestinationExists(f"the file exists: {dest}", path=str(dest)) from error
        except OSError:  # a file system without hard links
            check_destination(dest, overwrite=False)
            temporary.rename(dest)


def _sync(path: Path) -> None:
    if path.is_dir():
        for inside in path.rglob("*"):
            if inside.is_file():
                _sync(inside)
        return
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Make a rename inside the folder durable."""
    if os.name == "nt":  # folders cannot be opened there; the rename is durable by itself
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
