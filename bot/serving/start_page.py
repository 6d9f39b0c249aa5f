"""The start page, printed for the operator: what is on, what is off, and what to set to switch it on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot import VERSION
from bot.domain.catalog import Model
from bot.domain.readiness import Trouble
from bot.serving.process import Listeners
from bot.settings.environment import loopback
from bot.settings.platform_settings import PlatformSettings
from bot.settings.settings import Settings

SHOWN = 6  # names of models
LISTED = "the endpoints are being asked which they have"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLine:
    """One part of Switchboard: its status, or what to set to switch it on."""

    name: str
    text: str
    on: bool = True


def render_start_page(
    settings: Settings,
    listeners: Listeners,
    models: Sequence[Model],
    *,
    platforms: Mapping[str, type[PlatformSettings]],
    unset: Sequence[str],
    seconds: float,
    page_token: str = "",
    troubles: Sequence[Trouble] = (),
) -> str:
    """The whole page as text: the only place where the web page's address stands with its token.

    `models` is the catalogue as it is now; listings are still being read. `platforms` are all platforms,
    `unset` the variables that would add models. `troubles` say why no event can be stored, or not for good.
    """
    lines = sorted(_lines(settings, listeners, models, platforms, unset), key=lambda line: not line.on)
    body = [f"  {'●' if line.on else '○'} {line.name:<8}{line.text}" for line in lines]
    door = f"{_url(listeners.host, listeners.port)}?token={page_token}"
    page = [f"  Open {door} and ask something.", ""] if settings.page else []
    stopped = ["  ! Nothing is taken in until that is mended."] if any(one.stops for one in troubles) else []
    outage = [*(f"  ! {trouble}" for trouble in troubles), *stopped]
    warnings = [*outage, *(f"  ! {warning}" for warning in _warnings(settings))]
    return "\n".join(
        [
            "",
            f"  Switchboard {VERSION} is ready ({seconds:.1f} s). Ctrl-C stops it.",
            *page,
            *body,
            *warnings,
            "",
            "  ○ is off until you set what stands beside it; .env.example says where to get it.",
        ]
    )


def _lines(
    settings: Settings,
    listeners: Listeners,
    models: Sequence[Model],
    platforms: Mapping[str, type[PlatformSettings]],
    unset: Sequence[str],
) -> Iterator[StatusLine]:
    yield from _models(models, unset)
    public = _url(listeners.host, listeners.port)
    for name, kind in platforms.items():
        on = settings.platforms.get(name)
        text = on.status(public) if on else kind.remedy
        yield StatusLine(name=kind.title, text=text, on=on is not None)
    if settings.page:
        yield StatusLine(name="Page", text=f"{public} (only from this machine, opened by the address above)")
    else:
        yield StatusLine(name="Public", text=f"{public}healthz")
        yield StatusLine(name="Page", on=False, text=settings.page_off)
    where = "at REDIS_URL" if settings.redis_url else f"in {settings.data_dir}/, by the embedded server"
    sealed = ", encrypted" if settings.encryption_key else ""
    yield StatusLine(name="Memory", text=f"kept {where}{sealed}")
    yield StatusLine(
        name="Admin", text=f"{_url(listeners.admin_host, listeners.admin_port)}metrics, readyz, healthz"
    )


def _models(models: Sequence[Model], unset: Sequence[str]) -> Iterator[StatusLine]:
    names = [model.name for model in models]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    text = f"{', '.join(names[:SHOWN])}{more}; /model switches" if names else LISTED
    yield StatusLine(name="Models", text=text)
    if unset:
        text = f"{', '.join(unset[:3])}{', ...' if unset[3:] else ''}"
        yield StatusLine(name="Models", on=False, text=text)


def _warnings(settings: Settings) -> Iterator[str]:
    yield from settings.hints
    if not loopback(settings.admin_host):
        yield f"ADMIN_HOST={settings.admin_host}: whoever reaches that address can read the metrics."
    if loopback(settings.host) and settings.delivered:
        yield f"HOST={settings.host}: only a proxy or a tunnel on this machine can deliver what Slack or Teams send."
    lacks = _lacking(settings.redis_url.get_secret_value()) if settings.redis_url else ()
    if lacks:
        yield f"REDIS_URL has no {' and no '.join(lacks)}: write rediss://user:password@host."
    for name, address in _secret_ways(settings):
        if address.startswith("http://") and not loopback(urlsplit(address).hostname or ""):
            yield f"{name}={address}: secrets go there in the clear. Write an https address."
    for platform in settings.platforms.values():
        if caution := platform.caution(settings.file.policy):
            yield f"{caution}."
    if any(one.keeps_tokens for one in settings.platforms.values()) and not settings.encryption_key:
        yield "The tokens of workspaces are kept as they are: set SWITCHBOARD_ENCRYPTION_KEY to seal them."


def _secret_ways(settings: Settings) -> Iterator[tuple[str, str]]:
    """Where tokens and passwords are sent, besides models' endpoints, and verification keys come from."""
    for platform in settings.platforms.values():
        yield from platform.addresses().items()


def _lacking(address: str) -> tuple[str, ...]:
    """What a Redis on another machine should have and REDIS_URL does not name."""
    scheme, _, rest = address.partition("://")
    secret, at, hosts = rest.partition("/")[0].rpartition("@")
    names = [urlsplit(f"//{host}").hostname or "" for host in hosts.split(",")]
    if scheme.startswith("unix") or all(map(loopback, names)):
        return ()
    return (
        *(() if at and ":" in secret else ("password",)),
        *(() if scheme.startswith("rediss") else ("TLS",)),
    )


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
