"""Talking to a robot from a page: Chromium's own microphone (a file it plays) to the answer that the robot kept.

The page is a small one of this test at the product's address; what the microphone hears goes through a worklet to the
WebSocket in frames of 20 ms, and what comes back is counted.
"""

from __future__ import annotations

import asyncio
import random
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.async_api import Page, async_playwright

from api.app import Deps, create_app
from app.clock import SystemClock
from app.web import WebServer, bind
from core.audio import FRAME_BYTES, SAMPLE_RATE
from robot.dialog.flow import Answer, Ask, End, Flow, Language, Prompt, StepId
from robot.microphone import Talks
from robot.senses import Senses, open_senses
from robot.workers import Workers
from services.accounts import add_user
from services.scenarios import publish
from storage.database import Database
from storage.live import LiveFeed
from tests.browser.site import ARGUMENTS, LOGIN, PASSWORD, chromium
from tests.conftest import ROOT, Fresh, make_company
from tests.fakes.jobs import Orders

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

CLIP = ROOT / "telephony_esl" / "simulator" / "sounds" / "yes_00_elena.wav"
MICROPHONE_RATE = 48_000
QUIET_BEFORE_S, QUIET_AFTER_S = 4.0, 20.0
PATIENCE_S = 40.0
WORKLET = """
registerProcessor("frames", class extends AudioWorkletProcessor {
  constructor() { super(); this.frame = new Int16Array(160); this.filled = 0; }
  process([input]) {
    for (const sample of input[0] ?? []) {
      this.frame[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
      if (this.filled === 160) { this.port.postMessage(this.frame.slice()); this.filled = 0; }
    }
    return true;
  }
});
"""
PAGE = """<!doctype html><title>talk</title><script>
window.talk = async ([version, worklet]) => {
  const heard = {messages: [], frames: 0, loud: 0, wrong: 0};
  const stream = await navigator.mediaDevices.getUserMedia(
    {audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
  const context = new AudioContext({sampleRate: 8000});
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([worklet], {type: "text/javascript"})));
  const node = new AudioWorkletNode(context, "frames");
  const closed = new Promise(resolve => { window.over = resolve; });
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/api/v1/talk");
  socket.binaryType = "arraybuffer";
  socket.onopen = () => socket.send(JSON.stringify({type: "start", version}));
  socket.onmessage = ({data}) => {
    if (typeof data === "string") {
      const message = JSON.parse(data);
      heard.messages.push(message);
      if (message.type === "ready") {
        node.port.onmessage = ({data}) => socket.readyState === 1 && socket.send(data.buffer);
        context.createMediaStreamSource(stream).connect(node).connect(context.destination);
      }
      return;
    }
    heard.frames++;
    heard.wrong += data.byteLength !== 320;
    heard.loud += new Int16Array(data).some(sample => Math.abs(sample) > 500);
  };
  socket.onclose = ({code}) => { heard.code = code; context.close(); window.over(); };
  await closed;
  return heard;
};
</script>"""


def question() -> Flow:
    ask, end = StepId("q"), StepId("end")
    answers = (
        Answer(id="1", label="придёт", then=end, phrases=("да", "хорошо")),
        Answer(id="2", label="не придёт", then=end, phrases=("нет", "не хочу")),
    )
    first = Ask(id=ask, prompt=Prompt(text="Вы придёте?"), question="Приход", answers=answers, otherwise=end, wait_s=15)
    return Flow(name="q", start=ask, steps={ask: first, end: End(id=end, prompt=Prompt(text="Ждём вас!"))})


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """What the microphone hears: some seconds of quiet, "да", quiet."""
    with wave.open(str(CLIP)) as file:
        said = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    wide = soxr.resample(said, SAMPLE_RATE, MICROPHONE_RATE)
    before, after = (np.zeros(round(s * MICROPHONE_RATE), dtype="<i2") for s in (QUIET_BEFORE_S, QUIET_AFTER_S))
    path = tmp_path / "spoken.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_RATE)
        file.writeframes(np.concatenate((before, wide, after)).astype("<i2").tobytes())
    return path


