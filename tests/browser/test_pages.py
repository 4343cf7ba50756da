"""The interface over a real server: signing in, loading contacts, live numbers, calls, languages, a phone's width."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import FilePayload, expect

from core.results import CallResult
from robot.dialog.events import GivenAnswer, How
from robot.dialog.flow import StepId
from robot.outcome import Latency, Outcome, Speaker, Utterance
from tests.browser.site import LOGIN, PASSWORD, PHONE, Visit, visiting
from tests.conftest import Fresh

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

CONTACTS = (
    "Фамилия;Имя;Телефон;Сумма\r\n"
    'Щукин;"Иван""; DROP}|,";89161234567;7100\r\n'
    "Ёлкина;Анна;8 (916) 123-45-68;1400\r\n"
    "Безномеров;Олег;123;500\r\n"
).encode("cp1251")
FILE: FilePayload = {"name": "клиенты.csv", "mimeType": "text/csv", "buffer": CONTACTS}
ATTEMPT = """
INSERT INTO attempts (campaign_id, lead_id, leg_id, worker_id, phone_index, phone, started_at, answered_at, ended_at,
                      result, cause, sip_status, details, recording, scenario_version_id)
SELECT l.campaign_id, l.id, gen_random_uuid(), gen_random_uuid(), 0, c.phones[1], now(), now(), now(),
       'completed', 'NORMAL_CLEARING', 200, CAST(:details AS jsonb), :recording, g.scenario_version_id
