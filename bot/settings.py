"""Settings: everything that differs from one installation to the next, read from the environment.

Each variable may also be given as NAME_FILE, the path of a file that holds the value, and in a `.env` file. The
sentence beside each field is its documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

__all__ = ["Settings", "SettingsError", "load", "names"]


class SettingsError(Exception):
    """The environment does not allow a start: one line per variable says what to correct."""


def _database(url: str) -> str:
    if url.startswith("sqlite:///"):
        return url
    scheme, found, rest = url.partition("://")
    if not found or scheme not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise ValueError("must begin with postgresql://, postgres:// or sqlite:///")
    return f"postgresql+psycopg://{rest}"


def _redis(url: str) -> str:
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return url


def _address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:  # a port or an IPv6 host that cannot be one
        usable = False
    if not usable:
        raise ValueError("must be an address that begins with https:// or http://")
    if "@" in parts.netloc or "?" in url or "#" in url or re.search(r"\s", url):
        raise ValueError("must hold no user name, no ?query, no #fragment and no space")
    return parts


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _public(url: str) -> str:
    parts = _address(url)
    if "_" in parts.netloc:  # Twilio docs, StatusCallback: "must contain a valid hostname, no underscores"
        raise ValueError("must have no underscore in its host name: Twilio refuses it")
    if parts.scheme != "https" and not is_loopback(url):
        raise ValueError("must begin with https:// (http:// only on this machine)")
    return url.rstrip("/")


def _api(url: str) -> str:
    if _address(url).path.strip("/"):
        raise ValueError("must have no path, only scheme, host and port")
    return url.rstrip("/")


def _number(number: str) -> str:
    if not re.fullmatch(r"\+[1-9]\d{6,14}|\d{3,8}", number):
        raise ValueError("must be a number such as +33937000001, or a short code")
    return number


def _upper(value: str) -> str:
    return value.upper()


def _mail_server(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("smtp", "smtps") and parts.hostname and (parts.port or True) and parts.path in ("", "/")
    except ValueError:  # a port or an IPv6 host that cannot be one
        usable = False
    if not usable or "?" in url or "#" in url or re.search(r"\s", url):
        raise ValueError("must look like smtp://user:password@host:587 or smtps://user:password@host")
    if url.count("@") > 1:
        raise ValueError("must have each @ of the user's name or password written as %40")
    return url


def _mail_address(address: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.!#$%&*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", address):
        raise ValueError("must be an address such as parley@shop.example")
    return address


class Settings(BaseSettings):
    """What this installation is set to. Made by `load`."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: Annotated[str, AfterValidator(_database)] = Field(
        repr=False, description="Where everything is kept: postgresql://user:password@host/name or sqlite:///file."
    )
    redis_url: Annotated[str, AfterValidator(_redis)] | None = Field(
        None, repr=False, description="The Redis that wakes the workers; without it the clock does their part, slowly."
    )
    secret_key: SecretStr = Field(
        min_length=32, description="At least 32 random characters that sign sessions and links; keep it for ever."
    )
    base_url: Annotated[str, AfterValidator(_public)] = Field(
        description="The public address, exactly as typed at the carrier; webhook signatures and links depend on it."
    )
    port: int = Field(8000, ge=1, le=65535, description="The port that the web process listens on.")
    web_concurrency: int = Field(2, ge=1, le=64, description="How many web processes run side by side.")
    twilio_account_sid: str = Field(
        pattern=r"^AC[0-9a-f]{32}$", description="The account at Twilio: AC and 32 characters, from its console."
    )
    twilio_auth_token: SecretStr = Field(
        min_length=1, description="The account's secret at Twilio; it signs webhooks and opens the API."
    )
    twilio_auth_token_previous: SecretStr | None = Field(
        None, min_length=1, description="The token before, still good for webhooks while you change it."
    )
    twilio_messaging_service_sid: str | None = Field(
        None,
        pattern=r"^MG[0-9a-f]{32}$",
        description="The Twilio Messaging Service that picks the number to send from.",
    )
    twilio_phone_number: Annotated[str, AfterValidator(_number)] | None = Field(
        None,
        validation_alias=AliasChoices("TWILIO_PHONE_NUMBER", "TWILIO_NUMBER", "TWILIO_FROM"),
        description="The number to send from where there is no Messaging Service.",
    )
    twilio_api_base: Annotated[str, AfterValidator(_api)] | None = Field(
        None, description="Another scheme and host for every call to Twilio's API, such as http://127.0.0.1:9000."
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO", description="How much is logged: DEBUG, INFO, WARNING or ERROR."
    )
    carrier: Literal["twilio", "simulated"] = Field(
        "twilio",
        validation_alias="PARLEY_CARRIER",
        description="Who carries the messages: twilio, or simulated (no real phone; TWILIO_API_BASE on this machine).",
    )
    web_threads: int = Field(
        8,
        ge=1,
        le=256,
        validation_alias="PARLEY_WEB_THREADS",
        description="How many requests each web process answers at a time.",
    )
    bulk_workers: int = Field(
        1,
        ge=1,
        le=64,
        validation_alias="PARLEY_BULK_WORKERS",
        description="How many processes of `parley worker` send campaigns side by side.",
    )
    api_rate: int = Field(
        600,
        ge=1,
        le=1_000_000,
        validation_alias="PARLEY_API_RATE",
        description="How many requests a minute each API token may make.",
    )

    proxies: int = Field(
        0,
        ge=0,
        le=10,
        validation_alias="PARLEY_PROXIES",
        description="How many proxies stand before the web process: the address of who signs in is what they say it is.",
    )

    smtp_url: Annotated[str, AfterValidator(_mail_server)] | None = Field(
        None,
        repr=False,
        validation_alias="PARLEY_SMTP_URL",
        description="The mail server for alerts: smtp://user:password@host:587, or smtps://; without it none goes by e-mail.",
    )
    mail_from: Annotated[str, AfterValidator(_mail_address)] | None = Field(
        None, validation_alias="PARLEY_MAIL_FROM", description="The address that e-mails come from; needed with PARLEY_SMTP_URL."
    )

    @model_validator(mode="after")
    def _mail_has_a_sender(self) -> Self:
        if self.smtp_url and not self.mail_from:
            raise ValueError("PARLEY_MAIL_FROM: must be set when PARLEY_SMTP_URL is")
        return self

    @model_validator(mode="after")
    def _simulated_stays_here(self) -> Self:
        if self.carrier == "simulated" and not (self.twilio_api_base and is_loopback(self.twilio_api_base)):
            raise ValueError("TWILIO_API_BASE: must be on this machine when PARLEY_CARRIER is simulated")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over its files, those over `.env`, those over its files."""
        sources = (s for s in (env_settings, dotenv_settings) if isinstance(s, EnvSettingsSource))
        return (init_settings, *(part for source in sources for part in (source, Files(settings_cls, source))))

    def masked(self) -> dict[str, str]:
        """Every variable's name and value for people to read: secrets as stars, unset ones empty."""
        shown = {}
        for key, field in type(self).model_fields.items():
            value = getattr(self, key)
            text = "********" if isinstance(value, SecretStr) else "" if value is None else str(value)
            shown[names(key, field)[0]] = re.sub(r"(://[^:/@]*:)[^@]*@", r"\1********@", text)
        return shown


