"""Commands about conversations other than the one they are typed in.

A slash command of Slack is in no thread, so /forget and the like can only speak of one that the person picks. And
/forget me reaches all of them. Each conversation is changed by an event of its own, in its order, under a claim.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.context import Context, Response
from bot.conversation.agents import Agents
from bot.conversation.changes import without_person
from bot.conversation.signing_in import SignIns
from bot.domain.events import MessageReceived, PersonForgotten
from bot.domain.formatting import clip, number_of
from bot.domain.replies import Action, Choice, Option, Reply
from bot.domain.usage import RecentConversation
from bot.ports import Inbox, Ledger, PreferenceStore
from bot.schedule_ports import ScheduleStore
from bot.score_ports import ScoreStore

OFFERED, LABEL = 20, 70
DOES = {"reset": "Start over in", "memory": "Show the memory of", "forget": "Erase"}
GONE = "That conversation is not among your latest any more. Type the command inside its thread."


class OtherConversations:
    """The conversations of a person in a workspace."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        inbox: Inbox,
        preferences: PreferenceStore,
        schedules: ScheduleStore,
        sign_ins: SignIns,
        agents: Agents,
        scores: ScoreStore,
    ) -> None:
        self._scores = scores
        self._ledger = ledger
        self._inbox = inbox
        self._preferences = preferences
        self._schedules = schedules
        self._sign_ins = sign_ins
        self._agents = agents

    async def offer(self, context: Context, command: str) -> Response:
        """A choice of the person's latest threads in this direct message; in a channel, where the command works."""
        if not context.direct:
            return Response(reply=Reply(text=_where_to_type(context, command), private=True))
        options = tuple(
            Option(value=f"{command} {one.thread.digest}", label=clip(one.title, LABEL))
            for one in await self._here(context)
        )
        if not options:
            text = "Nothing of your threads in this direct message is kept. Inside a thread just write `{command}`."
            return Response(reply=Reply(text=text.format(command=command), private=True))
        pick = Choice(action=Action.THERE, label=f"{DOES[command]} …", options=options)
        text = f"Every thread here is a conversation of its own. Pick one, or write `{command}` inside it."
        return Response(reply=Reply(text=text, choices=(pick,), private=True))

    async def pressed(self, context: Context, value: str) -> Response:
        """Hands the command on to a conversation of this person, which answers where it was picked."""
        command, _, digest = value.partition(" ")
        found = next((one.thread for one in await self._here(context) if one.thread.digest == digest), None)
        if found is None or command not in DOES:
            return Response(reply=Reply(text=GONE, private=context.private))
        event = context.event
        there = MessageReceived(
            id=f"{event.id}:{digest}",
            thread=found,
            author=event.author,
            at=event.at,
            reply=event.reply,
            text=f"/{command}",
            direct=True,
            threaded=True,
            private=True,
        )
        await self._inbox.put(there)
        return Response()

    async def _here(self, context: Context) -> Sequence[RecentConversation]:
        """The person's latest threads in this direct message: elsewhere they may not be any more."""
        recent = await self._ledger.recent(context.workspace, context.event.author.id, OFFERED)
        here = context.thread
        return [one for one in recent if one.thread.channel == here.channel and one.thread != here]

    async def forget_me(self, context: Context) -> Response:
        """Erases all that this person said in the workspace. What budgets have counted is the company's account."""
        person = context.event.author
        threads = await self._ledger.conversations(context.workspace, person.id)
        for thread in threads:
            if thread != context.thread:
                await self._inbox.put(
                    PersonForgotten(
                        id=f"{context.turn_handle.id}:{thread.digest}",
                        thread=thread,
                        author=person,
                        at=context.event.at,
                    )
                )
        for choice in (f"{kind}person:{person.id}" for kind in ("", "effort:", "search:")):
            await self._preferences.choose(context.workspace, choice, "")
        await self._schedules.drop_of_person(context.workspace, person.id)
        await self._agents.forgetting.forget(context)
        await self._scores.erase(context.workspace, person.id)
        signed_in = await self._sign_ins.forget(context)
        await self._ledger.erase(context.workspace, person.id)
        record = await context.claim.history.everything()
        outcome = without_person(record, person.id)
        number = len({*threads, context.thread}) if record else len(threads)
        text = (
            f"Erased in this {context.capabilities.tenant}: what you asked in {_conversations(number)}, with the answers and what you were heard "
            f"saying there, the model and the effort you picked, your schedules, the agents that only you see and your name under others, {_sign_ins(signed_in)}what the scoreboard counts of you and your usage. It cannot be undone. "
        )
        stays = (
            ""
            if context.capabilities.keeps_messages
            else "Messages you see in chats stay; delete them there."
        )
        reply = Reply(text=f"{text}{stays}".strip(), private=not context.direct, forgets=outcome.forget)
        return Response(
            reply=reply,
            outcome=replace(outcome, unread=outcome.forget and context.threaded, unobserved=person.id),
        )


def _where_to_type(context: Context, command: str) -> str:
    typed = f"`{context.capabilities.mention} {command}`"
    if not context.capabilities.slash_in_threads:
        return f"This speaks of one thread, so type it inside the thread: {typed}."
    return f"With a slash this is between the two of us. For what everybody here sees write {typed}."


def _sign_ins(number: int) -> str:
    return f"{number_of(number, 'sign-in')} to tools, " if number else ""


def _conversations(number: int) -> str:
    return "1 conversation" if number == 1 else f"{number:,} conversations"
