"""Builds endpoints from settings: which vendors can be asked, how, and what each adds to the catalogue."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.domain.catalog import Price
from bot.domain.errors import SettingsError
from bot.models.sources import ModelSource
from bot.ports import Provider
from bot.settings.config_errors import nearest
from bot.settings.config_file import ConfigFile, ProviderEntry
from bot.settings.environment import loopback, private
from providers import model_families
from providers.credentials import ApiKey, Authentication
from providers.demo import Demo
from providers.dialect import Quirks
from providers.endpoint import Additions, Endpoint
from providers.entra import MISSING, Identity
from providers.foundry import SEARCHING, FoundryProvider
from providers.google_identity import MISSING as GOOGLE_MISSING
from providers.google_identity import GoogleIdentity
from providers.own_servers import OwnServer
from providers.transport import Transport
from providers.vendors import VENDORS, Vendor, market_of
from providers.vertex import VERTEX, VertexProvider, place_of
from providers.web_search import searching

# What a dialect's own vendor needs; others: bearer.
NATURAL = {"anthropic": "x-api-key", "gemini": "x-goog-api-key"}
# Where no variable holds a key.
IDENTITIES = {"entra": "Entra ID", "google": "GOOGLE_APPLICATION_CREDENTIALS"}


class VendorKeys(Protocol):
    """One vendor's settings from the environment. Implemented by bot.settings.vendor_settings.VendorSettings."""

    @property
    def api_key(self) -> SecretStr | None: ...

    @property
    def base_url(self) -> str: ...


class FoundryKeys(Protocol):
    """Foundry's settings from the environment. Implemented by bot.settings.vendor_settings.FoundrySettings."""

    @property
    def endpoint(self) -> str: ...

    @property
    def api_key(self) -> SecretStr | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedEndpoint:
    """One endpoint. `provider` is None while the source is off; `market` is its name in the price data. `address` and `key`
    are its URL and the variable that holds its key, for messages to the operator.
    """

    source: ModelSource
    provider: Provider | None
    market: str | None = ""
    address: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class ConnectedEndpoints:
    """Every possible endpoint, in the catalogue's order."""

    all: Sequence[ConnectedEndpoint]

    @property
    def providers(self) -> Mapping[str, Provider]:
        return {each.source.name: each.provider for each in self.all if each.provider}

    @property
    def unset(self) -> Sequence[str]:
        """The variables that would add models, where nothing else is missing."""
        words = [each.source.off.split() for each in self.all]
        return [word[1] for word in words if len(word) == 2 and word[0] == "set"]

    @property
    def sources(self) -> Sequence[ModelSource]:
        return [each.source for each in self.all]

    @property
    def markets(self) -> Mapping[str, str | None]:
        return {each.source.name: each.market for each in self.all}


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointBuilder:
    """`vendors` and `keys` hold the environment's settings: by vendor, and by the variable that an `api_key_env` names."""

    transport: Transport
    identity: Identity
    vendors: Mapping[str, VendorKeys]
    foundry: FoundryKeys | None
    keys: Mapping[str, SecretStr]
    table: Sequence[Vendor] = VENDORS

    def connect(self, file: ConfigFile) -> ConnectedEndpoints:
        """Raises SettingsError for a provider of the file that cannot be used as written."""
        found = sorted([*self._built_in(file), *self._own(file)], key=lambda each: each.source.local)
        return ConnectedEndpoints([*found, self._demo("demo", stopgap=True)])

    def _built_in(self, file: ConfigFile) -> Iterator[ConnectedEndpoint]:
        for row in self.table:
            said, entry = self.vendors.get(row.name), file.providers.get(row.name, ProviderEntry())
            address = entry.base_url or (said.base_url if said else "") or row.base_url
            secret = self._secret(entry, said.api_key if said else None)
            keyless = row.keyless or (address != row.base_url and not entry.api_key_env)
            moved = replace(row, base_url=address, auth=entry.auth or row.auth, keyless=keyless)
            yield self._endpoint(moved, entry, secret)
        yield self._foundry("foundry", file.providers.get("foundry", ProviderEntry()), self.foundry)

    def _own(self, file: ConfigFile) -> Iterator[ConnectedEndpoint]:
        rows = {row.name: row for row in self.table}
        for name, entry in file.providers.items():
            if name in rows or name in {"foundry", "demo"}:
                continue
            if entry.dialect == "demo":
                yield self._demo(name)
            elif entry.vendor == "foundry":
                yield self._foundry(name, entry, None)
            else:
                yield self._endpoint(_row(name, entry, rows), entry, self._secret(entry, None))

    def _endpoint(self, row: Vendor, entry: ProviderEntry, secret: str) -> ConnectedEndpoint:
        off = ""
        if row.auth == "entra":
            off = "" if self.identity.possible else MISSING
        elif row.auth == "google" and not GoogleIdentity().possible:
            off = GOOGLE_MISSING
        elif row.auth == "google" and not (secret or not entry.api_key_env):
            off = f"set {entry.api_key_env}"
        elif not secret and not row.keyless and row.auth != "none":
            off = f"set {entry.api_key_env or row.key_variable}"
        key = entry.api_key_env or IDENTITIES.get(row.auth, row.key_variable)
        variable = key if secret and row.auth not in IDENTITIES else ""
        source = ModelSource(
            name=row.name,
            title=row.title,
            key=variable,
            flagships=row.flagships,
            local=row.local,
            by_chance=row.local and loopback(urlsplit(row.base_url).hostname or ""),
            off=off,
            price=_price(entry),
            free=row.market is None and _private(row.base_url),
            searching=searching(_spoken(row, entry), entry.dialect),
        )
        provider = None if off else self._provider(row, entry, secret, variable)
        return ConnectedEndpoint(
            source=source, provider=provider, market=row.market, address=row.base_url, key=key
        )

    def _provider(self, row: Vendor, entry: ProviderEntry, secret: str, variable: str) -> Provider:
        auth: Authentication
        if row.auth == "entra":
            auth = self.identity.scoped(entry.scope)
        elif row.auth == "google":
            auth = GoogleIdentity(key_file=secret).scoped(entry.scope)
        else:
            auth = ApiKey(scheme=row.auth, secret=secret, variable=variable)
        if place := place_of(row.base_url):
            return VertexProvider(
                transport=self.transport,
                place=place,
                auth=auth,
                dialect=next(iter(_spoken(row, entry))),
                additions=_additions(entry),
                think_tags=entry.think_tags,
            )
        return Endpoint(
            transport=self.transport,
            base_url=row.base_url.removesuffix("/v1") if row.local else row.base_url,
            auth=auth,
            dialects=_spoken(row, entry),
            additions=_additions(entry),
            own_server=self._own_server(row),
        )

    def _own_server(self, row: Vendor) -> OwnServer | None:
        """None at the vendors' own addresses: what they have stands in their listings."""
        vendors = {urlsplit(each.base_url).hostname for each in self.table if not each.local}
        if urlsplit(row.base_url).hostname in vendors or not any("openai" in name for name in row.dialects):
            return None
        return OwnServer(transport=self.transport, base_url=row.base_url, ollama=row.local)

    def _foundry(self, name: str, entry: ProviderEntry, said: FoundryKeys | None) -> ConnectedEndpoint:
        endpoint = entry.base_url or (said.endpoint if said else "")
        secret = "" if entry.auth == "entra" else self._secret(entry, said.api_key if said else None)
        off = ""
        if not endpoint:
            off = "set FOUNDRY_ENDPOINT" if name == "foundry" else f"set base_url under [providers.{name}]"
        elif not secret and entry.api_key_env:
            off = f"set {entry.api_key_env}"
        elif not secret and not self.identity.possible:
            off = MISSING
        provider = None
        variable = (entry.api_key_env or "FOUNDRY_API_KEY") if secret else ""
        if not off:
            provider = FoundryProvider(
                transport=self.transport,
                endpoint=endpoint,
                identity=self.identity,
                secret=secret,
                key=variable,
                project=entry.project,
                scope=entry.scope,
                additions=_additions(entry),
                think_tags=entry.think_tags,
            )
        return ConnectedEndpoint(
            source=ModelSource(
                name=name,
                title="Microsoft Foundry" if name == "foundry" else "",
                key=variable,
                flagships=model_families.EVERYBODY,
                off=off,
                price=_price(entry),
                searching=SEARCHING,
            ),
            provider=provider,
            market="azure",
            address=endpoint,
            key=variable or "Entra ID",
        )

    def _demo(self, name: str, *, stopgap: bool = False) -> ConnectedEndpoint:
        flagships = model_families.DEMOS if stopgap else ()
        source = ModelSource(name=name, flagships=flagships, stopgap=stopgap, free=True)
        return ConnectedEndpoint(source=source, provider=Demo(), market=None)

    def _secret(self, entry: ProviderEntry, usual: SecretStr | None) -> str:
        secret = self.keys.get(entry.api_key_env) if entry.api_key_env else usual
        return secret.get_secret_value() if secret else ""


