"""The process that reads a list: it looks into a file, or feeds its rows in batches; `python -m services.list_feed`.

Reading is work for a processor of its own, and a file that somebody made to do harm ends this process and no other:
its memory is limited. It takes one `Request` from its input, and answers with frames: four bytes of length, then a
message. Whoever started it reads at his own pace; the pipe holds it back.
"""

from __future__ import annotations

import gc
import resource
import struct
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from campaigns.contacts.batches import BATCH, Batch, Batches, Duplicates, Loading
from campaigns.contacts.custom_fields import FieldKind, FieldRule
from campaigns.contacts.mapping import suggest
from campaigns.contacts.reading import Sheet, read_file
from core.errors import BadInput

MEMORY: Final = 4 << 30
SAMPLE: Final = 20
SAMPLE_LETTERS: Final = 200
LENGTH: Final = struct.Struct(">I")


class Rule(msgspec.Struct, frozen=True):
    """A custom field's rule."""

    kind: FieldKind
    options: tuple[str, ...] = ()


class Feed(msgspec.Struct, frozen=True):
    """How to feed: after `done` rows, by this mapping and these rules; `now` is when the import was started."""

    mapping: Mapping[str, str]
    rules: Mapping[str, Rule]
    duplicates: Duplicates
    now: datetime
    tags: tuple[str, ...] = ()
    priority: int | None = None
    done: int = 0
    size: int = BATCH


class Request(msgspec.Struct, frozen=True):
    """Which file; `feed` None looks into it."""

    path: str
    feed: Feed | None = None


class Looked(msgspec.Struct, frozen=True, tag=True):
    """What a file holds."""

    columns: tuple[str, ...]
    suggested: dict[str, str]
    sample: tuple[tuple[str, ...], ...]
    encoding: str
    delimiter: str
    rows: int


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Why the file cannot be read, as a `BadInput` has it."""

    code: str
    message: str
    field: str | None
    hint: str | None


class Ended(msgspec.Struct, frozen=True, tag=True):
    """All rows were fed."""


Answer = Looked | Batch | Refused | Ended


def answers(request: Request) -> Iterator[Answer]:
    """All that is to be said to a request."""
    try:
        sheet = read_file(Path(request.path))
        if request.feed is None:
            yield _looked(sheet)
        else:
            yield from _fed(sheet, request.feed)
            yield Ended()
    except BadInput as error:
        yield Refused(error.code, error.message, error.field, error.hint)
    except MemoryError:
        yield Refused("file_too_large", "The file needs too much memory to be read.", "file", None)


def _looked(sheet: Sheet) -> Looked:
    width = len(sheet.columns)
    sample = tuple(
        tuple(cell[:SAMPLE_LETTERS] for cell in (*row.cells, *[""] * width)[:width])
        for row in islice(sheet.rows(), SAMPLE)
    )
    return Looked(sheet.columns, suggest(sheet), sample, sheet.encoding, sheet.delimiter, sheet.count())


def _fed(sheet: Sheet, feed: Feed) -> Iterator[Batch]:
    rules = {name: FieldRule(rule.kind, rule.options) for name, rule in feed.rules.items()}
    loading = Loading(feed.duplicates, feed.now, feed.tags, feed.priority)
    batches = Batches(sheet.columns, feed.mapping, rules, loading)
    return batches.of(sheet, size=feed.size, done=feed.done)


def main() -> None:
    """Answers the one request of the input."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))
    request = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Request)
    gc.freeze()
    gc.disable()  # rows hold no cycles, and there are many of them
    try:
        for answer in answers(request):
            frame = msgspec.msgpack.encode(answer)
            sys.stdout.buffer.write(LENGTH.pack(len(frame)))
            sys.stdout.buffer.write(frame)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == "__main__":
    main()
