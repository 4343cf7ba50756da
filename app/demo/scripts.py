"""What the demo's robots say: the three scripts as a designer would write them."""

from __future__ import annotations

from typing import Any, Final

from campaigns.campaign import CampaignKind

GROUP: Final = "Отдел продаж"
NAMES: Final = {
    CampaignKind.NOTIFICATION: "Напоминание о доставке",
    CampaignKind.SURVEY: "Опрос после покупки",
    CampaignKind.OFFER: "Особое предложение",
}
_NUMBERS: Final = (("Один", "один"), ("Два", "два"), ("Три", "три"), ("Четыре", "четыре"), ("Пять", "пять"))

SCRIPTS: Final[dict[CampaignKind, dict[str, Any]]] = {
    CampaignKind.NOTIFICATION: {
        "kind": "notification",
        "language": "ru",
        "message": {
            "text": "Здравствуйте, {first_name|уважаемый клиент}! Магазин «Ромашка» привезёт ваш заказ {Дата}. "
            "К оплате {Сумма} руб. Чтобы подтвердить, нажмите один. Чтобы послушать ещё раз, нажмите два.",
            "voice": "female",
        },
        "repeat_key": "2",
        "confirm": {"key": "1", "label": "Подтверждено"},
    },
    CampaignKind.SURVEY: {
        "kind": "survey",
        "language": "ru",
        "greeting": {"text": "Здравствуйте! Это магазин «Ромашка». Два коротких вопроса.", "voice": "female"},
        "questions": [
            {
                "title": "Довольны ли покупкой",
                "prompt": {"text": "Вы довольны покупкой? Скажите «да» или «нет», или нажмите один или два."},
                "answers": [
                    {"label": "Доволен", "key": "1", "phrases": "да, хорошо, доволен"},
                    {"label": "Недоволен", "key": "2", "phrases": "нет, не надо, не доволен"},
                ],
                "repeats": 2,
                "otherwise": "next",
            },
            {
                "title": "Оценка магазина",
                "prompt": {"text": "Оцените наш магазин от одного до пяти: скажите число или нажмите клавишу."},
                "answers": [
                    {"label": label, "key": str(number), "phrases": phrase}
                    for number, (label, phrase) in enumerate(_NUMBERS, start=1)
                ],
                "repeats": 2,
                "otherwise": "next",
            },
        ],
        "closing": {"text": "Спасибо за ответы! До свидания."},
    },
    CampaignKind.OFFER: {
        "kind": "offer",
        "language": "ru",
        "prompt": {
            "text": "Здравствуйте, {first_name|уважаемый клиент}! Только для вас скидка десять процентов. Интересно? "
            "Скажите «да» или нажмите один. Если нет, нажмите два. Перезвонить позже — нажмите три.",
            "voice": "male",
        },
        "answers": [
            {
                "label": "Интересно",
                "key": "1",
                "phrases": "да, хочу, интересно, давайте",
                "reply": {"text": "Соединяю с оператором.", "voice": "male"},
                "then": "transfer",
                "group": GROUP,
            },
            {
                "label": "Не интересно",
                "key": "2",
                "phrases": "нет, не хочу, не интересно, не нужно",
                "reply": {"text": "Хорошо, не будем беспокоить. До свидания.", "voice": "male"},
                "then": "end",
            },
            {
                "label": "Перезвонить",
                "key": "3",
                "phrases": "перезвоните, позже",
                "reply": {"text": "Перезвоним через полчаса.", "voice": "male"},
                "then": "callback",
                "delay_min": 30,
            },
        ],
        "repeats": 1,
        "no_answer": {"text": "Не расслышал вас. До свидания.", "voice": "male"},
        "transfer_failed": {"text": "Все операторы заняты, мы перезвоним. До свидания.", "voice": "male"},
    },
}
