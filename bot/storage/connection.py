"""The connection to Redis: what is asked of it, in as few round trips as possible, and all error handling."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, nullcontext
from typing import Any, TypeVar

from redis.asyncio import RedisCluster
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import NoPermissionError, NoScriptError, ReadOnlyError, RedisError, ResponseError

from bot.domain.errors import StorageUnavailable
from bot.storage import bells
from bot.storage.clients import PATIENCE, read_address
from bot.storage.copies import ALONE, COPY, Copies
from bot.storage.link import MasterLink
from bot.storage.patience import DROPPED, PASSING, Answer, heeding_cancellation, patiently
from bot.storage.scripts import ScriptCall, Scripts, Word
from bot.storage.sentinels import watching
from bot.storage.server_facts import ServerFacts, read_facts

WAIT = 2.0  # seconds that a blocking read waits
LONGEST = 10.0  # seconds for everything together, a connection's handshake too
TAKEN_OVER = "another server takes over"
COPIED: tuple[Word, ...] = ("WAIT", 1, COPY)

Question = ScriptCall | tuple[Word, ...]
Target = TypeVar("Target")


class Database:
    """One Redis, a cluster or behind sentinels too. Every method raises StorageUnavailable and no other."""

    def __init__(self, *, link: MasterLink, shards: int, tls: bool) -> None:
        self._link = link
        self.shards = shards
        self.tls = tls

    @property
    def term(self) -> int:
        """Goes up whenever another server may have taken over: a claim from before may not be there now."""
        return self._link.term

    async def ask(self, *questions: Question, patience: float | None = None) -> list[Any]:
        """Sends all in one round trip (on a cluster, in parallel) and returns the answers in order."""
        return await self._patiently(lambda: self._once(questions), patience)

    async def ask_for_good(self, *questions: Question, patience: float | None = None) -> list[Any]:
        """The same, and where Redis has replicas one must have copied it: a failover must not undo it."""
        return await self._patiently(lambda: self._once_copied(questions), patience)

    async def warm(self, connections: int, scripts: Scripts) -> None:
        """Opens connections and loads scripts before they are needed: on a slow line that takes as long as a
        lease. A cluster's client does both as it goes.
        """
        if self.shards == 1:
            await self.ask(*(("SCRIPT", "LOAD", scripts.call(name, ()).text) for name in scripts.names))
            await self._patiently(lambda: self._apart((("PING",),) * connections, self._single), None)
            await self.ask_for_good(("PING",))  # sees whether there are replicas

    async def wait_for(self, *words: Word, key: str) -> Any:
        """Sends one command that may block up to WAIT seconds in Redis. It is not repeated when it fails."""
        return await self._patiently(lambda: self._wait_once(words, key), None, again=False)

    async def facts(self) -> list[ServerFacts | None]:
        """What the server says of itself; on a cluster, every master. None: it may not be asked."""
        return await self._patiently(self._facts, None, again=False)

    async def listen(self, *channels: str) -> AsyncGenerator[tuple[str, str], None]:
        """Yields (channel, message), and (channel, "") for each as soon as it is heard. Raises StorageUnavailable when a
        connection ends, another server takes over, or a cluster moves a channel to another node.
        """
        try:
            term = await self._link.in_charge()
            await self._know_the_nodes()
            of = bells.of_nodes if self.shards > 1 else bells.of_server
            async with aclosing(of(self._link.waiting, channels)) as messages:
                while term == self.term:
                    with heeding_cancellation():
                        message = await anext(messages)
                    yield message
            raise NotConnected(TAKEN_OVER)
        except (*PASSING, *DROPPED, RedisError) as error:
            raise StorageUnavailable(str(error)) from error

    async def _patiently(
        self, ask: Callable[[], Awaitable[Answer]], patience: float | None, *, again: bool = True
    ) -> Answer:
        """Without a `patience` of its own, what is asked may take PATIENCE for each round trip: a connection
        takes several.
        """

        async def once() -> Answer:
            term = await self._link.in_charge()
            try:
                answer = await ask()
            except DROPPED as error:
                raise NotConnected("connection dropped") from error
            except ReadOnlyError:
                await self._link.doubt("the server takes no writes any more")
                raise
            if term != self.term:
                raise NotConnected(TAKEN_OVER)
            return answer

        return await patiently(once, patience or PATIENCE, limit=patience or LONGEST, again=again)

    async def _once(self, questions: tuple[Question, ...]) -> list[Any]:
        if len(questions) == 1:
            return [await self._single(questions[0])]
        try:
            answers = await self._send([_words(question) for question in questions], {})
        except (*PASSING, *DROPPED) as error:
            if self.shards == 1:
                raise
            answers = [error] * len(questions)
        return [
            await self._judge(question, answer) for question, answer in zip(questions, answers, strict=True)
        ]

    async def _once_copied(self, questions: tuple[Question, ...]) -> list[Any]:
        if self.shards == 1:
            return await self._copied(questions, self._link.copies[""], {})
        await self._link.commands.initialize()
        parts: dict[Any, list[int]] = {}
        for position, question in enumerate(questions):
            node = self._link.commands.get_node_from_key(_key(question))
            if node is None:
                raise NotConnected("a part of the cluster has no master")
            parts.setdefault(node, []).append(position)

        async def copied(node: Any) -> list[Any]:
            asked = tuple(questions[position] for position in parts[node])
            try:
                return await self._copied(asked, self._link.copies[node.name], {"target_nodes": node})
            except (*PASSING, *DROPPED, ResponseError):
                await self._single(asked[0])  # makes the cluster's client look for the new master
                raise

        answers: dict[int, Any] = {}
        for node, found in zip(parts, await self._apart(tuple(parts), copied), strict=True):
            answers.update(zip(parts[node], found, strict=True))
        return [answers[position] for position in range(len(questions))]

    async def _copied(self, questions: Sequence[Question], copies: Copies, there: Any) -> list[Any]:
        """One round trip to one server: what is asked, and whether it was copied."""
        while copies.unknown:
            copies.saw((await self._send([copies.look], there))[0])
        look, expected = copies.due(), copies.expected
        after = [*([copies.look] if look else []), *([COPIED] if expected else [])]
        answers = await self._send([*map(_words, questions), *after], there)
        if any(isinstance(answer, NoScriptError) for answer in answers):
            answers = await self._send([*map(_in_full, questions), *after], there)
        copied = answers.pop() if expected else None
        if look:
            copies.saw(answers.pop())
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        if expected and not copies.took(copied, confirmed=self._link.confirmed()):
            raise NotConnected("no replica has copied it, so a failover would undo it")
        return answers

    async def _send(self, commands: list[tuple[Word, ...]], there: Any) -> list[Any]:
        async with self._link.commands.pipeline(transaction=False) as pipeline:
            for words in commands:
                pipeline.execute_command(*words, **there)
            answers: list[Any] = await pipeline.execute(raise_on_error=False)
        return answers

    async def _apart(self, targets: tuple[Target, ...], ask: Callable[[Target], Awaitable[Any]]) -> list[Any]:
        """Each in a task of its own."""

        async def caught(target: Target) -> Any:
            try:
                return await ask(target)
            except (*PASSING, *DROPPED, RedisError) as error:
                return error  # a raised one would cancel the other tasks of the group

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(caught(target)) for target in targets]
        answers = [task.result() for task in tasks]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    async def _judge(self, question: Question, answer: Any) -> Any:
        # A cluster's client looks for a new master only when a single command has failed.
        if isinstance(answer, NoScriptError) or (
            self.shards > 1 and isinstance(answer, (*PASSING, *DROPPED))
        ):
            return await self._single(question)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _single(self, question: Question) -> Any:
        try:
            return await self._link.commands.execute_command(*_words(question))
        except NoScriptError:
            return await self._link.commands.execute_command(*_in_full(question))

    async def _facts(self) -> list[ServerFacts | None]:
        there = {"target_nodes": RedisCluster.PRIMARIES} if self.shards > 1 else {}
        try:
            answer = await self._link.commands.execute_command("INFO", **there)
        except ResponseError as error:
            if isinstance(error, NoPermissionError) or "unknown command" in str(error):
                return [None]
            raise  # of the connection, not of INFO
        several = self.shards > 1 and all(isinstance(each, dict) for each in answer.values())
        return [read_facts(each) for each in (answer.values() if several else [answer])]

    async def _wait_once(self, words: tuple[Word, ...], key: str) -> Any:
        await self._know_the_nodes()
        waiting = self._link.waiting
        if self.shards > 1:
            return await waiting.execute_command(*words, target_nodes=waiting.get_node_from_key(key))
        return await waiting.execute_command(*words)

    async def _know_the_nodes(self) -> None:
        """A cluster's client has to be initialised before it can tell a key's node. Later calls are free."""
        if self.shards > 1:
            await self._link.waiting.initialize()


@asynccontextmanager
async def open_database(url: str, *, alone: float = ALONE) -> AsyncIterator[Database]:
    """Opens what REDIS_URL names; connects on the first command. Raises SettingsError for a URL it cannot
    use. After `alone` seconds without any replica a server counts as a single one.
    """
    address = read_address(url)
    link = MasterLink(address, alone=alone)
    async with watching(address, link) if address.shape == "sentinel" else nullcontext():
        try:
            yield Database(link=link, shards=address.shards, tls=address.scheme == "rediss")
        finally:
            await link.close()


def _words(question: Question) -> tuple[Word, ...]:
    return question.words if isinstance(question, ScriptCall) else question


def _in_full(question: Question) -> tuple[Word, ...]:
    return question.words_in_full if isinstance(question, ScriptCall) else question


def _key(question: Question) -> Any:
    return question.keys[0] if isinstance(question, ScriptCall) else question[1]
