"""Prompts heard before they are published, and how far those of a campaign are rendered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from api.campaigns import Id
from api.deps import Deps, Given
from api.forms import Form
from api.scripts import PromptForm
from api.security import By
from campaigns.campaign import CampaignId
from core.errors import Unavailable
from robot.dialog.flow import Language, Prompt, VoiceSex
from services import campaigns, scenarios, sounds
from services.speaking import Speaking

router = APIRouter(tags=["voices"])

MOST_WRITTEN = 4_000
Value = Annotated[str, Field(max_length=1_000)]


class PreviewForm(Form):
    """A prompt and the contact to say it to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "text": "Здравствуйте, {first_name}! [pause 500ms] Ваш заказ на 1500 руб. готов.",
                    "voice": "female",
                    "language": "ru",
                    "variables": {"first_name": "Анна"},
                }
            ]
        }
    )

    text: str = Field(default="", max_length=MOST_WRITTEN, description=PromptForm.model_fields["text"].description)
    voice: VoiceSex = Field(default=VoiceSex.FEMALE, description="Which of the language's two voices speaks.")
    language: Language = Language.RU
    audio: str | None = Field(default=None, max_length=200, description="A stored sound file instead of the text.")
    variables: dict[str, Value] = Field(default_factory=dict, max_length=50, description="The contact's fields.")


class RenderedView(BaseModel):
    """How far the rendering of a campaign's fixed prompts is; those with variables are rendered call by call."""

    total: int
    ready: int = Field(description="So many are ready before any call.")


@router.post(
    "/voices/preview",
    summary="Hear a prompt",
    response_class=Response,
    responses={200: {"description": "As a call would hear it.", "content": {"audio/wav": {}}}},
)
async def preview_prompt(given: PreviewForm, asker: By, deps: Given) -> Response:
    """Says the text as the robot would, with its hints and variables; one at a time for each user."""
    if given.audio:
        sounds.sound_path(deps.folder / "sounds", asker.company, given.audio)
    prompt = Prompt(text=given.text, voice=given.voice, audio=given.audio)
    wav = await _speaking(deps).preview(asker.user, prompt, given.language, given.variables)
    return Response(wav, media_type="audio/wav", headers={"Cache-Control": "no-store"})


@router.get("/campaigns/{campaign}/prompts", summary="Show how far the prompts are")
async def prompts(id_: Id, asker: By, deps: Given) -> RenderedView:
    """Tells how many of the campaign's fixed prompts are rendered; publishing renders them in the background."""
    async with deps.database.transaction(asker.company) as tx:
        row = await campaigns.one_campaign(tx, CampaignId(id_), deps.clock.now())
        version = row.campaign.scenario
        flow = None if version is None else await scenarios.flow_of(tx, version)
    if flow is None:
        return RenderedView(total=0, ready=0)
    rendered = await _speaking(deps).rendered(flow)
    return RenderedView(total=rendered.total, ready=rendered.ready)


def _speaking(deps: Deps) -> Speaking:
    if deps.speaking is None:
        raise Unavailable("no_voice_here", "This process has no voice.")
    return deps.speaking
