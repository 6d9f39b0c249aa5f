"""Puts together what has to do with tools: the tools, people's sign-ins, and the pages on which they sign in."""

from dataclasses import dataclass

from bot.answers.tools.setup import toolbox_of
from bot.answers.tools.toolbox import Toolbox
from bot.conversation.signing_in import SignIns
from bot.ports import Inbox
from bot.settings.settings import Settings
from bot.sign_in.desk import SignInDesk
from bot.sign_in.pages import SignInPages
from bot.sign_in_ports import SignInExchange
from bot.storage.open import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Tooling:
    """All of it. The toolbox is to run beside the work."""

    toolbox: Toolbox
    sign_ins: SignIns
    exchange: SignInExchange
    pages: SignInPages


def tooling(settings: Settings, store: Storage, inbox: Inbox) -> Tooling:
    toolbox, grants = toolbox_of(settings, store.secrets, store.sign_ins)
    desk = SignInDesk(home=settings.address, grants=grants, secrets=store.secrets, inbox=inbox)
    return tooling_around(toolbox, desk)


def tooling_around(toolbox: Toolbox, desk: SignInDesk) -> Tooling:
    sign_ins = SignIns(desk=desk, toolbox=toolbox)
    return Tooling(toolbox=toolbox, sign_ins=sign_ins, exchange=desk, pages=SignInPages(desk))
