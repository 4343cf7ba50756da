"""The ways by which messages go out: an SMS gateway over HTTP, a mail server, signed webhooks."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import smtplib
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final
from urllib.parse import quote, quote_plus

import httpx

from app.outside import Reach, checked_client, read_within
from app.outside_settings import EmailPart, EmailTls, SmsPart
from app.settings import Settings
from campaigns.campaign import CompanyId
from core.clock import Clock
from core.errors import BadInput, Unavailable
from robot.dialog.flow import Channel
from services.message_delivery import Sender
from services.messages import Message

SMTP_S: Final = 20.0
MOST_BYTES: Final = 65_536
FOR_GOOD: Final = frozenset({400, 410, 413, 422})
"""Refusals that a further try would meet again; any other may pass."""
_PLACE: Final = re.compile(r"\{(phone|digits|text|id)\}")


def senders(settings: Settings, clock: Clock) -> Mapping[Channel, Sender]:
    """All channels as they are set up; one that is not refuses its messages and says what to set."""
    secret = settings.webhooks.secret
    return {
        Channel.SMS: SmsGateway(settings.sms),
        Channel.EMAIL: MailServer(settings.email),
        Channel.WEBHOOK: Webhooks(
            Reach.of(settings.outside.allowed_hosts), None if secret is None else secret.get_secret_value(), clock
        ),
    }


class SmsGateway:
    """Sends SMS by one request to a gateway for each."""

    def __init__(self, part: SmsPart) -> None:
        self._part = part

    async def send(self, company: CompanyId, message: Message) -> None:
        """Returns when the gateway has taken the message."""
        part = self._part
        if part.url is None:
            hint = "Set ZVONAR_SMS__URL, and how its body is written in ZVONAR_SMS__BODY."
            raise BadInput("sms_not_set_up", "No SMS gateway is set up.", hint=hint)
        headers = {name: value.get_secret_value() for name, value in part.headers.items()}
        body = _filled(part.body, message, _escape_for(headers)) if part.method != "GET" else None
        url = _filled(part.url, message, lambda text: quote(text, safe=""))
        async with httpx.AsyncClient(trust_env=False, timeout=SMTP_S) as client:
            said = await _asked(client, part.method, url, headers=headers, content=body)
        if part.success is not None and not re.search(part.success, said):
            raise Unavailable("sms_refused", "The SMS gateway's answer is not the one that means success.")


def _escape_for(headers: Mapping[str, str]) -> Callable[[str], str]:
    kind = next((value for name, value in headers.items() if name.casefold() == "content-type"), "").casefold()
    if "json" in kind:
        return lambda text: json.dumps(text, ensure_ascii=False)[1:-1]
    return quote_plus if "urlencoded" in kind else str


def _filled(pattern: str, message: Message, escape: Callable[[str], str]) -> str:
    values = {
        "phone": message.recipient,
        "digits": message.recipient.lstrip("+"),
        "text": message.text,
        "id": str(message.id),
    }
    return _PLACE.sub(lambda place: escape(values[place[1]]), pattern)


class MailServer:
    """Sends e-mail by SMTP, each message over a connection of its own, in a thread."""

    def __init__(self, part: EmailPart) -> None:
        self._part = part

    async def send(self, company: CompanyId, message: Message) -> None:
        """Returns when the server has taken the message."""
        if self._part.host is None or not self._part.sender:
            hint = "Set ZVONAR_EMAIL__HOST and ZVONAR_EMAIL__SENDER."
            raise BadInput("email_not_set_up", "No mail server is set up.", hint=hint)
        await asyncio.to_thread(self._send, self._part.host, _mail(self._part, message))

    def _send(self, host: str, mail: EmailMessage) -> None:
        try:
            with closing(self._connected(host)) as server:
                if self._part.user is not None:
                    server.login(self._part.user, self._part.password.get_secret_value())
                server.send_message(mail)
                with suppress(smtplib.SMTPException, OSError):  # it has the message: how it parts does not matter
                    server.quit()
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if all(500 <= code < 600 for code in codes):
                raise BadInput("address_refused", "The mail server does not know this address.", field="to") from error
            raise Unavailable("address_deferred", "The mail server does not take this address now.") from error
        except smtplib.SMTPDataError as error:
            kind = BadInput if error.smtp_code >= 500 else Unavailable
            raise kind("email_refused", f"The mail server refused the message ({error.smtp_code}).") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable("mail_server_away", f"The mail server does not serve: {type(error).__name__}.") from error

    def _connected(self, host: str) -> smtplib.SMTP:
        part = self._part
        if part.tls is EmailTls.TLS:
            return smtplib.SMTP_SSL(host, part.port, timeout=SMTP_S, context=ssl.create_default_context())
        server = smtplib.SMTP(host, part.port, timeout=SMTP_S)
        if part.tls is EmailTls.STARTTLS:
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server


def _mail(part: EmailPart, message: Message) -> EmailMessage:
    """The message as mail; its Message-ID is the same at every try, so that a mailbox may know a repeated one."""
    mail = EmailMessage()
    try:
        mail["To"] = Address(addr_spec=message.recipient)
    except (HeaderParseError, ValueError, IndexError) as error:
        raise BadInput("bad_address", "The address is no e-mail address.", field="to") from error
    mail["From"] = part.sender
    mail["Subject"] = " ".join(message.subject.split())
    mail["Message-ID"] = f"<{message.id}.{int(message.created_at.timestamp())}@{_domain(part.sender)}>"
    mail["Date"] = message.created_at
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    return mail


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].strip(" >") or "localhost"


class Webhooks:
    """Posts messages as JSON to the address that a scenario names, signed with the company's key."""

    def __init__(self, reach: Reach, secret: str | None, clock: Clock) -> None:
        self._reach = reach
        self._secret = secret
        self._clock = clock

    async def send(self, company: CompanyId, message: Message) -> None:
        """Returns when the other side has answered with success."""
        if self._secret is None:
            hint = "Set ZVONAR_WEBHOOKS__SECRET to at least 16 characters."
            raise BadInput("webhooks_not_set_up", "There is no secret to sign webhooks with.", hint=hint)
        body = message.text.encode("utf-8", "replace")
        at = int(self._clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Zvonar",
            "X-Zvonar-Delivery": str(message.id),
            "X-Zvonar-Signature": f"t={at},v1={signature(company_key(self._secret, company), at, body)}",
        }
        async with checked_client(self._reach) as client:
            await _asked(client, "POST", message.recipient, headers=headers, content=body)


