"""What is missing on a switch is said in sentences that tell what to do."""

from __future__ import annotations

import pytest

from core.errors import Unavailable
from telephony_esl.examine import MODULES, Examination, examine
from telephony_esl.protocol import ClientFrame
from telephony_esl.switch import SwitchSettings
from telephony_esl.trunks import Trunk
from tests.telephony_esl.wire_server import Answer, WireServer, answer_well, response

DIALPLAN = '<context name="default"><condition expression="^park$"/><condition expression="^hold$"/></context>'
GATEWAY = "<gateway><name>provider</name><state>{}</state></gateway>"


def settings(port: int, *gateways: str, password: str = "secret") -> SwitchSettings:
    trunks = tuple(Trunk(name=f"t{place}", gateway=gateway) for place, gateway in enumerate(gateways))
    return SwitchSettings("fs", "127.0.0.1", port, password, "127.0.0.1", trunks)


def answering(*, modules: tuple[str, ...] = MODULES, dialplan: str = DIALPLAN, state: str = "REGED") -> Answer:
    def answer(frame: ClientFrame) -> bytes | None:
        match frame.line.split():
            case ["api", "module_exists", name]:
                return response("true" if name in modules else "false")
            case ["api", "xml_locate", *_]:
                return response(dialplan)
            case ["api", "sofia", "xmlstatus", "gateway", "provider"]:
                return response(GATEWAY.format(state))
            case ["api", "sofia", *_]:
                return response("Invalid Gateway!\n")
        return answer_well(frame)

    return answer


async def found(answer: Answer, *gateways: str) -> Examination:
    async with WireServer() as server:
        server.answer = answer
        return await examine(settings(server.port, *gateways))


@pytest.mark.parametrize("state", ["REGED", "NOREG"])
async def test_a_complete_switch_lacks_nothing(state: str) -> None:
    examination = await found(answering(state=state), "sofia/gateway/provider", "loopback")
    assert examination == Examination("FreeSWITCH Version 1.10.12", ())


async def test_each_thing_that_is_missing_is_named() -> None:
    loaded = tuple(module for module in MODULES if module != "mod_dialplan_xml")
    broken = answering(modules=loaded, dialplan="<context/>", state="FAIL_WAIT")
    examination = await found(broken, "sofia/gateway/provider", "sofia/gateway/nobody")
    assert [sentence.split(":")[0] for sentence in examination.missing] == [
        "The module mod_dialplan_xml is not loaded.",
        "The context 'default' has no extension 'park'",
        "The context 'default' has no extension 'hold'",
        "The gateway 'provider' is not registered with the provider (FAIL_WAIT).",
        "The trunk 't1' goes by the gateway 'nobody', which is not there.",
    ]


async def test_a_wrong_password_is_said() -> None:
    async with WireServer() as server:
        with pytest.raises(Unavailable, match="wrong password"):
            await examine(settings(server.port, password="guess"))


async def test_nobody_there_is_said() -> None:
    async with WireServer() as server:
        port = server.port
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port}"):
        await examine(settings(port))
