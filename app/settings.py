"""Settings, read once: the environment over `zvonar.toml` over defaults, then frozen.

Secrets are never printed: passwords are kept as `SecretStr`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from app.outside_settings import ActionsPart, EmailPart, OutsidePart, SmsPart, WebhooksPart
from campaigns.trunk_terms import TrunkTerms
from core.errors import BadInput
from robot.amd.model import Bias
from telephony_esl.switch import SwitchSettings
from telephony_esl.trunks import Trunk

ROOT = Path(__file__).resolve().parent.parent
SIMULATED_TRUNK = "simulator"
VERSION = "0.1.0"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CallerNumberPart(_Part):
    """A number that the trunk's carrier lets be shown, to the end of the day `until` (UTC), or for good."""

    number: str = Field(pattern=r"^\+?[0-9]{2,20}$")
    until: date | None = None

    @property
    def expires_at(self) -> datetime | None:
        """The first instant at which it may not be shown any more."""
        return None if self.until is None else datetime.combine(self.until, time(), UTC) + timedelta(days=1)


class TrunkPart(_Part):
    """One trunk of a FreeSWITCH: `gateway` is the dial-string prefix, as in `sofia/gateway/provider`.

    `caller_numbers` are those that its carrier has verified; left out, any may be shown. `label_header` is the SIP
    header that takes the call label of the company, where the carrier takes one (`X-Call-Label`).
    """

    name: str
    gateway: str
    lines: int = Field(default=30, ge=1)
    calls_per_second: float = Field(default=10, gt=0)
    prefix: str = ""
    price_per_minute: Decimal = Field(default=Decimal(0), ge=0)
    caller_numbers: tuple[CallerNumberPart, ...] | None = None
    label_header: str | None = Field(default=None, pattern=r"^[A-Za-z][A-Za-z0-9-]{0,60}$")

    @property
    def terms(self) -> TrunkTerms:
        """What was agreed on with its carrier, as the rules take it."""
        numbers = self.caller_numbers
        known = None if numbers is None else {one.number: one.expires_at for one in numbers}
        return TrunkTerms(self.price_per_minute, known)


class MetricsPart(_Part):
    """Where a process without the interface (`zvonar pacer`, `zvonar calls`) serves /metrics; without a port nowhere.

    Anybody who reaches it can read it, so it listens on this machine alone unless it is told otherwise.
    """

    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=0, le=65535)


class SwitchPart(_Part):
    """One FreeSWITCH reached by its event socket."""

    name: str
    host: str = "127.0.0.1"
    port: int = 8021
    password: SecretStr = SecretStr("ClueCon")
    media_host: str = "127.0.0.1"
    trunks: tuple[TrunkPart, ...] = ()

    def settings(self) -> SwitchSettings:
        """The same as the telephony package takes it."""
        return SwitchSettings(
            name=self.name,
            host=self.host,
            port=self.port,
            password=self.password.get_secret_value(),
            media_host=self.media_host,
            trunks=tuple(
                Trunk(**part.model_dump(exclude={"price_per_minute", "caller_numbers"})) for part in self.trunks
            ),
        )


class SimulatorPart(_Part):
    """The pretend telephone network that is used while no switch is named."""

    cast: Path | None = None
    lines: int = Field(default=40, ge=1)
    calls_per_second: float = Field(default=20, gt=0)
    price_per_minute: Decimal = Field(default=Decimal(0), ge=0)
    seed: int = 1


class WebPart(_Part):
    """Where the interface and the API listen."""

    host: str = "127.0.0.1"
    port: int = Field(default=8300, ge=0, le=65535)


class Settings(BaseSettings):
    """All that can be set; nested names are joined by two underscores: `ZVONAR_WEB__PORT=8400`."""

    model_config = SettingsConfigDict(
        env_prefix="ZVONAR_",
        env_nested_delimiter="__",
        toml_file=ROOT / "zvonar.toml",
        frozen=True,
        extra="forbid",
    )

    var: Path = ROOT / "var"
    database_url: SecretStr | None = None
    database_owner_url: SecretStr | None = None
    web: WebPart = WebPart()
    metrics: MetricsPart = MetricsPart()
    switches: tuple[SwitchPart, ...] = ()
    simulator: SimulatorPart = SimulatorPart()
    operator_trunk: str | None = None
    calls_at_once: int = Field(default=100, ge=1)
    worker_silent_s: float = Field(default=10, ge=3)
    drain_s: float = Field(default=60, ge=0)
    models_mirror: str | None = None
    models_folder: Path | None = None
    prompt_cache_mb: int = Field(default=1024, ge=1)
    machine_rule: Literal["trained", "cadence"] = "trained"
    machine_bias: Bias = Bias.PEOPLE_FIRST
    outside: OutsidePart = OutsidePart()
    actions: ActionsPart = ActionsPart()
    sms: SmsPart = SmsPart()
    email: EmailPart = EmailPart()
    webhooks: WebhooksPart = WebhooksPart()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code wins over the environment, which wins over the file."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls))

    @property
    def silent_for(self) -> timedelta:
        """How long a worker may be silent before its calls are taken for orphans."""
        return timedelta(seconds=self.worker_silent_s)

    @property
    def terms(self) -> dict[str, TrunkTerms]:
        """What was agreed on with the carriers, by trunk."""
        if not self.switches:
            return {SIMULATED_TRUNK: TrunkTerms(self.simulator.price_per_minute)}
        return {trunk.name: trunk.terms for switch in self.switches for trunk in switch.trunks}

    @property
    def recordings(self) -> Path:
        """The folder below which all recordings lie, by company and day."""
        return self.var / "recordings"

    @property
    def cast_file(self) -> Path:
        """Where the simulated network's numbers are described."""
        return self.simulator.cast or self.var / "simulator" / "cast.yaml"


def read_settings(**given: object) -> Settings:
    """Reads everything; a wrong value is a `BadInput` that names the setting."""
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "__".join(str(part) for part in first["loc"]).upper()
        raise BadInput(
            "bad_setting",
            f"The setting ZVONAR_{name} cannot be used: {first['msg']}.",
            field=name,
            hint="Correct it in the environment or in zvonar.toml.",
        ) from error
