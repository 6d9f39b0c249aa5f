"""What a place always shows, and what is found there while somebody types: the model that answers, and the others."""

from collections.abc import Sequence

from bot.answers.precedence import NoModelAvailable, pickable, select_model
from bot.conversation.further_choices import further_choices
from bot.conversation.model_picker import ModelPicker
from bot.conversation.reasons import describe_reason
from bot.domain.catalog import Catalog, Model
from bot.domain.command_table import HELP
from bot.domain.events import Author, ThreadKey
from bot.domain.replies import Option
from bot.domain.timeline import ConversationStatus
from bot.policy import allowed
from bot.ports import PreferenceStore
from bot.settings.config_file import Policy

OFFERED = 50  # models that match what is typed into a picker
STARTERS = (
    "Explain what a vector clock is, with an example",
    "Write a polite reply that says no to a meeting",
    "Compare three ways to cache in Redis",
)


class PlaceStatus:
    """Implements bot.page_ports.StatusOf and bot.ports.OptionSearch."""

    def __init__(
        self, *, catalog: Catalog, picker: ModelPicker, preferences: PreferenceStore, policy: Policy
    ) -> None:
        self._catalog = catalog
        self._picker = picker
        self._preferences = preferences
        self._policy = policy

    async def standing(self, thread: ThreadKey, author: Author) -> ConversationStatus:
        """A page's status line: the model that answers in a conversation, and the other options there."""

        def admitted(model: Model) -> bool:
            return allowed(self._policy, thread, model)

        commands = tuple(Option(value=f"/{line.typed}", label=line.typed, hint=line.does) for line in HELP)
        try:
            chosen = await self._preferences.in_force(thread, author.id)
            now = select_model(self._catalog, chosen, admitted)
        except NoModelAvailable as none:
            return ConversationStatus(options=(), selected="", why=str(none), commands=commands)
        entries = pickable(self._catalog, admitted, featured=True)
        workspace = f"{thread.platform}:{thread.workspace}"
        more = len(pickable(self._catalog, admitted)) - len(entries)
        return ConversationStatus(
            options=await self._picker.options(entries, "thread", workspace),
            selected=f"thread {now.model.name}",
            why=describe_reason(now, "workspace"),
            starters=now.model.prompts or STARTERS,
            commands=commands,
            more=more,
            choices=further_choices(now.model, chosen, "thread", "in this conversation"),
        )

    async def found(self, thread: ThreadKey, author: Author, words: str, prefix: str) -> Sequence[Option]:
        """Implements bot.ports.OptionSearch."""
        return await self._picker.found(
            words,
            prefix,
            lambda model: allowed(self._policy, thread, model),
            OFFERED,
            f"{thread.platform}:{thread.workspace}",
        )
