"""Writing a campaign in the browser: each kind, what is wrong shown where it is, nothing typed lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.browser.site import PHONE, Visit, visiting
from tests.conftest import Fresh

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

SCRIPT = "SELECT script FROM scenario_versions ORDER BY id DESC LIMIT 1"


def field(visit: Visit, name: str) -> Locator:
    """A control by the name that the API has for it."""
    return visit.page.locator(f'[data-field="{name}"]')


async def create(visit: Visit) -> None:
    await visit.click("Создать кампанию")


async def created(visit: Visit) -> None:
    await expect(visit.page).to_have_url(re.compile(r"/campaigns/\d+$"))
    await visit.shows("Теперь загрузите контакты")


async def choose(visit: Visit, kind: str) -> None:
    await visit.page.get_by_role("radio", name=kind, exact=True).click()


async def test_R6_1_a_notification_is_written_and_created(fresh: Fresh, tmp_path: Path) -> None:
    async with visiting(fresh, tmp_path) as visit:
        await visit.sign_in("/campaigns/new")
        await field(visit, "name").fill("Запись к врачу")
        await field(visit, "script.message.text").fill("Здравствуйте, ")
        await visit.click("+ Имя")
        await expect(field(visit, "script.message.text")).to_have_value("Здравствуйте, {first_name|клиент}")
        await visit.shows("14 из 500")
        await visit.page.get_by_role("checkbox", name="Повторить сообщение").check()
        await visit.page.get_by_role("checkbox", name="Попросить подтверждение").check()
        await field(visit, "script.confirm.label").fill("Придёт")
        await create(visit)
        await created(visit)
        script = await visit.site.one(SCRIPT)
        assert script["message"]["text"] == "Здравствуйте, {first_name|клиент}"
        assert (script["repeat_key"], script["confirm"]) == ("1", {"key": "2", "label": "Придёт"})


async def test_R6_2_a_survey_is_written_and_a_refusal_stands_at_its_field(fresh: Fresh, tmp_path: Path) -> None:
    async with visiting(fresh, tmp_path) as visit:
        await visit.sign_in("/campaigns/new")
        await choose(visit, "Опрос")
        await field(visit, "name").fill("Оценка")
        await visit.click("Добавить вопрос")
        for number, title in enumerate(("Доставка", "Товар")):
            at = f"script.questions.{number}"
            await field(visit, f"{at}.prompt.text").fill(f"{title}: да или нет?")
            await field(visit, f"{at}.title").fill(title)
            await field(visit, f"{at}.answers.0.label").fill("Хорошо")
            await field(visit, f"{at}.answers.0.phrases").fill("да, хорошо")
            await field(visit, f"{at}.answers.1.label").fill("Плохо")
        await field(visit, "script.questions.0.answers.1.phrases").fill("нет, хорошо")
        await create(visit)
        phrases = field(visit, "script.questions.0.answers.1.phrases")
        await expect(phrases).to_have_attribute("aria-invalid", "true")
        await expect(phrases).to_be_focused()
        await phrases.fill("нет, плохо")
        await expect(phrases).not_to_have_attribute("aria-invalid", "true")
        await visit.click("Вопрос 2 выше")
        await create(visit)
        await created(visit)
        script = await visit.site.one(SCRIPT)
        assert [question["title"] for question in script["questions"]] == ["Товар", "Доставка"]
        assert [(a["key"], a["phrases"]) for a in script["questions"][1]["answers"]] == [
            ("1", "да, хорошо"),
            ("2", "нет, плохо"),
        ]


async def test_R6_3_an_offer_transfers_to_a_group_made_on_the_way(fresh: Fresh, tmp_path: Path) -> None:
    async with visiting(fresh, tmp_path) as visit:
        await visit.sign_in("/campaigns/new")
        await choose(visit, "Предложение")
        await field(visit, "name").fill("Скидка")
        await field(visit, "script.prompt.text").fill("Скидка двадцать процентов. Интересно?")
        await field(visit, "script.answers.0.label").fill("Хочет")
        await visit.click("Новая группа")
        await visit.page.get_by_role("dialog").get_by_label("Название группы").fill("Продажи")
        await visit.page.get_by_role("dialog").get_by_label("Телефоны операторов").fill("101\n+7 916 123-45-67")
        await visit.click("Сохранить")
        await expect(field(visit, "script.answers.0.group")).to_have_value("Продажи")
        await field(visit, "script.answers.1.label").fill("Позже")
        await field(visit, "script.answers.1.then").select_option("callback")
        await create(visit)
        await created(visit)
        answers = (await visit.site.one(SCRIPT))["answers"]
        assert [(a["then"], a["group"], a["delay_min"]) for a in answers] == [
            ("transfer", "Продажи", None),
            ("callback", None, 60),
        ]


async def test_what_is_missing_is_marked_and_nothing_typed_is_lost(fresh: Fresh, tmp_path: Path) -> None:
    async with visiting(fresh, tmp_path) as visit:
        await visit.sign_in("/campaigns/new")
        await field(visit, "script.message.text").fill("я" * 501)
        await visit.shows("501 из 500")
        await create(visit)
        await expect(field(visit, "name")).to_be_focused()
        await expect(field(visit, "script.message.text")).to_have_attribute("aria-invalid", "true")
        await field(visit, "script.message.text").fill("Ваш заказ готов.")
        await field(visit, "name").fill("Заказ")
        await visit.page.reload()
        await expect(field(visit, "name")).to_have_value("Заказ")
        await expect(field(visit, "script.message.text")).to_have_value("Ваш заказ готов.")
        await visit.page.context.clear_cookies()
        await create(visit)
        await visit.page.get_by_label("Логин").fill("anna")
        await visit.page.get_by_label("Пароль", exact=True).fill("верный пароль 1")
        await visit.click("Войти")
        await expect(field(visit, "name")).to_have_value("Заказ")
        await create(visit)
        await created(visit)
        await visit.go("/campaigns/new")
        await expect(field(visit, "name")).to_have_value("")


async def test_R4_1_the_week_is_painted_by_mouse_typed_and_moved_through_by_keys(fresh: Fresh, tmp_path: Path) -> None:
    async with visiting(fresh, tmp_path) as visit:
        await visit.sign_in("/campaigns/new")
        await field(visit, "name").fill("Часы")
        await field(visit, "script.message.text").fill("Здравствуйте.")
        hour = visit.page.locator
        await visit.page.get_by_role("region", name="Когда звонить").get_by_role("button", name="Очистить").click()
        await hour('[data-cell="0-9"]').hover()
        await visit.page.mouse.down()
        for cell in ("0-10", "0-11", "1-11"):
            await hour(f'[data-cell="{cell}"]').hover()
        await visit.page.mouse.up()
        await hour('[data-cell="5-23"]').focus()
        await visit.page.keyboard.press("Space")
        await expect(hour('[data-cell="5-23"]')).to_have_attribute("aria-pressed", "true")
        await visit.page.keyboard.press("ArrowDown")
        await expect(hour('[data-cell="6-23"]')).to_be_focused()
        await visit.page.get_by_text("Текст", exact=True).click()
        monday = visit.page.get_by_role("textbox", name="понедельник")
        await expect(monday).to_have_value("09:00-12:00")
        await monday.fill("9-12:30, 14:00-18")
        await create(visit)
        await created(visit)
        week = (await visit.site.one("SELECT schedule FROM campaigns"))["week"]
        assert week[0] == [{"start": "09:00", "end": "12:30"}, {"start": "14:00", "end": "18:00"}]
        assert week[1] == [{"start": "11:00", "end": "12:00"}]
        assert week[5] == [{"start": "23:00", "end": "00:00"}]
        assert [day for day, periods in enumerate(week) if periods] == [0, 1, 5]


async def test_R2_the_settings_of_calling_arrive_as_chosen(fresh: Fresh, tmp_path: Path) -> None:
    async with visiting(fresh, tmp_path, size=PHONE) as visit:
        await visit.sign_in("/campaigns/new")
        await field(visit, "name").fill("Настройки")
        await field(visit, "script.message.text").fill("Здравствуйте.")
        await field(visit, "trunk").select_option("Город")
        await field(visit, "lines").fill("25")
        await visit.page.get_by_text("Другое", exact=True).click()
        await field(visit, "ring_timeout_s").fill("42")
        await visit.page.get_by_text("Повторные звонки").click()
        await visit.page.get_by_label("Занято: раз подряд").fill("5")
        await visit.page.get_by_label("Занято: пауза, минут").fill("30")
        await visit.page.get_by_role("checkbox", name="Узнавать автоответчики").uncheck()
        await create(visit)
        await created(visit)
        kept = await visit.site.one("SELECT to_jsonb(c) FROM campaigns c")
        assert (kept["trunk"], kept["lines"], kept["ring_timeout_s"], kept["detect_machines"]) == (
            "Город",
            25,
            42,
            False,
        )
        assert (kept["retry"]["limits"]["busy"], kept["retry"]["waits_s"]["busy"]) == (5, 1800)
        await visit.go("/campaigns/new")
        await expect(field(visit, "trunk")).to_have_value("Город")
