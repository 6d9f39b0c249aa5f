"""Turns variables into checked values: names, types, `.env` files, and errors for the operator.

Knows no individual setting; those are in bot.settings.settings.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from bot.domain.errors import SettingsError

OWN_NETWORKS = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".svc")  # ends of names
SHAPES = ("", "+cluster", "+sentinel")
REDIS_SCHEMES = ("unix", *(f"{wire}{shape}" for shape in SHAPES for wire in ("redis", "rediss")))


def revealed(secret: SecretStr | None) -> str:
    """A secret's value, for its use; "" when none is set."""
    return secret.get_secret_value() if secret else ""


def loopback(host: str) -> bool:
    """Whether only this machine can reach a listener on that address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def private(host: str) -> bool:
    """Whether an address is of this machine or a network of one's own, as far as its name tells."""
    try:
        return ip_address(host.strip("[]")).is_private
    except ValueError:
        name = host.rstrip(".").casefold()
        return bool(name) and ("." not in name or name.endswith(OWN_NETWORKS))


def _address(value: object) -> object:
    if not isinstance(value, str) or not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it is not an http(s) address")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("it must hold no name, password, query or fragment")
    return value.rstrip("/")


def _host(value: str) -> str:
    if any(sign in value for sign in "/@ ") or value.count(":") == 1:
        raise ValueError("it must be an address or a name, without scheme and port")
    return value.strip("[]")


def _redis(value: object) -> object:
    if isinstance(value, str) and urlsplit(value).scheme not in REDIS_SCHEMES:
        raise ValueError(f"it must start with one of {', '.join(f'{scheme}://' for scheme in REDIS_SCHEMES)}")
    return value


def flaw(key: str) -> str:
    """Why a key cannot be sent in a request's header; "" when it can."""
    return "" if key.isascii() and key.isprintable() else "holds a letter that no key has"


def _key(value: object) -> object:
    if isinstance(value, str) and (reason := flaw(value)):
        raise ValueError(f"it {reason}")
    return value


def _names(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Address = Annotated[str, BeforeValidator(_address)]
Host = Annotated[str, BeforeValidator(_host)]
Key = Annotated[SecretStr, BeforeValidator(_key)]
Port = Annotated[int, Field(ge=0, le=65535)]
Names = Annotated[frozenset[str], BeforeValidator(_names)]
RedisAddress = BeforeValidator(_redis)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One environment variable. `remedy` completes the sentence "Write ...". `elsewhere` is another variable, which the
    machine may have set for the same: it counts where this one is not set.
    """

    name: str
    field: str
    secret: bool
    remedy: str
    elsewhere: str = ""


class SettingsGroup(BaseModel):
    """A group of variables with one prefix. A field set by a variable has a description: its remedy."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True, hide_input_in_errors=True
    )
    prefix: ClassVar[str] = ""

    @classmethod
    def variables(cls, prefix: str | None = None) -> Iterator[Variable]:
        start = cls.prefix if prefix is None else prefix
        for field, info in cls.model_fields.items():
            if info.description:
                more = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
                yield Variable(
                    name=info.alias or f"{start}{field.upper()}",
                    field=field,
                    secret="Secret" in str(info.annotation),
                    remedy=info.description,
                    elsewhere=str(more.get("elsewhere", "")),
                )


def explain(variable: Variable | None, value: str | None, fault: Mapping[str, Any]) -> str:
    """One of pydantic's errors as a line for the operator, without secrets, also those inside URLs."""
    reason = str(fault["msg"]).removeprefix("Value error, ").replace("Input should", "it should")
    if variable is None:
        return f"{reason}."
    if fault["type"] == "too_short":
        reason = f"it is shorter than {fault['ctx']['min_length']} characters"
    if fault["type"] == "missing":
        return f"{variable.name} is missing. Write {variable.remedy}."
    shown = "" if variable.secret or value is None or "@" in value else f" is {value!r}"
    return f"{variable.name}{shown}: {reason}. Write {variable.remedy}."


def text_of(path: Path) -> str:
    """The text of an operator's file, also from an editor that writes a UTF-8 byte order mark."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text. Save it as UTF-8.") from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}). Let Switchboard read it.") from error


def dotenv(path: Path) -> dict[str, str]:
    """NAME=value lines; `#` comments, `export` and quotes around a value are understood. No file: {}."""
    if not path.is_file():
        return {}
    values = {}
    for number, raw in enumerate(text_of(path).splitlines(), 1):
        line = raw.strip().removeprefix("export ").strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not name.replace("_", "").isalnum():
            raise SettingsError(f"{path.name} line {number} is not NAME=value. Write one setting per line.")
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        values[name] = value[1:-1] if quoted else value.split(" #")[0].strip()
    return values


def empty_secrets(found: Mapping[str, str], known: Mapping[str, Variable]) -> Iterator[str]:
    """Complaints about empty secrets, which everybody could guess; other empty values count as not set."""
    for name, value in found.items():
        if not value and known[name].secret:
            remedy = known[name].remedy.removesuffix(", or remove it")
            yield f"{name} is set but empty. Write {remedy}, or remove the line."
