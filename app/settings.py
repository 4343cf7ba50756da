"""Settings, read once: the environment over `zvonar.toml` over defaults, then frozen.

Secrets are never printed: passwords are kept as `SecretStr`.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from core.errors import BadInput
from telephony_esl.switch import SwitchSettings
from telephony_esl.trunks import Trunk

ROOT = Path(__file__).resolve().parent.parent
SIMULATED_TRUNK = "simulator"
VERSION = "0.1.0"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TrunkPart(_Part):
    """One trunk of a FreeSWITCH: `gateway` is the dial-string prefix, as in `sofia/gateway/provider`."""

    name: str
    gateway: str
    lines: int = Field(default=30, ge=1)
    calls_per_second: float = Field(default=10, gt=0)
    prefix: str = ""
    price_per_minute: Decimal = Field(default=Decimal(0), ge=0)


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
            trunks=tuple(Trunk(**part.model_dump(exclude={"price_per_minute"})) for part in self.trunks),
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
    switches: tuple[SwitchPart, ...] = ()
    simulator: SimulatorPart = SimulatorPart()
    operator_trunk: str | None = None
    calls_at_once: int = Field(default=100, ge=1)
    worker_silent_s: float = Field(default=10, ge=3)
    drain_s: float = Field(default=60, ge=0)
    models_mirror: str | None = None
    models_folder: Path | None = None
    prompt_cache_mb: int = Field(default=1024, ge=1)

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
    def prices(self) -> dict[str, Decimal]:
        """What a minute costs by trunk."""
        if not self.switches:
            return {SIMULATED_TRUNK: self.simulator.price_per_minute}
        return {trunk.name: trunk.price_per_minute for switch in self.switches for trunk in switch.trunks}

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