def company_key(secret: str, company: CompanyId) -> str:
    """The key that the company's webhooks are signed with, to be known by it and its receivers alone."""
    return hmac.new(secret.encode(), f"company {int(company)}".encode(), hashlib.sha256).hexdigest()


def signature(key: str, at: int, body: bytes) -> str:
    """HMAC-SHA256 of the Unix time `at`, a dot and the body, in hexadecimal."""
    return hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


async def _asked(
    client: httpx.AsyncClient, method: str, url: str, *, headers: Mapping[str, str], content: str | bytes | None
) -> str:
    """The beginning of the answer's body; what is no success is an error that says whether to try again."""
    try:
        async with client.stream(method, url, headers=headers, content=content) as answer:
            body = await read_within(answer, MOST_BYTES)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError) as error:
        raise BadInput("bad_request", "The message cannot be written as HTTP.", field="to") from error
    except httpx.HTTPError as error:
        raise Unavailable("unreachable", "There is no answer.") from error
    if answer.status_code in FOR_GOOD or 300 <= answer.status_code < 400:
        raise BadInput("refused", f"The other side refused with {answer.status_code}.")
    if not answer.is_success:
        raise Unavailable("not_taken", f"The other side answered {answer.status_code}.")
    return body.decode("utf-8", "replace")
