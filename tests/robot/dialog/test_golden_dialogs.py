"""Whole dialogs as one can read them: each of tests/golden/dialogs/*.yaml holds a script and dialogs over it.

A dialog is a list of turns::

    - robot: the text it says, exactly; or {transfers_to: group}, or {is_silent: true}: it listens without a word
    - caller: {says: …}, {presses: …}, {silent: true} or {hangs_up: true}
    - operator: talks, or does not come

By default a caller waits for the end of what the robot says. With `during_prompt: true` the words or keys come
into it and stop it, with `backchannel: true` they do not; `after: 0.3` says how much of the prompt was played
when the caller hung up.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from robot.dialog.events import (
    CallerGone,
    Command,
    DialogEvent,
    Finish,
    Heard,
    Interrupted,
    Listen,
    NoInput,
    Phase,
    Pressed,
    PromptEnded,
    Speak,
    Started,
    TransferEnded,
    TransferTo,
)
from robot.dialog.flow import Flow
from robot.dialog.scripts import flow_of_script, script_from_json
from robot.dialog.step import begin, step

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "dialogs"


class Talk:
    """A dialog under way; `now` is what the robot does at present."""

    def __init__(self, flow: Flow, variables: dict[str, str]) -> None:
        self.flow = flow
        self.state = begin(variables)
        self.now: Command | None = None
        self.checked = True
        self.tell(Started())

    def tell(self, event: DialogEvent) -> None:
        self.state, commands = step(self.flow, self.state, event)
        if commands:
            assert self.checked or not isinstance(self.now, Speak), f"not written in the dialog: {self.now}"
            *_, self.now = commands
            self.checked = False

    def turn(self, who: str, what: Any) -> None:  # noqa: ANN401  # as YAML gives it
        match who:
            case "robot":
                self.robot(what)
            case "caller":
                self.caller(what)
            case "operator":
                self.operator(what)
            case _:
                raise AssertionError(f"who is {who!r}?")

    def robot(self, wanted: str | dict[str, Any]) -> None:
        if self.checked and isinstance(self.now, Speak):
            self.tell(PromptEnded())
        match wanted:
            case str():
                assert isinstance(self.now, Speak), f"{wanted!r} was expected, but: {self.now}"
                assert self.now.text == wanted
            case {"transfers_to": group}:
                assert isinstance(self.now, TransferTo), f"a transfer was expected, but: {self.now}"
                assert self.now.group == group
            case {"is_silent": True}:
                assert isinstance(self.now, Listen)
            case _:
                raise AssertionError(f"no such turn of the robot: {wanted}")
        self.checked = True

    def caller(self, turn: dict[str, Any]) -> None:
        stays = turn.get("during_prompt") or turn.get("backchannel") or "after" in turn
        if isinstance(self.now, Speak) and not stays:
            self.tell(PromptEnded())
        if stays:
            assert isinstance(self.now, Speak), "there is no prompt to speak into"
        if turn.get("during_prompt"):
            assert self.now.barge_in, "nothing may stop this prompt"  # type: ignore[union-attr]
            assert "presses" in turn or not self.now.keys_only, "words may not stop this prompt"  # type: ignore[union-attr]
            self.tell(Interrupted(heard_ms=400))
        match turn:
            case {"says": said}:
                self.tell(Heard(said, 0.9, tuple(turn.get("or", ()))))
            case {"presses": keys}:
                for key in keys:
                    self.tell(Pressed(key))
            case {"silent": True}:
                self.tell(NoInput())
            case {"hangs_up": True}:
                self.tell(CallerGone(turn.get("after")))
            case _:
                raise AssertionError(f"no such turn of the caller: {turn}")

    def operator(self, what: str) -> None:
        assert isinstance(self.now, TransferTo)
        assert what in ("talks", "does not come")
        self.tell(TransferEnded(connected=what == "talks"))

    def end(self) -> Finish:
        if isinstance(self.now, Speak):
            self.tell(PromptEnded())
        assert self.state.phase is Phase.ENDED, f"the dialog is not over: {self.now}"
        assert isinstance(self.now, Finish)
        return self.now


def dialogs() -> Iterator[Any]:
    for path in sorted(GOLDEN.glob("*.yaml")):
        written = yaml.safe_load(path.read_text())
        for dialog in written["dialogs"]:
            yield pytest.param(written["script"], dialog, id=f"{path.stem}: {dialog['title']}")


@pytest.mark.parametrize(("script", "dialog"), list(dialogs()))
def test_R6_dialogs_go_as_written(script: dict[str, Any], dialog: dict[str, Any]) -> None:
    flow = flow_of_script(script_from_json(script), name="Проба")
    talk = Talk(flow, dialog.get("variables", {}))
    for turn in dialog["turns"]:
        ((who, what),) = turn.items()
        talk.turn(who, what)
    assert talk.end().result == dialog["ends"]
    assert {answer.question: answer.label for answer in talk.state.answers} == dialog.get("answers", {})
    assert talk.state.callback_delay_min == dialog.get("callback_delay_min")
    if "path" in dialog:
        assert " ".join(talk.state.path) == dialog["path"]


def test_every_kind_is_there_in_both_languages() -> None:
    scripts = [yaml.safe_load(path.read_text())["script"] for path in GOLDEN.glob("*.yaml")]
    assert {(one["kind"], one["language"]) for one in scripts} == {
        (kind, language) for kind in ("notification", "survey", "offer") for language in ("ru", "en")
    }
