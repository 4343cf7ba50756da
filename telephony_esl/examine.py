"""What a FreeSWITCH is and what it still lacks for our calls, asked over a connection of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from telephony_esl import commands
from telephony_esl.connection import Endpoint, Session, open_session
from telephony_esl.switch import SwitchSettings

MODULES: Final = ("mod_commands", "mod_dptools", "mod_dialplan_xml", "mod_sofia", "mod_tone_stream")
EXTENSIONS: Final = ("park", "hold")
CONTEXT: Final = "default"
_GATEWAY: Final = re.compile(r"sofia/gateway/([A-Za-z0-9_.:-]+)")
_STATE: Final = re.compile(r"<state>([A-Z_]+)</state>")


@dataclass(frozen=True, slots=True)
class Examination:
    """The switch's own version line, and a sentence for each thing that is missing."""

    version: str
    missing: tuple[str, ...]


async def examine(settings: SwitchSettings) -> Examination:
    """Connects, asks, and disconnects; `Unavailable` says why it could not."""
    session = await open_session(Endpoint(settings.host, settings.port), settings.password, lambda _: None)
    try:
        version = (await session.send(commands.version())).text.splitlines()[0].strip()
        missing = [*await _modules(session), *await _extensions(session), *await _gateways(session, settings)]
        return Examination(version, tuple(missing))
    finally:
        await session.close()


async def _modules(session: Session) -> list[str]:
    answers = [(name, await session.send(commands.module_exists(name))) for name in MODULES]
    return [f"The module {name} is not loaded." for name, reply in answers if reply.text.strip() != "true"]


async def _extensions(session: Session) -> list[str]:
    dialplan = (await session.send(commands.locate_context(CONTEXT))).text
    return [
        f"The context {CONTEXT!r} has no extension {name!r}: copy zvonar_dialplan.xml and run reloadxml."
        for name in EXTENSIONS
        if f'expression="^{name}$"' not in dialplan
    ]


async def _gateways(session: Session, settings: SwitchSettings) -> list[str]:
    missing = []
    for trunk in settings.trunks:
        named = _GATEWAY.fullmatch(trunk.gateway)
        if named is None:
            continue
        state = _STATE.search((await session.send(commands.gateway_state(named[1]))).text)
        if state is None:
            missing.append(f"The trunk {trunk.name!r} goes by the gateway {named[1]!r}, which is not there.")
        elif state[1] not in ("REGED", "NOREG"):
            missing.append(f"The gateway {named[1]!r} is not registered with the provider ({state[1]}).")
    return missing
