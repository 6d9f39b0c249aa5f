"""The connection to Redis: what is asked of it, in as few round trips as possible, and all error handling."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

from redis.asyncio import RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import NoPermissionError, NoScriptError, ReadOnlyError, RedisError, ResponseError

from bot.domain.errors import StorageUnavailable
from bot.storage import bells
from bot.storage.batches import Batches
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

MOVED = (*PASSING, *DROPPED, ResponseError)

Question = ScriptCall | tuple[Word, ...]
Target = TypeVar("Target")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question goes, and whether a replica must have copied it."""

    node: ClusterNode | None  # None: the one server there is
    good: bool

    @property
    def name(self) -> str:
        return "" if self.node is None else self.node.name


HERE, HERE_FOR_GOOD = Place(None, good=False), Place(None, good=True)


class Database:
    """One Redis, a cluster or behind sentinels too. Every method raises StorageUnavailable and no other."""

    def __init__(self, *, link: MasterLink, shards: int, tls: bool) -> None:
        self._link = link
        self._batches = Batches(self._send)
        self.shards = shards
        self.tls = tls

    async def close(self) -> None:
        await self._batches.close()
        await self._link.close()

    @property
    def term(self) -> int:
        """Goes up whenever another server may have taken over: a claim from before may not be there now."""
        return self._link.term

    async def ask(self, *questions: Question, patience: float | None = None) -> list[Any]:
        """Sends all in one round trip, which others share (on a cluster, one to each node). The answers are in order."""
        return await self._patiently(lambda: self._asked(questions, good=False), patience)

    async def ask_for_good(self, *questions: Question, patience: float | None = None) -> list[Any]:
        """The same, and where Redis has replicas one must have copied it: a failover must not undo it."""
        return await self._patiently(lambda: self._asked(questions, good=True), patience)

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

    async def _asked(self, questions: tuple[Question, ...], *, good: bool) -> list[Any]:
        """Each at its place, and together with what others ask there."""
        if self.shards == 1:
            return await self._there(HERE_FOR_GOOD if good else HERE, questions)
        commands = self._link.commands
        await commands.initialize()
        parts: dict[Place, list[int]] = {}
        for position, question in enumerate(questions):
            node = commands.get_node_from_key(_key(question))
            if node is None:
                raise NotConnected("a part of the cluster has no master")
            parts.setdefault(Place(node, good=good), []).append(position)

        async def there(place: Place) -> list[Any]:
            return await self._there(place, tuple(questions[position] for position in parts[place]))

        answers: dict[int, Any] = {}
        for place, found in zip(parts, await self._apart(tuple(parts), there), strict=True):
            answers.update(zip(parts[place], found, strict=True))
        return [answers[position] for position in range(len(questions))]

    async def _there(self, place: Place, questions: tuple[Question, ...]) -> list[Any]:
        for question in questions:
            _check(question)
        try:
            answers = await self._batches.answers(place, questions)
        except (*PASSING, *DROPPED) as error:
            if self.shards == 1:
                raise
            answers = [error] * len(questions)
        for position, answer in enumerate(answers):
            if isinstance(answer, Exception):
                answers[position] = await self._judge(questions[position], answer, good=place.good)
        return answers

    async def _send(self, place: Place, questions: Sequence[Question]) -> list[Any]:
        """One round trip to one server."""
        there = {} if place.node is None else {"target_nodes": place.node}
        if place.good:
            return await self._copied(questions, self._link.copies[place.name], there)
        return await self._write([_words(question) for question in questions], there)

    async def _copied(self, questions: Sequence[Question], copies: Copies, there: Any) -> list[Any]:
        """What is asked, and whether it was copied."""
        while copies.unknown:
            copies.saw((await self._write([copies.look], there))[0])
        look, expected = copies.due(), copies.expected
        after = [*([copies.look] if look else []), *([COPIED] if expected else [])]
        answers = await self._write([*map(_words, questions), *after], there)
        copied = answers.pop() if expected else None
        if look:
            copies.saw(answers.pop())
        if new := [at for at, answer in enumerate(answers) if isinstance(answer, NoScriptError)]:
            again = [_in_full(questions[at]) for at in new]
            *taken, copied = await self._write([*again, *([COPIED] if expected else [("PING",)])], there)
            for at, answer in zip(new, taken, strict=True):
                answers[at] = answer
        if expected and not copies.took(copied, confirmed=self._link.confirmed()):
            raise NotConnected("no replica has copied it, so a failover would undo it")
        return answers

    async def _write(self, commands: list[tuple[Word, ...]], there: Any) -> list[Any]:
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

    async def _judge(self, question: Question, error: Exception, *, good: bool) -> Any:
        # A cluster's client looks for a new master only when a single command has failed.
        if isinstance(error, NoScriptError) or (self.shards > 1 and isinstance(error, MOVED)):
            answer = await self._single(question)
            if not good:
                return answer
        raise error

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
        database = Database(link=link, shards=address.shards, tls=address.scheme == "rediss")
        try:
            yield database
        finally:
            await database.close()


def _words(question: Question) -> tuple[Word, ...]:
    return question.words if isinstance(question, ScriptCall) else question


def _check(question: Question) -> None:
    """Raises ValueError for half a character: it must not fail what others ask in the same go."""
    for word in _words(question):
        if isinstance(word, str) and not word.isascii():
            word.encode()


def _in_full(question: Question) -> tuple[Word, ...]:
    return question.words_in_full if isinstance(question, ScriptCall) else question


def _key(question: Question) -> Any:
    return question.keys[0] if isinstance(question, ScriptCall) else question[1]
