"""`./zvonar scenario rehearse --audio`: the callers speak, over the simulated telephone network, in real time.

Each kind of caller first plays its part by text; what it did there it then does by voice, with a synthesised one. So
what the recogniser made of the words can be told from what the scenario makes of them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
import wave
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Final
from uuid import uuid4

import structlog
import typer
from rich.console import Console
from rich.markup import escape

from app.clock import SystemClock
from app.line import SwitchLine
from app.scenario_files import NOT_GOOD, flow_in
from app.settings import Settings
from core.audio import SAMPLE_RATE, Pcm
from core.legs import Answered, DialOrder, HungUp, LegId
from core.results import CallResult
from robot.call import CallSettings, RobotCall
from robot.dialog.flow import Flow, VoiceSex
from robot.dialog.source.understanding import ZONE, hearing_of, trained_for
from robot.meaning import Understanding
from robot.outcome import Outcome, Speaker
from robot.rehearsal.dialog import Course, Talk, variables_of
from robot.rehearsal.personas import Keys, Leaves, Persona, Said
from robot.rehearsal.repertoire import Choice, Repertoire, Saying, repertoire_of
from robot.senses import Senses, open_senses
from robot.tts.voices import Voices, choose_voices
from robot.workers import Workers
from telephony_esl.simulator import Cast, Pace, SimulatedCall, SimulatedNetwork
from telephony_esl.simulator.audio import clips
from telephony_esl.simulator.behaviour import Answer, Behaviour, Person, Voicemail
from telephony_esl.simulator.callee import DeedKind
from telephony_esl.switch import Leg, Switch, SwitchSettings
from telephony_esl.trunks import Trunk

AT_ONCE: Final = 3
TRUNK: Final = "simulator"
FIRST_NUMBER: Final = 79_000_000_000
NEAR_MS: Final = 4_000
LONGEST_S: Final = 180.0
MUMBLED: Final = 0.15
INTERRUPTS_AFTER_S: Final = 1.2


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Words of a caller, and what the recogniser heard of them (None: nothing)."""

    said: str
    heard: str | None

    @property
    def alike(self) -> bool:
        """Whether the same words were heard."""
        return _plain(self.said) == _plain(self.heard or "")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One call: what came of the same part by text and by voice, and each turn of words."""

    persona: str
    by_text: str
    by_voice: str
    seconds: float
    words: tuple[Exchanged, ...]
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A caller's number, what he does there, the texts of his sounds, and how his part went by text."""

    number: str
    behaviour: Behaviour
    texts: Mapping[str, str]
    course: Course
    variables: Mapping[str, str]


