"""SPEC R12: SMS by a gateway, e-mail by SMTP, signed webhooks: what goes out, and what a refusal means."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from app.outside import Reach
from app.outside_settings import EmailPart, EmailTls, SmsPart
from app.sending import MailServer, SmsGateway, Webhooks, company_key, signature
from campaigns.campaign import CompanyId
from core.errors import BadInput, Unavailable, ZvonarError
from robot.dialog.flow import Channel
from services.messages import Message, MessageState
from tests.api.conftest import HandClock
from tests.conftest import EPOCH
from tests.fakes.http_server import Said, http_server
from tests.fakes.smtp_server import smtp_server

COMPANY = CompanyId(7)
SECRET = "a secret of some length"
SMS = Message(
    id=12,
    attempt=3,
    step="send",
    channel=Channel.SMS,
    recipient="+79001112233",
    subject="",
    text='Заказ "17" & скидка 5%\nготов',
    state=MessageState.WAITING,
    tries=1,
    error=None,
    error_message=None,
    created_at=EPOCH,
    first_at=EPOCH,
    next_at=EPOCH,
    sent_at=None,
)
MAIL = replace(SMS, channel=Channel.EMAIL, recipient="anna@example.com", subject="Ваш заказ", text="Готов.\n.\nЖдём.")
HOOK = replace(SMS, channel=Channel.WEBHOOK, text='{"event": "message", "текст": "да"}')


async def test_R12_an_sms_goes_to_the_gateway_as_its_body_is_written() -> None:
    async with http_server(lambda _: Said(body=b'{"status":"ok"}')) as server:
        part = SmsPart(
            url=server.url("/send?id={id}&to={digits}"),
            headers={"Content-Type": SecretStr("application/json"), "X-Key": SecretStr("key")},
            success='"status": ?"ok"',
        )
        await SmsGateway(part).send(COMPANY, SMS)
        form = {"Content-Type": SecretStr("application/x-www-form-urlencoded")}
        await SmsGateway(SmsPart(url=server.url(), headers=form, body="t={text}&p={phone}")).send(COMPANY, SMS)
    first, second = server.asked
    assert (first.method, first.target, first.headers["x-key"]) == ("POST", "/send?id=12&to=79001112233", "key")
    assert json.loads(first.body) == {"to": "+79001112233", "text": SMS.text}
    assert parse_qs(second.body.decode()) == {"t": [SMS.text], "p": ["+79001112233"]}


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        (Said(400), BadInput, "refused"),
        (Said(302, headers={"Location": "/"}), BadInput, "refused"),
        (Said(401), Unavailable, "not_taken"),
        (Said(500), Unavailable, "not_taken"),
        (Said(breaks=True), Unavailable, "unreachable"),
        (Said(body=b'{"status":"error"}'), Unavailable, "sms_refused"),
    ],
)
async def test_R12_what_a_gateway_answers_says_whether_to_try_again(
    said: Said, kind: type[ZvonarError], code: str
) -> None:
    async with http_server(lambda _: said) as server:
        with pytest.raises(kind) as error:
            await SmsGateway(SmsPart(url=server.url(), success="ok")).send(COMPANY, SMS)
    assert error.value.code == code


async def test_R12_what_is_not_set_up_says_what_to_set() -> None:
    for sender, message in (
        (SmsGateway(SmsPart()), SMS),
        (MailServer(EmailPart()), MAIL),
        (Webhooks(Reach(), None, HandClock()), HOOK),
    ):
        with pytest.raises(BadInput) as error:
            await sender.send(COMPANY, message)
        assert "ZVONAR_" in (error.value.hint or "")


# ---- e-mail


def mail_server(port: int) -> MailServer:
    return MailServer(EmailPart(host="127.0.0.1", port=port, tls=EmailTls.NONE, sender="Робот <robot@zvonar.example>"))


async def test_R12_a_mail_arrives_as_it_was_written() -> None:
    async with smtp_server() as server:
        await mail_server(server.port).send(COMPANY, MAIL)
        await mail_server(server.port).send(COMPANY, MAIL)
    first, again = server.mails
    assert server.recipients == ["anna@example.com"] * 2
    assert (first["To"], first["Subject"]) == ("anna@example.com", "Ваш заказ")
    assert first.get_content().splitlines() == ["Готов.", ".", "Ждём."]
    assert first["Message-ID"] == again["Message-ID"]


@pytest.mark.parametrize(
    ("refusals", "kind", "code"),
    [
        ({"RCPT": "550 nobody"}, BadInput, "address_refused"),
        ({"RCPT": "450 later"}, Unavailable, "address_deferred"),
        ({".": "554 spam"}, BadInput, "email_refused"),
        ({".": "451 later"}, Unavailable, "email_refused"),
        ({"MAIL": "530 who are you"}, Unavailable, "mail_server_away"),
    ],
)
async def test_R12_a_mail_servers_refusal_says_whether_to_try_again(
    refusals: dict[str, str], kind: type[ZvonarError], code: str
) -> None:
    async with smtp_server(refusals) as server:
        with pytest.raises(kind) as error:
            await mail_server(server.port).send(COMPANY, MAIL)
    assert (type(error.value), error.value.code) == (kind, code)


async def test_R12_a_mail_server_that_is_away_may_come_back() -> None:
    async with smtp_server() as server:
        port = server.port
    with pytest.raises(Unavailable):
        await mail_server(port).send(COMPANY, MAIL)


async def test_R12_no_mail_goes_out_in_the_clear_where_secrecy_is_wanted() -> None:
    async with smtp_server() as server:
        part = EmailPart(host="127.0.0.1", port=server.port, sender="robot@zvonar.example")
        with pytest.raises(Unavailable):
            await MailServer(part).send(COMPANY, MAIL)
    assert server.mails == []


@pytest.mark.parametrize("address", ["", "anna", "a@b\nBcc: c@d.example", "@x", "<a@b.example>"])
async def test_R12_what_is_no_address_gets_no_mail(address: str) -> None:
    async with smtp_server() as server:
        with pytest.raises(BadInput, match="no e-mail address"):
            await mail_server(server.port).send(COMPANY, replace(MAIL, recipient=address))
    assert server.mails == []


# ---- webhooks


async def test_R12_a_webhook_is_signed_with_the_companys_key_and_the_time() -> None:
    clock = HandClock()
    async with http_server(lambda _: Said()) as server:
        hook = replace(HOOK, recipient=server.url("/hook"))
        await Webhooks(Reach.of(["127.0.0.1"]), SECRET, clock).send(COMPANY, hook)
    (one,) = server.asked
    assert (one.body.decode(), one.headers["x-zvonar-delivery"]) == (HOOK.text, "12")
    at = int(clock.now().timestamp())
    signed = signature(company_key(SECRET, COMPANY), at, one.body)
    assert one.headers["x-zvonar-signature"] == f"t={at},v1={signed}"
    others = {
        signature(company_key(SECRET, CompanyId(8)), at, one.body),
        signature(company_key(SECRET, COMPANY), at + 1, one.body),
        signature(company_key(SECRET, COMPANY), at, one.body + b" "),
    }
    assert signed not in others
    assert len(others) == 3


async def test_R12_a_webhook_reaches_nothing_inside() -> None:
    async with http_server(lambda _: Said()) as server:
        with pytest.raises(BadInput) as error:
            await Webhooks(Reach(), SECRET, HandClock()).send(COMPANY, replace(HOOK, recipient=server.url()))
    assert (error.value.code, server.asked) == ("address_not_allowed", [])
