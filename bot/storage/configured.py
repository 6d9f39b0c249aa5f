"""The storage that the settings ask for."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from bot.domain.check import CheckResult, CheckStatus, results_of
from bot.domain.errors import StorageUnavailable
from bot.domain.readiness import Trouble
from bot.settings.environment import revealed
from bot.settings.settings import Settings
from bot.storage.embedded import embedded_server
from bot.storage.encryption import RecordCipher
from bot.storage.open import Storage, StorageOptions, open_storage


@asynccontextmanager
async def configured_storage(settings: Settings) -> AsyncIterator[Storage]:
    """The Redis of REDIS_URL, or the embedded server. Raises SettingsError for a key that is none, and when what is
    stored was sealed with another key or without one.
    """
    terms = StorageOptions(
        encryption_keys=revealed(settings.encryption_key),
        per_person=settings.file.limits.answers_per_person,
    )
    RecordCipher(terms.encryption_keys)  # a key that is none is told before a server is started
    async with AsyncExitStack() as stack:
        url = revealed(settings.redis_url) or await stack.enter_async_context(
            embedded_server(settings.data_dir)
        )
        opened = await stack.enter_async_context(open_storage(url, terms))
        with suppress(StorageUnavailable):  # starting must not depend on Redis; it may come back later
            await opened.secrets.prove()
        yield opened


def check_storage(settings: Settings, troubles: Sequence[Trouble]) -> Sequence[CheckResult]:
    """For `switchboard check`: one result for each trouble, or that all is well."""
    where = "REDIS_URL" if settings.redis_url else f"the embedded server in {settings.data_dir}/"
    well = CheckResult(about="redis", status=CheckStatus.GOOD, text=f"{where} answers and takes events")
    return results_of("redis", troubles, where) or [well]
