"""Archives of models unpacked with care: nothing outside its folder, no links, no bombs."""

from __future__ import annotations

import lzma
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

from core.errors import Unavailable

MOST_FILES: Final = 2000
MOST_BYTES: Final = 8 * 1024**3
MOST_TIMES: Final = 100
"""What is unpacked may be this many times larger than the archive; speech models are two to three times larger."""
_BLOCK: Final = 1024 * 1024


def unpack(archive: Path, into: Path) -> None:
    """Unpacks a zip file into the new folder `into`, without the one folder that all its members lie in.

    Raises `Unavailable` if the file is no whole zip archive, or holds what no archive of a model holds.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _checked(opened, archive)
            top = _common_folder([name for name, _ in members])
            for name, member in members:
                place = into / name.relative_to(top)
                place.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(member) as source, place.open("xb") as target:  # reads no more than it says it holds
                    shutil.copyfileobj(source, target, _BLOCK)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise _refused(archive, f"it is no whole zip archive ({error})") from error
    except RuntimeError as error:  # encrypted, or by a compression that is not known here
        raise _refused(archive, f"it cannot be unpacked ({error})") from error
    except OSError as error:
        if error.errno is not None:  # the disk's trouble; that of bzip2's data comes without a number
            raise
        raise _refused(archive, f"it is no whole zip archive ({error})") from error


def _checked(opened: zipfile.ZipFile, archive: Path) -> list[tuple[PurePosixPath, zipfile.ZipInfo]]:
    members = [member for member in opened.infolist() if not member.is_dir()]
    if not members:
        raise _refused(archive, "it is empty")
    if len(members) > MOST_FILES:
        raise _refused(archive, f"it holds {len(members)} files")
    if sum(member.file_size for member in members) > min(MOST_BYTES, archive.stat().st_size * MOST_TIMES):
        raise _refused(archive, "what it holds is far too large")
    for member in members:
        path = PurePosixPath(member.filename)
        mode = member.external_attr >> 16
        if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename:
            raise _refused(archive, f"{member.filename!r} would lie outside its folder")
        if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise _refused(archive, f"{member.filename!r} is no ordinary file")
    return [(PurePosixPath(member.filename), member) for member in members]


def _common_folder(names: list[PurePosixPath]) -> PurePosixPath:
    tops = {name.parts[0] for name in names}
    alone = len(tops) == 1 and all(len(name.parts) > 1 for name in names)
    return PurePosixPath(tops.pop()) if alone else PurePosixPath()


def _refused(archive: Path, why: str) -> Unavailable:
    return Unavailable("archive_unusable", f"The archive {archive.name} is not unpacked: {why}.")
