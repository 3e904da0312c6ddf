"""The bytes of an input file: plain, gzipped, or a member of a zip archive; clear errors for the rest."""

from __future__ import annotations

import difflib
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pyarrow as pa

from vqa_builder.errors import SourceError
from vqa_builder.named_files import refuse_endless
from vqa_builder.unpacking import unpacked

_MEMBER = re.compile(r"(?P<archive>.+\.zip)!(?P<member>.+)", re.IGNORECASE | re.DOTALL)
_PART = 1 << 16
_ENCODINGS = (
    ("cp932", re.compile(r"[ぁ-んァ-ヶー一-龠々、。「」？]{2}")),
    ("euc_jp", re.compile(r"[ぁ-んァ-ヶー一-龠々、。「」？]{2}")),
    ("gb18030", re.compile(r"[一-龠，。？]{2}")),
    ("cp1252", re.compile(r"[À-ÿŒœŠšŽžŸ‘’“”–—…€°£©®«»½¼¾]")),
)
"""Encodings that spreadsheets write, and what their texts look like."""
_ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x40-\x5b\x80-\xff])")
_PAIRS = re.compile(rb"[\x80-\xff][\x40-\xff]")
"""Bytes of letters with a mark among ASCII, and of letters of two bytes."""
_MISTAKEN = (
    (b"version https://git-lfs", "a pointer of Git LFS, and not the data", "git lfs pull"),
    (b"<!doctype html", "a web page, and not the data", "download the file itself, logged in where it asks"),
    (b"<html", "a web page, and not the data", "download the file itself, logged in where it asks"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", 'save it as "CSV UTF-8"'),
)
"""How files begin that are something else, what they are, and what to do."""
_NO_PATHS = {
    ":/": "addresses are not read: download the file, or name a dataset on the hub with type: hub",
    "~": "~ is not written out: give the whole path",
    "$": "variables are not written out: give the whole path",
}
_BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile, RuntimeError)
_DOWNLOAD_AGAIN = "download or copy the file again and compare its size with the original's"


class Content(NamedTuple):
    """What a file holds.

    Attributes:
        label: the file's name for messages, ``archive.zip!member.json`` inside an archive.
        data: its uncompressed bytes, valid UTF-8 without a byte order mark.
    """

    label: str
    data: bytes


def on_disk(path: Path) -> Path:
    """The file that holds ``path``, which may name a member of an archive.

    >>> on_disk(Path("v2_Questions_Train_mscoco.zip!train.json"))
    PosixPath('v2_Questions_Train_mscoco.zip')
    """
    match = _MEMBER.fullmatch(str(path))
    return Path(match["archive"]) if match and not path.exists() else path


def existing(path: Path) -> Path:
    """The same path.

    Raises:
        SourceError: no file is there, and the message suggests names that are; or it is a pipe or a device.
    """
    if not path.exists():
        raise _missing(path)
    refuse_endless(path)
    return path


def read_text(path: Path, encoding: str | None = None) -> Content:
    """Reads a file whole; what it is shows in its bytes, whatever its suffix.

    Args:
        path: JSON, gzipped JSON, a zip archive with one JSON file, or ``archive.zip!member.json``.
        encoding: of the file; None for UTF-8.

    Raises:
        SourceError: there is no such file, it is damaged, has the wrong members, or is not UTF-8.
    """
    with opened(path, (".json",), encoding) as (label, stream):
        try:
            data = stream.read()
        except (UnicodeDecodeError, SourceError):
            raise
        except Exception as error:  # zipfile passes on whatever its decompressors raise
            raise _damaged_archive(label, error) from error
    return Content(label, _checked(data, label))


@contextmanager
def opened(
    path: Path, suffixes: tuple[str, ...], encoding: str | None = None
) -> Iterator[tuple[str, IO[bytes]]]:
    """A file as a stream of its uncompressed bytes, for those too large to be read whole.

    Args:
        path: plain, gzipped, a zip archive with one file of the right kind, or ``archive.zip!member``.
        suffixes: how names of the right kind end.
        encoding: of the file, as Python names it; None for UTF-8.

    Yields:
        The file's name for messages and the stream; damage met while it is read is a ``SourceError`` too.
    """
    archive = on_disk(path)
    member = str(path)[len(str(archive)) + 1 :] or None
    label = str(archive)
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(existing(archive).open("rb"))
            _refuse_mistaken(stream.peek(40)[:40].lstrip().lower(), label)
            if stream.peek(2).startswith(b"PK"):
                unzipped = stack.enter_context(zipfile.ZipFile(stream))
                name = _choose_member(archive, unzipped.namelist(), member, suffixes)
                label = f"{archive}!{name}"
                member_of = stack.enter_context(unzipped.open(name))
                stream = unpacked(member_of, unzipped.getinfo(name).compress_size, label)
            elif member is not None:
                start = repr(stream.peek(40)[:40].decode("utf-8", "replace"))
                raise damaged(label, "a zip archive", f"a file that begins with {start}")
            if stream.peek(2).startswith(b"\x1f\x8b"):
                stream = unpacked(
                    stack.enter_context(gzip.GzipFile(fileobj=stream)), archive.stat().st_size, label
                )
            if encoding is None:
                _check_start(stream.peek(4), label)
            else:
                text = stack.enter_context(io.TextIOWrapper(stream, encoding, newline=""))
                stream = io.BufferedReader(_AsUTF8(text))
            yield label, stream
        except UnicodeDecodeError as error:
            if encoding is not None:
                raise _other_encoding(label, encoding, error) from error
            raise not_utf8(label, _wrong_byte(error), likely_encoding(error.object)) from error
        except _DAMAGE as error:
            raise _damaged_archive(label, error) from error
        except IsADirectoryError as error:
            raise SourceError(
                "An input file cannot be read", where=archive, expected="a file", found="a folder"
            ) from error
        except OSError as error:
            raise SourceError(
                "An input file cannot be read",
                where=archive,
                expected="a file",
                found=error.strerror or error,
            ) from error


