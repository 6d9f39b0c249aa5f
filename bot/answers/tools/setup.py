"""The toolbox that the settings describe, and people's sign-ins."""

from bot.answers.tools.grants import Grants
from bot.answers.tools.server import PersonalServer
from bot.answers.tools.servers import personal_servers, tool_servers
from bot.answers.tools.toolbox import Toolbox
from bot.ports import SecretStore
from bot.settings.settings import Settings
from bot.sign_in_ports import SignInStore


def grants_of(settings: Settings, secrets: SecretStore, sign_ins: SignInStore) -> Grants:
    """For looking only."""
    return _personal(settings, secrets, sign_ins)[0]


def toolbox_of(settings: Settings, secrets: SecretStore, sign_ins: SignInStore) -> tuple[Toolbox, Grants]:
    """Servers are reached once it runs."""
    grants, personal = _personal(settings, secrets, sign_ins)
    return Toolbox(
        servers=tool_servers(settings.file.tools, settings.keys),
        personal=personal,
        entries=settings.file.tools,
        secrets=settings.secrets(),
    ), grants


def _personal(
    settings: Settings, secrets: SecretStore, sign_ins: SignInStore
) -> tuple[Grants, tuple[PersonalServer, ...]]:
    return personal_servers(
        settings.file.tools, settings.keys, home=settings.address, secrets=secrets, store=sign_ins
    )