FROM leads l JOIN contacts c ON c.id = l.contact_id JOIN campaigns g ON g.id = l.campaign_id
WHERE l.campaign_id = :campaign ORDER BY l.id LIMIT 1
"""


def survey(name: str = "Опрос") -> dict[str, Any]:
    answers = [{"label": "Доволен", "key": "1", "phrases": "да"}, {"label": "Недоволен", "key": "2", "phrases": "нет"}]
    question = {"title": "Оценка", "prompt": {"text": "Вам понравилось?"}, "answers": answers}
    return {
        "name": name,
        "script": {"kind": "survey", "questions": [question]},
        "schedule": {"week": [[{"start": "00:00", "end": "00:00"}]] * 7},
        "trunk": "simulator",
    }


async def with_contacts(visit: Visit) -> int:
    """A survey with two contacts."""
    made: int = (await visit.post("campaigns", survey()))["id"]
    report = await visit.post(f"campaigns/{made}/contacts", multipart={"file": FILE})
    assert report["loaded"] == 2
    return made


async def test_a_newcomer_signs_in_and_is_told_what_to_do_first(fresh: Fresh, tmp_path: Path) -> None:
    async with visiting(fresh, tmp_path) as visit:
        await visit.go("/")
        await visit.page.get_by_label("Логин").fill(LOGIN)
        await visit.page.get_by_label("Пароль", exact=True).fill("неверный")
        await visit.click("Войти")
        await expect(visit.page.get_by_role("alert")).to_have_text("Неверный логин или пароль.")
        await visit.page.get_by_label("Пароль", exact=True).fill(PASSWORD)
        await visit.page.keyboard.press("Enter")
        await visit.shows("С чего начать")
        await visit.page.get_by_text("EN", exact=True).click()
        await visit.shows("Where to begin")
        await visit.page.reload()
        await visit.click("Create the first campaign", "link")
        await expect(visit.page).to_have_title("New campaign · Zvonar")
        await visit.click("Account")
        await visit.click("Sign out", "menuitem")
        await expect(visit.page.get_by_label("Login")).to_be_focused()


async def test_R9_1_a_list_with_cyrillic_names_and_bad_rows_is_loaded(fresh: Fresh, tmp_path: Path) -> None:
    async with visiting(fresh, tmp_path) as visit:
        await visit.post("session", {"login": LOGIN, "password": PASSWORD})
        made = await visit.post("campaigns", survey())
        await visit.go(f"/campaigns/{made['id']}")
        await visit.page.get_by_role("main").get_by_role("button", name="Загрузить контакты").last.click()
        await visit.page.locator("input[type=file]").set_input_files(FILE)
        await visit.shows("точка с запятой")
        await visit.click("Загрузить")
        dialog = visit.page.get_by_role("dialog")
        # The page behind has heard of the contacts by now; what the dialog has to say of the bad rows must stay.
        await expect(visit.page.locator('[data-bucket="not_called"] .count')).to_have_text("2")
        await expect(dialog.get_by_role("row", name="Безномеров")).to_have_count(0)
        await expect(dialog.get_by_role("row").filter(has_text="123")).to_contain_text("Телефон")
        async with visit.page.expect_download() as download:
            await visit.click("Скачать список ошибок")
        assert "123" in Path(await (await download.value).path()).read_text("utf-8-sig")
        await visit.click("Готово")
        await visit.page.locator('[data-bucket="not_called"]').click()
        await visit.shows('Щукин Иван"; DROP}|,')
        await visit.shows("+7 916 123-45-68")


async def test_R2_3_a_campaign_is_switched_on_and_off(fresh: Fresh, tmp_path: Path) -> None:
    async with visiting(fresh, tmp_path) as visit:
        await visit.post("session", {"login": LOGIN, "password": PASSWORD})
        await with_contacts(visit)
        await visit.go("/campaigns")
        await visit.page.get_by_role("switch", name="Запустить «Опрос»").press("Space")
        await expect(visit.page.get_by_role("switch", name="Приостановить «Опрос»")).to_be_checked()
        await expect(visit.page.locator("tr", has_text="Опрос").locator(".status")).to_have_text("В работе")
        await visit.click("Опрос", "link")
        await visit.click("Пауза")
        await expect(visit.page.get_by_role("button", name="Запустить")).to_be_visible()
        await expect(visit.page.locator(".status").first).to_have_text("Пауза")


async def test_R2_7_the_buckets_move_by_themselves(fresh: Fresh, tmp_path: Path) -> None:
    async with visiting(fresh, tmp_path) as visit:
        await visit.post("session", {"login": LOGIN, "password": PASSWORD})
        campaign = await with_contacts(visit)
        async with visit.page.expect_event("websocket") as live:
            await visit.go(f"/campaigns/{campaign}")
        await live.value
        bucket = visit.page.locator
        await expect(bucket('[data-bucket="not_called"] .count')).to_have_text("2")
        one = "(SELECT min(id) FROM leads WHERE campaign_id = :campaign)"
        await visit.site.change(campaign, f"UPDATE leads SET state = 'reached', attempts = 1 WHERE id = {one}")
        await expect(bucket('[data-bucket="reached"] .count')).to_have_text("1")
        await visit.site.change(campaign, f"UPDATE leads SET state = 'failed', attempts = 2 WHERE id > {one}")
        await expect(bucket('[data-bucket="failed"] .count')).to_have_text("1")
        await expect(bucket('[data-bucket="not_called"] .count')).to_have_text("0")


async def test_R6_12_a_call_is_read_and_listened_to(fresh: Fresh, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "call.wav"), "wb") as sound:
        sound.setparams((2, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(4 * 8000 * 3))
    answer = GivenAnswer(
        step=StepId("question1"),
        question="Оценка",
        answer="answer1",
        label="Доволен",
        how=How.PHRASE,
        said="да",
        confidence=0.9,
    )
    outcome = Outcome(
        result=CallResult.COMPLETED,
        answers=(answer,),
        transcript=(
            Utterance(Speaker.ROBOT, "Вам понравилось?", 100, 1500, interrupted=True),
            Utterance(Speaker.CALLER, "да", 1600, 2000, confidence=0.9),
        ),
        path=("question1", "end"),
        latencies=(Latency(1, 420),),
    )
    async with visiting(fresh, tmp_path) as visit:
        await visit.post("session", {"login": LOGIN, "password": PASSWORD})
        campaign = await with_contacts(visit)
        details = msgspec.json.encode(outcome).decode()
        await visit.site.change(campaign, ATTEMPT, details=details, recording="call.wav")
        await visit.go(f"/campaigns/{campaign}?view=calls")
        await visit.page.locator(".row-link").locator("visible=true").click()
        card = visit.page.get_by_role("dialog")
        await expect(card.locator(".utterance")).to_have_text(
            ["Робот, 0:00, перебилВам понравилось?", "Собеседник, 0:02да"]
        )
        await expect(card).to_contain_text("да (уверенность 90 %)")
        await expect(card).to_contain_text("420 мс")
        seconds = await card.locator("audio").evaluate(
            "a => a.duration || new Promise(r => a.addEventListener('loadedmetadata', () => r(a.duration)))"
        )
        assert seconds == pytest.approx(3, abs=0.1)
        await visit.page.keyboard.press("Escape")
        await expect(card).to_have_count(0)


@pytest.mark.parametrize(("language", "dark"), [("ru", False), ("en", True)])
async def test_no_page_scrolls_sideways_on_a_telephone(fresh: Fresh, tmp_path: Path, language: str, dark: bool) -> None:
    async with visiting(fresh, tmp_path, size=PHONE, language=language, dark=dark) as visit:
        await visit.go("/")
        await expect(visit.page.locator("input[name=login]")).to_be_visible()
        await fits(visit)
        await visit.sign_in("/campaigns")
        await fits(visit)
        campaign = await with_contacts(visit)
        await visit.post("operator-groups", {"name": "Отдел продаж и сопровождения", "phones": ["101", "+79161234567"]})
        for path in ("/campaigns", "/groups", f"/campaigns/{campaign}"):
            await visit.go(path)
            await fits(visit)
        for tab in (1, 2, 3):
            await visit.page.get_by_role("tab").nth(tab).click()
            await fits(visit)
        await visit.go("/campaigns/new")
        for place in range(3):
            await visit.page.locator(".kind").nth(place).click()
            await fits(visit)


async def fits(visit: Visit) -> None:
    await expect(visit.page.locator("[aria-busy]")).to_have_count(0)
    await expect(visit.page.locator(".mantine-Loader-root")).to_have_count(0)
    await expect(visit.page.locator("#root")).not_to_be_empty()
    wide = await visit.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE[0], f"{visit.page.url} is {wide} px wide"
