"""Settings of what calls reach outside: HTTP, actions, messages. Secrets are kept as `SecretStr`."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OutsidePart(_Part):
    """What scenarios may call over HTTP: the public internet, and besides it `allowed_hosts`.

    Each is a host's name, an address or a network (`10.1.0.0/16`). Answers longer than `most_answer_kb` are refused.
    """

    allowed_hosts: tuple[str, ...] = ()
    most_answer_kb: int = Field(default=256, ge=1, le=65536)


class ActionsPart(_Part):
    """Where custom actions are: trusted Python packages that run in this process, and an action server."""

    packages: tuple[str, ...] = ()
    server: str | None = Field(default=None, pattern=r"^https?://\S+$")
    headers: dict[str, SecretStr] = {}


class SmsPart(_Part):
    """A gateway that takes SMS over HTTP.

    In `url` and `body` stand `{phone}`, `{digits}` (the phone without its +), `{text}` and `{id}`, escaped as the place
    wants it. With `success` an answer counts only where this pattern is found in it.
    """

    url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    method: str = Field(default="POST", pattern=r"^(GET|POST|PUT)$")
    headers: dict[str, SecretStr] = {"Content-Type": SecretStr("application/json")}
    body: str = '{"to": "{phone}", "text": "{text}"}'
    success: str | None = None


class EmailTls(StrEnum):
    """How a connection to the mail server is kept secret."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class EmailPart(_Part):
    """The mail server (SMTP) and the sender of e-mail."""

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65535)
    tls: EmailTls = EmailTls.STARTTLS
    user: str | None = None
    password: SecretStr = SecretStr("")
    sender: str = ""


class WebhooksPart(_Part):
    """The secret from which each company's key for signing its webhooks is made; without it none is sent."""

    secret: SecretStr | None = Field(default=None, min_length=16)
