"""The vendor part of `switchboard check`: reaches every endpoint through its listing, which costs nothing."""

import asyncio
from collections.abc import Collection, Iterator, Sequence

from bot.domain.check import CheckResult, CheckStatus
from bot.domain.errors import (
    Auth,
    Forbidden,
    ModelError,
    ModelNotFound,
    Quota,
    RegionBlocked,
    Timeout,
    cause_of,
)
from bot.domain.errors import Connection as Unreachable
from bot.domain.listings import Listing
from bot.models.reach import set_up
from bot.models.sources import ModelSource
from bot.settings.config_errors import nearest
from bot.settings.config_file import ConfigFile
from providers.connecting import ConnectedEndpoint

REST = "answers only while nothing else is set up"


async def check_endpoints(
    connections: Sequence[ConnectedEndpoint], file: ConfigFile
) -> Sequence[CheckResult]:
    """One result per endpoint, in order, and one per configured model that its endpoint does not list."""
    wanted = {source.name for source in set_up(file, [each.source for each in connections])}
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_reach(connection, file, wanted)) for connection in connections]
    return [result for task in tasks for result in task.result()]


async def _reach(
    connection: ConnectedEndpoint, file: ConfigFile, wanted: Collection[str]
) -> Sequence[CheckResult]:
    """`wanted`: the endpoints that an operator has set up."""
    name = connection.source.name
    if connection.provider is None:
        return [CheckResult(about=name, status=CheckStatus.OFF, text=connection.source.off)]
    if connection.source.stopgap and wanted and name not in _used(file):
        return [CheckResult(about=name, status=CheckStatus.OFF, text=REST)]
    try:
        rows = await connection.provider.models()
    except ModelError as error:
        return [_trouble(connection, error, wanted=name in wanted)]
    if not rows and name in wanted and name not in _used(file):
        text = f"{connection.address} lists no model: load one there, or name one under [[models]]"
        return [CheckResult(about=name, status=CheckStatus.DOUBT, text=text)]
    text = f"{len(rows)} models listed" if len(rows) != 1 else "1 model listed"
    good = CheckResult(about=name, status=CheckStatus.GOOD, text=text)
    return [good, *_missing(name, rows, file), *_unable(connection.source, rows, file)]


def _used(file: ConfigFile) -> Collection[str]:
    """The endpoints of the file's models."""
    return {entry.provider for entry in file.models}


def _trouble(connection: ConnectedEndpoint, error: ModelError, *, wanted: bool) -> CheckResult:
    status, address = CheckStatus.BAD, connection.address
    match error:
        case Unreachable() | Timeout() if not wanted:
            status, text = CheckStatus.OFF, f"nothing answers at {address}: start it, or set its address"
        case Auth(code="entra_missing" | "entra" | "google_missing" | "google"):
            text = str(error)
        case RegionBlocked():
            text = f"{address} does not answer from here ({error.status}): allow this network, or a region it serves"
        case Forbidden():
            text = (
                f"{address} refused access ({error.status}): check {connection.key}, and what stands between"
            )
        case Auth():
            text = f"{address} refused the key ({error.status}): check {connection.key}"
        case Quota():
            text = "the account has no credit left: top it up in the vendor's console"
        case ModelNotFound():
            status = CheckStatus.DOUBT
            text = f"{address} has no listing: check the address, and name its models under [[models]]"
        case Unreachable() | Timeout():
            text = f"{address} cannot be reached: check the address, the network and the proxy"
        case _:
            status = CheckStatus.DOUBT
            code = f" (HTTP {error.status})" if error.status else ""
            text = f"{address} {cause_of(type(error).__name__.lower())}{code}: try again in a minute"
    return CheckResult(about=connection.source.name, status=status, text=text)


def _missing(provider: str, rows: Sequence[Listing], file: ConfigFile) -> Iterator[CheckResult]:
    listed = [row.id for row in rows]
    for entry in file.models:
        wanted = entry.agent or entry.model
        if listed and entry.provider == provider and wanted not in listed:
            hint = nearest(wanted, listed) or f" Listed are: {', '.join(listed[:5])}."
            text = f'{provider} does not list "{wanted}".{hint}'
            yield CheckResult(about=entry.name, status=CheckStatus.DOUBT, text=text)


def _unable(source: ModelSource, rows: Sequence[Listing], file: ConfigFile) -> Iterator[CheckResult]:
    """The models that are to search the web and have nothing to do it with."""
    listed = {row.id: row for row in rows}
    for entry in file.models:
        if not entry.search or entry.provider != source.name or file.search.tool:
            continue
        row = listed.get(entry.model, Listing(id=entry.model))
        if not source.searches(entry.dialect or row.dialect, row.base or entry.model):
            text = f'{source.name} does not search the web, so search = true does nothing: name a tool, [search] tool = "..."'
            yield CheckResult(about=entry.name, status=CheckStatus.DOUBT, text=text)