def _row(name: str, entry: ProviderEntry, rows: Mapping[str, Vendor]) -> Vendor:
    """A vendor row for the operator's own endpoint."""
    place = f"[providers.{name}]"
    if entry.vendor and entry.vendor not in rows:
        raise SettingsError(f'{place} vendor = "{entry.vendor}" is not known.{nearest(entry.vendor, rows)}')
    like = rows.get(entry.vendor)
    if not like and not entry.dialect:
        hint = nearest(name, [*rows, "foundry"])
        raise SettingsError(f'{place} dialect is missing: add it, for example dialect = "openai-chat".{hint}')
    if not entry.base_url:
        raise SettingsError(
            f'{place} base_url is missing: add it, for example base_url = "http://127.0.0.1:8000/v1"'
        )
    dialect: str = entry.dialect or (next(iter(like.dialects)) if like else "")
    return Vendor(
        name=name,
        base_url=entry.base_url,
        dialects=like.dialects if like else {dialect: Quirks()},
        auth=entry.auth or (like.auth if like else NATURAL.get(dialect, "bearer")),
        market=None if _private(entry.base_url) else like.market if like else market_of(entry.base_url),
        flagships=model_families.where_listed(*like.flagships) if like else (),
        keyless=not entry.api_key_env,
        local=like.local if like else False,
    )


def _private(address: str) -> bool:
    """Whether an endpoint is the operator's own machine: nobody sends a bill for it."""
    return private(urlsplit(address).hostname or "")


def _additions(entry: ProviderEntry) -> Additions:
    return Additions(headers=entry.headers, query=entry.query, extra=entry.extra)


def _price(entry: ProviderEntry) -> Price | None:
    return entry.price.price if entry.price else None


def _spoken(row: Vendor, entry: ProviderEntry) -> Mapping[str, Quirks]:
    """The row's dialects, beginning with the one that the file names."""
    first = str(entry.dialect or "")
    spoken = {**row.dialects, **(VERTEX if place_of(row.base_url) else {})}
    if first:
        spoken = {first: spoken.get(first, Quirks()), **spoken}
    if entry.version:
        spoken = {name: replace(quirks, version=entry.version) for name, quirks in spoken.items()}
    if entry.think_tags is not None:
        spoken = {name: replace(quirks, think_tags=entry.think_tags) for name, quirks in spoken.items()}
    return spoken