class Files(PydanticBaseSettingsSource):
    """Reads NAME_FILE where the given source (environment or `.env`) has one."""

    def __init__(self, settings_cls: type[BaseSettings], source: EnvSettingsSource) -> None:
        super().__init__(settings_cls)
        self.env_vars = source.env_vars

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The content of the field's file without the line's end, or None, and the key that pydantic knows it by."""
        for name in names(field_name, field):
            path = self.env_vars.get(f"{name}_FILE".lower())
            if not path:
                continue
            try:
                content = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError):
                raise SettingsError(f"{name}_FILE: names a file that cannot be read") from None
            return content or None, name if field.validation_alias else field_name, False
        return None, "", False

    def __call__(self) -> dict[str, Any]:
        found = (self.get_field_value(field, key) for key, field in self.settings_cls.model_fields.items())
        return {name: value for value, name, _ in found if value is not None}


def names(key: str, field: FieldInfo) -> tuple[str, ...]:
    """The environment's names for a field, the documented one first."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(str(choice) for choice in alias.choices)
    return (alias if isinstance(alias, str) else key.upper(),)


def load(env_file: str = ".env") -> Settings:
    """Read the settings; raise SettingsError with one line per variable that is missing or wrong, never its value."""
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]  # its fields come from the environment
    except ValidationError as error:
        raise SettingsError("\n".join(_complaints(error))) from None


def _complaints(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_url=False):
        reason = problem["msg"].removeprefix("Value error, ")
        if not problem["loc"]:  # a rule about several variables names them itself
            yield reason
            continue
        key = str(problem["loc"][0]).lower()
        field = Settings.model_fields.get(key) or _by_name()[key.upper()]
        name, *others = names(key, field)
        also = f" (or {', '.join(others)})" if others else ""
        said = "missing" if problem["type"] == "missing" else reason
        yield f"{name}{also}: {said}. {field.description}"


def _by_name() -> dict[str, FieldInfo]:
    return {name: field for key, field in Settings.model_fields.items() for name in names(key, field)}