class _AsUTF8(io.RawIOBase):
    """The UTF-8 bytes of a text in another encoding, part by part; a byte order mark is left out."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._left = b""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as there is text."""
        if not self._left:
            self._left = self._text.read(_PART).removeprefix("\ufeff").encode()
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def likely_encoding(data: bytes) -> str | None:
    """The encoding that bytes which are not UTF-8 are probably in; None where nothing speaks for one.

    >>> likely_encoding("猫は何色ですか".encode("cp932"))
    'cp932'
    """
    if data.count(0) > len(data) // 4:
        return "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    alone = len(_ALONE.findall(data)) > len(_PAIRS.findall(data))
    for encoding, letters in _ENCODINGS[-1:] if alone else _ENCODINGS:
        if letters.search(data.decode(encoding, "replace")):
            return encoding
    return None


def _other_encoding(label: str, encoding: str, error: UnicodeError) -> SourceError:
    return SourceError(
        "The file is in another encoding than the spec says",
        where=label,
        expected=encoding,
        found=error.reason if isinstance(error, UnicodeDecodeError) else error,
        remedy="correct the option encoding, or leave it out for UTF-8",
    )


def _damaged_archive(label: str, error: Exception) -> SourceError:
    if "password" in str(error):
        return SourceError(
            "A member of the archive cannot be unpacked",
            where=label,
            expected="a member without password",
            found=error,
            remedy="unpack the archive yourself and name the file in the spec",
        )
    return damaged(label, "a whole file", f"an end before its end, or a wrong byte: {error}")


def _refuse_mistaken(start: bytes, label: str) -> None:
    for sign, found, remedy in _MISTAKEN:
        if start.startswith(sign):
            raise SourceError("The file holds something else", where=label, found=found, remedy=remedy)


def _check_start(start: bytes, label: str) -> None:
    if mark := _BYTE_ORDER_MARKS.get(start[:2]):
        raise not_utf8(label, f"the byte order mark of {mark}", mark.lower())
    if not start:
        raise _empty(label)


def _empty(label: str) -> SourceError:
    return SourceError("The file is empty", where=label, expected="records", remedy=_DOWNLOAD_AGAIN)


def _missing(path: Path) -> SourceError:
    folder = path.parent
    if not folder.is_dir():
        return SourceError(
            "There is no such folder",
            where=folder,
            expected=f"the folder of {path.name}",
            remedy=next((what for sign, what in _NO_PATHS.items() if sign in str(path)), None),
        )
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    close = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    return SourceError(
        "There is no such file",
        where=path,
        found=f"in this folder: {_some(names)}",
        remedy=f"did you mean {', '.join(close)}?" if close else "correct the path",
    )


def _choose_member(archive: Path, members: list[str], wanted: str | None, suffixes: tuple[str, ...]) -> str:
    """The member to read, or an error that lists those that there are."""
    # macOS adds a shadow of every file to the archives that it makes.
    names = [name for name in members if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if wanted is None:
        fitting = [name for name in names if name.lower().endswith(suffixes)]
    else:
        fitting = [name for name in names if wanted in (name, Path(name).name)]
    if len(fitting) == 1:
        return fitting[0]
    if any(name.startswith("xl/") for name in names):
        _refuse_mistaken(b"\xd0\xcf\x11\xe0", str(archive))
    raise SourceError(
        f"The archive holds no member {wanted!r}" if wanted else "The archive does not hold one such file",
        where=archive,
        expected=f"exactly one {' or '.join(suffixes)} file, or a member chosen by name",
        found=_some(fitting or names),
        remedy=f"write {archive.name}!{(fitting or [f'MEMBER{suffixes[0]}'])[0]} in the spec",
    )


def _checked(data: bytes, label: str) -> bytes:
    """The bytes without a byte order mark, known to be UTF-8 and not empty."""
    _check_start(data[:4], label)
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data or data.isspace():
        raise _empty(label)
    if not data.isascii():
        offsets = np.array([0, len(data)], np.int64)
        text = pa.Array.from_buffers(pa.large_binary(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
        try:
            text.cast(pa.large_string())
        except pa.ArrowInvalid:
            raise not_utf8(label, _first_wrong_byte(data), likely_encoding(data[:_PART])) from None
    return data


def _first_wrong_byte(data: bytes) -> str:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return f"at offset {error.start:,}, {_wrong_byte(error)}"
    return "bytes that are not UTF-8"


def _wrong_byte(error: UnicodeDecodeError) -> str:
    before = error.object[max(0, error.start - 40) : error.start].decode("utf-8", "replace")
    return f"byte 0x{error.object[error.start]:02x} after {before!r}"


def not_utf8(label: str, found: str, likely: str | None = None) -> SourceError:
    """The error for a file in another encoding, which is probably ``likely``."""
    name = likely or "ENCODING"
    remedy = f"tables and records: encoding: {name}; any other source: iconv -f {name} -t UTF-8 IN > OUT"
    return SourceError("The file is not UTF-8", where=label, expected="UTF-8", found=found, remedy=remedy)


def damaged(where: object, expected: str, found: str) -> SourceError:
    """The error for a file that is cut short or has wrong bytes."""
    return SourceError(
        "The file is damaged", where=where, expected=expected, found=found, remedy=_DOWNLOAD_AGAIN
    )


def _some(names: list[str]) -> str:
    more = f", and {len(names) - 10} more" if len(names) > 10 else ""
    return (", ".join(names[:10]) or "nothing") + more
