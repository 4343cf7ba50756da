"""SPEC R9.1: the process that reads a list answers any file with rows or a clear refusal, and ends with its reader."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.contacts.batches import Batch, Duplicates
from campaigns.contacts.mapping import check_mapping
from core.errors import BadInput, Unavailable
from services import lists
from services.list_feed import Ended, Feed, Looked, Refused, Request, answers
from tests.conftest import EPOCH

text = st.lists(
    st.lists(
        st.one_of(
            st.text(max_size=8),
            st.sampled_from(["89001112233", "+7 900 111 22 33", '"', "=1+1", "\0", "Телефон", "8 495 1234567", "нет"]),
        ),
        max_size=6,
    ),
    max_size=8,
).flatmap(lambda rows: st.sampled_from([";", ",", "\t"]).map(lambda cut: "\n".join(cut.join(row) for row in rows)))
files = st.one_of(
    st.binary(max_size=300),
    text.flatmap(lambda one: st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]).map(
        lambda encoding: one.encode(encoding, "surrogatepass"))),
    st.binary(max_size=200).map(lambda rest: b"PK\x03\x04" + rest),
)  # fmt: skip


@given(files, st.sampled_from(Duplicates), st.integers(1, 4))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_R9_1_any_bytes_are_a_list_with_its_rows_or_a_clear_refusal(
    tmp_path: Path, data: bytes, duplicates: Duplicates, size: int
) -> None:
    path = tmp_path / "list"
    path.write_bytes(data)
    (looked,) = answers(Request(str(path)))
    if isinstance(looked, Refused):
        assert looked.field == "file"
        assert looked.message.endswith(".")
        return
    assert isinstance(looked, Looked)
    mapping = looked.suggested | {looked.columns[0]: "phone"}
    try:
        check_mapping(mapping, looked.columns)
    except BadInput:
        return
    *found, last = answers(Request(str(path), Feed(mapping, {}, duplicates, EPOCH, size=size)))
    assert isinstance(last, Ended)
    batches = [one for one in found if isinstance(one, Batch)]
    assert len(batches) == len(found)
    assert sum(batch.rows for batch in batches) == looked.rows
    for batch in batches:
        lines = batch.copy.decode().count("\n")
        assert lines + batch.bad + batch.skipped + batch.folded == batch.rows


async def test_R9_1_what_the_process_says_is_what_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("Имя;Телефон\n" + "".join(f"Имя{place};89{place:09}\n" for place in range(10)), "utf-8")
    looked = await lists.look(path)
    assert (looked.columns, looked.rows) == (("Имя", "Телефон"), 10)
    feed = Feed(looked.suggested, {}, Duplicates.SKIP, EPOCH, done=4, size=4)
    async with aclosing(lists.batches(path, feed)) as found:
        assert [batch.rows async for batch in found] == [4, 2]


async def test_R9_1_a_reader_that_leaves_early_leaves_no_process(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("Телефон\n" + "".join(f"89{place:09}\n" for place in range(200_000)), "utf-8")
    async with aclosing(
        lists.batches(path, Feed({"Телефон": "phone"}, {}, Duplicates.SKIP, EPOCH, size=1000))
    ) as found:
        async for batch in found:
            assert batch.rows == 1000
            break


async def test_R9_1_a_file_that_is_no_list_is_refused_through_the_process(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    with pytest.raises(BadInput, match="no text has") as error:
        await lists.look(path)
    assert error.value.field == "file"


@pytest.mark.parametrize(("status", "kind"), [(-6, BadInput), (-11, BadInput), (-9, Unavailable), (1, Unavailable)])
def test_R9_1_a_process_that_ended_for_want_of_memory_blames_the_file(status: int, kind: type[Exception]) -> None:
    assert type(lists._ended(status)) is kind