@pytest.fixture
def senses(tmp_path: Path) -> Iterator[Senses]:
    workers = Workers(2)
    yield open_senses(Language.RU, models=tmp_path / "m", cache=tmp_path / "c", sounds=tmp_path / "s", workers=workers)
    workers.close()


@asynccontextmanager
async def serving(fresh: Fresh, folder: Path, senses: Senses) -> AsyncIterator[tuple[str, int]]:
    """The product's address and a published version of the question."""
    clock, database = SystemClock(), Database(fresh.app_url)

    async def russian(language: Language) -> Senses:
        return senses

    listener = bind("127.0.0.1", 0)
    deps = Deps(
        database=database,
        clock=clock,
        live=LiveFeed(fresh.app_url),
        randomness=random.Random(1),
        web_dist=None,
        recordings=folder,
        wake=lambda: None,
        trunks=lambda: ("simulator",),
        jobs=Orders(),
        folder=folder,
        version="0.0-test",
        talks=Talks(russian),
    )
    try:
        company = await make_company(database)
        await add_user(database, company, login=LOGIN, password=PASSWORD, now=clock.now())
        async with database.transaction(company) as tx:
            version = await publish(tx, name="Приход", flow=question(), script=None, now=clock.now())
        server = WebServer(_with_page(create_app(deps)), listener)
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(server.run())
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}", version
            finally:
                server.stop()
                await answering
    finally:
        listener.close()
        await database.close()


def _with_page(product: FastAPI) -> FastAPI:
    """The product with the test's page at its address."""
    site = FastAPI()
    site.add_route("/talk-page", lambda request: HTMLResponse(PAGE))
    site.mount("/", product)
    return site


@asynccontextmanager
async def page_with(microphone: Path, address: str) -> AsyncIterator[Page]:
    """A signed-in page whose microphone hears the file once."""
    fakes = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    file = f"--use-file-for-fake-audio-capture={microphone}%noloop"
    started = "--autoplay-policy=no-user-gesture-required"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*ARGUMENTS, *fakes, file, started])
        try:
            context = await browser.new_context(permissions=["microphone"])
            page = await context.new_page()
            signed = await page.request.post(
                f"{address}/api/v1/session",
                headers={"X-Requested-With": "zvonar"},
                data={"login": LOGIN, "password": PASSWORD},
            )
            assert signed.ok
            await page.goto(f"{address}/talk-page")
            yield page
        finally:
            await browser.close()


async def test_a_word_into_the_browsers_microphone_is_the_answer(
    fresh: Fresh, tmp_path: Path, spoken: Path, senses: Senses
) -> None:
    async with serving(fresh, tmp_path, senses) as (address, version), page_with(spoken, address) as page:
        async with asyncio.timeout(PATIENCE_S):
            heard: dict[str, Any] = await page.evaluate("given => window.talk(given)", [version, WORKLET])
    messages = heard["messages"]
    assert messages[0] == {"type": "ready"}
    lines = [(one["speaker"], one["text"]) for one in messages if one["type"] == "line"]
    assert lines == [("robot", "Вы придёте?"), ("caller", "да"), ("robot", "Ждём вас!")]
    end = messages[-1]
    assert (end["type"], end["result"], end["path"]) == ("end", "completed", ["q", "end"])
    assert [(answer["label"], answer["how"]) for answer in end["answers"]] == [("придёт", "phrase")]
    assert heard["code"] == 1000
    assert heard["wrong"] == 0, f"each frame has {FRAME_BYTES} bytes"
    assert heard["loud"] * 20 > 1000, "the robot was heard"
    assert end["latencies"][0]["reply_ms"] < 1000
    assert list(tmp_path.glob("zvonar-talk-*")) == []
