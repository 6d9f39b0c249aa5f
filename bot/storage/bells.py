"""Channels of a Redis Cluster: each lies on the node that has its slot, so every node needs a connection of its own."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import RedisError

from bot.storage.patience import DROPPED, heeding_cancellation

PAUSE = 2.0  # seconds that one read waits


async def of_nodes(cluster: RedisCluster, channels: Sequence[str]) -> AsyncGenerator[tuple[str, str], None]:
    """Yields what `heard` makes of the messages. Raises redis-py's errors when a connection ends.

    redis-py would read from one node after the other, each time until there is something or a time-out.
    """
    messages: asyncio.Queue[Mapping[str, Any] | Exception] = asyncio.Queue()

    async def read(pubsub: Any, node: ClusterNode) -> None:
        try:
            while True:
                with heeding_cancellation():
                    message = await pubsub.get_sharded_message(timeout=PAUSE, target_node=node)
                if message:
                    messages.put_nowait(message)
        except (RedisError, OSError, *DROPPED) as error:
            messages.put_nowait(error)

    async with cluster.pubsub() as pubsub:
        nodes = {}
        for channel in channels:
            await pubsub.ssubscribe(channel)
            if node := cluster.get_node_from_key(channel):
                nodes[node.name] = node
        # A task group would wrap what ends a generator; `read` hands its errors over.
        reading = [asyncio.create_task(read(pubsub, node)) for node in nodes.values()]  # noqa: TID251
        try:
            while True:
                message = await messages.get()
                if isinstance(message, Exception):
                    raise message
                yield heard(message)
        finally:
            for task in reading:
                task.cancel()
            await asyncio.wait(reading)


async def of_server(server: Redis, channels: Sequence[str]) -> AsyncGenerator[tuple[str, str], None]:
    """The same of a single server."""
    async with server.pubsub() as pubsub:
        await pubsub.subscribe(*channels)
        while True:
            if message := await pubsub.get_message(timeout=PAUSE):
                yield heard(message)


def heard(message: Mapping[str, Any]) -> tuple[str, str]:
    """Channel and message; "" for the confirmation of a subscription. Raises a ConnectionError when the server has ended
    one, as a cluster does when a slot moves.
    """
    kind, channel, data = (_text(message[name]) for name in ("type", "channel", "data"))
    if kind in {"unsubscribe", "sunsubscribe"}:
        raise NotConnected("a channel was moved to another node")
    return channel, data if kind in {"message", "smessage"} else ""


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