def rehearse_by_audio(file: Path, *, calls: int, seed: int, as_json: bool) -> None:
    """Has the calls held and shows what was heard; status 1 if one of them broke."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    flow, settings = flow_in(file), Settings()
    workers = Workers()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            senses = open_senses(
                flow.language,
                models=settings.var / "models",
                cache=settings.var / "prompts",
                sounds=settings.var / "sounds",
                workers=workers,
                machines=None,
            )
            senses.require(flow)
            parts = parts_of(flow, choose_voices(flow.language, [settings.var / "models"]), folder, calls, seed)
            found = asyncio.run(hold(flow, parts, senses, folder))
        finally:
            workers.close()
    show(flow, found, senses.notices, as_json=as_json)
    if any(one.by_voice == CallResult.SYSTEM_ERROR for one in found):
        raise typer.Exit(NOT_GOOD)


# ---- the callers


def parts_of(flow: Flow, voices: Voices, folder: Path, calls: int, seed: int) -> list[Part]:
    """The parts of all callers, with their sounds in `folder`."""
    trained, now = trained_for(flow), SystemClock().now()
    hear = hearing_of(flow, trained, now=now, zone=ZONE)
    repertoire = recorded_first(repertoire_of(flow, seed))
    rng = Random(seed)
    studio = _Studio(flow, voices, folder)
    parts: list[Part] = []
    for persona in Persona:
        for _ in range(calls):
            variables = variables_of(flow, repertoire, rng)
            talk = Talk(flow, repertoire, persona, hear=hear, rng=rng, variables=variables, visits={})
            number = str(FIRST_NUMBER + len(parts))
            parts.append(studio.part(number, talk.run(), variables, repertoire))
    return parts


def recorded_first(repertoire: Repertoire) -> Repertoire:
    """The same, where of each choice only those wordings are left that the network has recorded, if there are any."""

    def recorded(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
        return tuple(replace(choice, sayings=_recorded(choice.sayings)) for choice in choices)

    places = {
        name: replace(
            place,
            choices=recorded(place.choices),
            agreeing=recorded(place.agreeing),
            refusing=recorded(place.refusing),
        )
        for name, place in repertoire.places.items()
    }
    return replace(
        repertoire,
        places=places,
        handlers={kind: recorded(choices) for kind, choices in repertoire.handlers.items()},
        neutral=_recorded(repertoire.neutral),
        times=_recorded(repertoire.times),
    )


def _recorded(sayings: tuple[Saying, ...]) -> tuple[Saying, ...]:
    return tuple(saying for saying in sayings if saying.text in clips()) or sayings


class _Studio:
    """Makes the sounds of callers: recorded ones, else the voice that the robot does not have.

    A mumbler's are quick and quiet.
    """

    def __init__(self, flow: Flow, voices: Voices, folder: Path) -> None:
        self._flow = flow
        self._voices = voices
        self._folder = folder
        self._sex = VoiceSex.MALE if flow.voice is VoiceSex.FEMALE else VoiceSex.FEMALE

    def part(self, number: str, course: Course, variables: Mapping[str, str], repertoire: Repertoire) -> Part:
        """The behaviour of a telephone that does by voice what was done by text."""
        texts: dict[str, str] = {}
        if course.persona is Persona.VOICEMAIL:
            greeting = self._sound(repertoire.machine[0].text, course.persona, texts)
            return Part(number, Voicemail(after_ring_s=0.5, greeting=greeting, records_s=15), texts, course, variables)
        answers = tuple(self._answer(deed, course.persona, texts) for deed in course.deeds)
        greeting = self._sound(repertoire.hello[0].text, course.persona, {})
        person = Person(answers, after_ring_s=0.5, greeting=greeting, hang_up_after_s=LONGEST_S)
        return Part(number, person, texts, course, variables)

    def _answer(self, deed: object, persona: Persona, texts: dict[str, str]) -> Answer:
        soon = INTERRUPTS_AFTER_S if persona is Persona.INTERRUPTING else None
        match deed:
            case Said(saying=saying):
                return Answer(say=self._sound(saying.text, persona, texts), wait_s=0.4, interrupt_after_s=soon)
            case Keys(keys=keys):
                return Answer(press=keys, wait_s=0.4)
            case Leaves():
                return Answer(hang_up=True)
            case _:
                return Answer(silent=True)

    def _sound(self, text: str, persona: Persona, texts: dict[str, str]) -> str:
        mumbles = persona is Persona.MUMBLING
        if text in clips() and not mumbles:
            texts[text] = text
            return text
        path = self._folder / f"{sha256(text.encode()).hexdigest()[:16]}{' mumbled' if mumbles else ''}.wav"
        if not path.exists():
            pcm = self._voices.say(text, language=self._flow.language, sex=self._sex, rate=1.5 if mumbles else 1.0)
            _write(path, _quieter(pcm, MUMBLED) if mumbles else pcm)
        texts[str(path)] = text
        return str(path)


def _quieter(pcm: Pcm, factor: float) -> Pcm:
    import numpy as np

    return (np.frombuffer(pcm, dtype="<i2") * factor).astype("<i2").tobytes()


def _write(path: Path, pcm: Pcm) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "NONE"))
        file.writeframes(pcm)


# ---- the calls


async def hold(flow: Flow, parts: Sequence[Part], senses: Senses, folder: Path) -> list[Spoken]:
    """Calls everybody, a few at once, and tells what came of it in the order of the parts."""
    found: dict[str, tuple[Outcome, str]] = {}
    trunk = Trunk(TRUNK, "sofia/gateway/simulator", lines=AT_ONCE, calls_per_second=AT_ONCE)
    meaning = Understanding(trained_for(flow), now=SystemClock().now, zone=ZONE, language=flow.language)
    room = asyncio.Semaphore(AT_ONCE)
    async with SimulatedNetwork(Cast({part.number: (part.behaviour,) for part in parts}), pace=Pace.REAL_TIME) as net:
        settings = SwitchSettings("rehearsal", "127.0.0.1", net.port, net.password, "127.0.0.1", (trunk,))
        switch = Switch(settings, SystemClock())

        async def call(part: Part) -> None:
            async with room:
                await senses.prompts.prepare(flow, part.variables)
                leg = await switch.dial(DialOrder(LegId(str(uuid4())), TRUNK, part.number))
                if not await _answered(leg):
                    return
                told = CallSettings(folder, leg.id, detect_machines=False, language=flow.language, meaning=meaning)
                line = SwitchLine(leg, _operator)
                robot = RobotCall(flow, variables=part.variables, line=line, senses=senses, settings=told)
                found[part.number] = (await robot.run(), leg.id)
                while not isinstance(await leg.next_event(), HungUp):
                    pass

        async with asyncio.TaskGroup() as group:
            running = group.create_task(switch.run())
            await switch.wait_connected(10.0)
            async with asyncio.TaskGroup() as callers:
                for part in parts:
                    callers.create_task(call(part))
            running.cancel()
        accounts = {account.number: account for account in net.placed}
    return [_spoken(part, found[part.number][0], accounts[part.number]) for part in parts if part.number in found]


async def _answered(leg: Leg) -> bool:
    while True:
        match await leg.next_event():
            case Answered():
                return True
            case HungUp():
                return False


async def _operator(_line: SwitchLine, _group: str, _wait_s: float) -> bool:
    """An operator who takes every call at once."""
    return True


def _spoken(part: Part, outcome: Outcome, account: SimulatedCall) -> Spoken:
    """Each thing said with what was heard nearest to it."""
    heard = [line for line in outcome.transcript if line.speaker is Speaker.CALLER and not line.key]
    words: list[Exchanged] = []
    for deed in account.deeds:
        if deed.kind is not DeedKind.SAID or deed.what not in part.texts:
            continue
        near = [line for line in heard if abs(line.start_ms - deed.at_ms) < NEAR_MS]
        best = min(near, key=lambda line: abs(line.start_ms - deed.at_ms), default=None)
        if best is not None:
            heard.remove(best)
        words.append(Exchanged(part.texts[deed.what], best.text if best is not None else None))
    return Spoken(
        persona=part.course.persona.value,
        by_text=part.course.result.value,
        by_voice=outcome.result.value,
        seconds=round(outcome.audio_ms / 1000, 1),
        words=tuple(words),
        path=outcome.path,
    )


def _plain(text: str) -> list[str]:
    plain = text.casefold().replace("ё", "е")
    return "".join(sign if sign.isalnum() else " " for sign in plain).split()


# ---- what is shown


def show(flow: Flow, found: Sequence[Spoken], notices: Sequence[str], *, as_json: bool) -> None:
    """Prints the calls."""
    words = [one for call in found for one in call.words]
    same = sum(one.alike for one in words)
    if as_json:
        told = {
            "name": flow.name,
            "calls": [asdict(call) for call in found],
            "words": len(words),
            "heard_alike": same,
            "models": list(notices),
        }
        print(json.dumps(told, ensure_ascii=False))
        return
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"[bold]{escape(flow.name)}[/]: {len(found)} calls by voice")
    for notice in notices:
        console.print(f"[dim]{escape(notice)}[/]")
    for call in found:
        differs = "" if call.by_text == call.by_voice else f" [yellow](by text {call.by_text})[/]"
        console.print(f"\n[bold]{call.persona}[/]  {call.by_voice}{differs}  {call.seconds:.0f} s")
        for one in call.words:
            colour = "green" if one.alike else "yellow" if one.heard else "red"
            console.print(f"   {escape(one.said)}  →  [{colour}]{escape(one.heard or 'nothing')}[/]")
    console.print(f"\n{same} of {len(words)} turns were heard word for word.")
