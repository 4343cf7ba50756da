"""SPEC R6.4: a contact's own prompts are rendered while the telephone rings, so that the first word does not wait."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import uuid4

from app.desk import Desk
from app.lines import TrunkLines
from app.robot_calls import RobotCalls
from campaigns.campaign import CampaignId, CompanyId
from campaigns.company_rules import CompanyRules
from campaigns.leads import AttemptId, LeadId, LeasedCall
from core.legs import LegId
from core.phones import Phone
from core.results import CallResult
from robot.dialog.flow import End, Flow, Language, Prompt, Say, Step, StepId
from robot.dialog.prompts import speeches
from robot.senses import Senses
from telephony_esl.simulator import Person
from telephony_esl.switch import SwitchSettings
from telephony_esl.trunks import Trunk
from tests.robot.side_by_side import TRUNK, RealClock, town
from tests.storage.worlds import campaign

NAMED = {"first_name": "Анна"}


def greeting() -> Flow:
    say, end = StepId("say"), StepId("end")
    steps: dict[StepId, Step] = {
        say: Say(id=say, prompt=Prompt(text="Здравствуйте, {first_name}!"), then=end),
        end: End(id=end),
    }
    return Flow(name="Привет", start=say, steps=steps)


async def test_R6_4_the_contacts_own_prompts_are_ready_when_the_telephone_is_answered(tmp_path: Path) -> None:
    flow, ready = greeting(), []
    person = Person(greeting=None, after_ring_s=0.5, turn_silence_s=0.3)
    async with town(tmp_path, person) as there:

        async def flow_of(company: CompanyId, version: int) -> tuple[Flow, None]:
            return flow, None

        async def senses_of(language: Language) -> Senses:
            return there.senses

        async def rules_of(company: CompanyId) -> CompanyRules:
            return CompanyRules()

        def answered(call: LeasedCall, at: datetime) -> None:
            ready.append([there.senses.prompts.is_rendered(speech) for speech in speeches(flow, call.variables)])

        trunk = Trunk(TRUNK, "sofia/gateway/simulator", lines=1, calls_per_second=1000)
        settings = SwitchSettings("town", "127.0.0.1", there.network.port, "ClueCon", "127.0.0.1", (trunk,))
        lines = TrunkLines([(settings, there.switch)], RealClock())
        calls = RobotCalls(
            lines=lines,
            desk=Desk.__new__(Desk),  # nobody is transferred
            note_answer=answered,
            flow=flow_of,
            senses=senses_of,
            recordings=tmp_path / "recordings",
            rules=rules_of,
            terms={},
            clock=RealClock(),
        )
        call = LeasedCall(
            attempt=AttemptId(1),
            lead=LeadId(1),
            campaign=CampaignId(1),
            company=CompanyId(1),
            leg=LegId(str(uuid4())),
            phone_index=0,
            phones=(Phone("+79000000000"),),
            variables=NAMED,
            past=(),
            scenario=1,
        )
        ending = await calls.place(call, campaign(trunk=TRUNK, detect_machines=False))
    assert ready == [[True]]
    assert ending.result is CallResult.COMPLETED
