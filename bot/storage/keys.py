"""Every Redis key and every lifetime, on one page.

A key is `<prefix>:{<tag>}:...`. The braces make it a hash tag: what belongs to one conversation sits in one
slot of a Redis Cluster, so a script can touch all of it at once. A standalone server has one shard, a cluster
has 64: their tags lie evenly over the slots, so that every master of a cluster has its share.

    d:<digest>              string   this event was seen (dedupe)
    c:<conversation>:in     stream   the mailbox: events that wait, in order
    c:<conversation>:st     hash     sched (its number in the queue), epoch, nonce, done, restored, told, joined,
                                     grown (<lineage> <turns since> <last epoch>: where the history stands), choice, withdrawn:<message> where it waits and was deleted
    c:<conversation>:t      hash     the turn in hand: id, mail, author, message, started, attempt, failures, crashes,
                                     stop, withdrawn, record
    c:<conversation>:h      list     the history, one turn per element
    line                    zset     workspaces that have somebody to serve, by whose turn it is
    people                  zset     <workspace>:<number>:<person>: who is to be served, by whose turn it is
    queue                   zset     <workspace>:<person>:<number>:<conversation>: what has work, oldest first
    leases                  zset     conversations in hand, by the end of their lease
    desk                    hash     life: a new one where all data was lost
                                     a:<conversation> who asks, w:<conversation> the worker that has it in hand
                                     p:<workspace>:<person> the number in people, r:... conversations in hand
    desk:bell               channel  "" when there is something to serve; "<conversation> <turn>" to stop a turn
    delay                   zset     conversations that wait for another try, by the time it is due
    dead                    hash     events nobody could handle: <reference> what is known of it, <reference>:e the event
    dead:at                 zset     their references, by time
    epoch                   counter  numbers and fencing tokens: never the same one twice, so it follows the clock
    i:<workspace>           zset     the workspace's conversations, by last activity
    e:<workspace>           zset     its conversations that were erased in threads which the platform still shows, by when
    p:<workspace>           set      the workspace's people with usage
    u:<workspace>:<person>:<period>  hash  usage in a month or on a day; person "" is everybody
    r:<workspace>:<person>  zset     a person's recent conversations
    n:<workspace>           hash     what the scoreboard counts: <observation> the sealed record. Its name says what happened, to
                                     which turn's answer, by which model, and who it was
    n:<workspace>:at        zset     their names, by time
    n:<workspace>:left      set      people who are not counted; kept as long as the workspace
    s:<workspace>           hash     its schedules: <id> the sealed schedule, <id>:a who made it, <id>:c its conversation,
                                     <id>:p its channel, <id>:t which turn asked what was due last
    due                     zset     <workspace>:<id> of schedules, by the time they are due; paused ones by when they are erased
    o:<workspace>           set      its people who have signed in to a tool server
    o:<workspace>:<person>  hash     what they allowed: <server> a sealed grant
    o:<workspace>:<person>:<server>  string  somebody renews that just now
    m:<workspace>           hash     preferences: default, channel:<id>, person:<id>; agents, a stamp that changes with them
    a:<workspace>           hash     agents made in chat: <id> the sealed agent, <id>:a whose it is, <id>:n a digest of its name
                                     and of who sees it, <id>:r its revision and the turn that wrote it; for good, as preferences
    a:<workspace>:v         hash     <id> their sealed earlier versions
    v:<digest>              string   the secret store: an encrypted record
    b:<digest>              hash     a token bucket of the rate limiter
    health                  hash     models with failures, by provider:model
    traffic                 hash     how models did in the last ten minutes, by process
    budgets:held, budgets:due, budgets:usual  hash, zset, hash  money that is reserved, by answer; when it runs out;
                                     how much each model usually writes
    budgets:<period>        hash     what is spent and reserved in a day, a week or a month, for two of them
    w:seq, w:log            counter, stream  the timeline's changes, numbered: some thousands, for a day
    w:chats, w:titles       zset, hash  its conversations, by last post, and their titles
    w:<chat>:<what>         order (zset), posts, owners, pictures, growing (hashes), gone (string, for a day)
"""

import hashlib
from dataclasses import dataclass
from urllib.parse import quote

DAY = 86_400
FEWEST_KEPT = 200  # observations of a workspace in each shard of a cluster

TAGS = [
    "10", "18", "cc", "6d", "29", "21", "3", "f1", "69", "61", "1a", "b1", "b", "58", "a0", "2d",
    "11", "19", "cb", "6a", "28", "20", "2", "f0", "68", "60", "1d", "b0", "c", "59", "a1", "2a",
    "12", "bb", "ca", "6b", "ac", "23", "1", "9", "c0", "63", "1c", "78", "d", "fb", "49", "2b",
    "13", "bc", "cd", "6c", "ab", "22", "0", "8", "c1", "62", "1b", "79", "a", "fc", "48", "2c",
]  # fmt: skip
"""For each 64th of the slots the first hexadecimal number that falls into it. Numbers in order would not do: 0 to 15
fall into four bands, which leaves most masters of a large cluster idle. Never change them while data exists.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """Seconds, and how many of a kind are kept."""

    dedupe: int = DAY  # longer than Slack and Teams repeat a delivery
    memory: int = 30 * DAY  # a conversation without messages for this long is erased
    month: int = 400 * DAY
    day: int = 3 * DAY
    signed_in: int = 90 * DAY  # a sign-in that nobody used for this long is erased
    turns: int = 200  # of one conversation
    spare: int = 50  # ... besides: they go all at once, so that most prompts begin as the one before
    waiting: int = 100  # events in one mailbox; beyond that, people are asked to wait
    told: int = 60  # ... once in this many seconds
    recent: int = 1_000  # conversations of one person
    dead: int = 1_000  # dead letters per shard
    observed: int = 90 * DAY  # what the scoreboard counts
    observations: int = 10_000  # ... of one workspace; on a cluster shared among the shards


class Keys:
    """Spells the keys. `shards` must not change while data exists."""

    def __init__(self, *, prefix: str, shards: int) -> None:
        self.prefix = prefix
        self.shards = shards

    def shard(self, digest: str) -> int:
        """The shard of anything named by hexadecimal digits."""
        return int(digest[:8], 16) % self.shards

    @property
    def publish(self) -> str:
        """The command that rings a bell: on a cluster, only the nodes of its slot pass it on."""
        return "SPUBLISH" if self.shards > 1 else "PUBLISH"

    def bell(self, shard: int) -> str:
        """The channel on which workers hear of work and of stops. Not a key."""
        return self._at(shard, "desk", "bell")

    def line(self, shard: int) -> tuple[str, ...]:
        """What the scripts that serve people in turn have as their first keys, in the order of line.lua."""
        names = ("line", "people", "queue", "leases", "desk", "epoch")
        return tuple(self._at(shard, name) for name in names)

    def seen(self, conversation: str, event: str) -> str:
        return self._at(self.shard(conversation), "d", _digest(event))

    def mail(self, conversation: str) -> str:
        return self._of(conversation, "in")

    def state(self, conversation: str) -> str:
        return self._of(conversation, "st")

    def turn(self, conversation: str) -> str:
        return self._of(conversation, "t")

    def history(self, conversation: str) -> str:
        return self._of(conversation, "h")

    def leases(self, shard: int) -> str:
        return self._at(shard, "leases")

    def delay(self, shard: int) -> str:
        return self._at(shard, "delay")

    def dead(self, shard: int) -> str:
        return self._at(shard, "dead")

    def dead_times(self, shard: int) -> str:
        return self._at(shard, "dead", "at")

    def index(self, shard: int, workspace: str) -> str:
        return self._at(shard, "i", _digest(workspace))

    def erased(self, shard: int, workspace: str) -> str:
        return self._at(shard, "e", _digest(workspace))

    def people(self, shard: int, workspace: str) -> str:
        return self._at(shard, "p", _digest(workspace))

    def usage(self, shard: int, workspace: str, person: str, period: str) -> str:
        return self._at(shard, "u", _digest(workspace), quote(person, safe=""), period)

    def recent(self, shard: int, workspace: str, person: str) -> str:
        return self._at(shard, "r", _digest(workspace), quote(person, safe=""))

    def scores(self, shard: int, workspace: str) -> tuple[str, str, str]:
        """A workspace's observations in one shard, their times, and who is left out."""
        records = self._at(shard, "n", _digest(workspace))
        return records, f"{records}:at", f"{records}:left"

    def observations_kept(self, lifetimes: Lifetimes) -> int:
        """How many of one workspace a shard keeps: conversations lie evenly, but a small shard still needs room for one."""
        return (
            max(FEWEST_KEPT, lifetimes.observations // self.shards)
            if self.shards > 1
            else lifetimes.observations
        )

    def choices(self, workspace: str) -> str:
        digest = _digest(workspace)
        return self._at(self.shard(digest), "m", digest)

    def agents(self, workspace: str) -> tuple[str, str, str]:
        """A workspace's agents, their earlier versions, and where their stamp is."""
        digest = _digest(workspace)
        own = self._at(self.shard(digest), "a", digest)
        return own, f"{own}:v", self.choices(workspace)

    def schedules(self, digest: str) -> tuple[str, str]:
        """A workspace's schedules, by the digest of its name, and what is due in their shard."""
        shard = self.shard(digest)
        return self._at(shard, "s", digest), self.due(shard)

    def due(self, shard: int) -> str:
        return self._at(shard, "due")

    def signed_in(self, workspace: str) -> str:
        digest = _digest(workspace)
        return self._at(self.shard(digest), "o", digest)

    def sign_ins(self, workspace: str, person: str) -> tuple[str, str]:
        """A person's sign-ins, and the workspace's people with any."""
        people = self.signed_in(workspace)
        return f"{people}:{quote(person, safe='')}", people

    def renewing(self, workspace: str, person: str, server: str) -> str:
        return f"{self.sign_ins(workspace, person)[0]}:{quote(server, safe='')}"

    def secrets(self, name: str) -> str:
        digest = _digest(name)
        return self._at(self.shard(digest), "v", digest)

    def bucket(self, name: str) -> str:
        digest = _digest(name)
        return self._at(self.shard(digest), "b", digest)

    def health(self) -> str:
        return self._at(self.shard(_digest("health")), "health")

    def traffic(self) -> str:
        return self._at(self.shard(_digest("health")), "traffic")

    def budgets(self, what: str) -> str:
        """All money is in one shard, so that one script may check every budget that a question counts in."""
        return self._at(self.shard(_digest("budgets")), "budgets", what)

    def timeline(self, what: str, chat: str = "") -> str:
        """The whole timeline is in one shard, so that one script may touch any of it."""
        shard = self.shard(_digest("timeline"))
        return self._at(shard, "w", *([quote(chat, safe="")] if chat else []), what)

    def _of(self, conversation: str, what: str) -> str:
        return self._at(self.shard(conversation), "c", conversation, what)

    def _at(self, shard: int, *parts: str) -> str:
        return ":".join((self.prefix, f"{{{TAGS[shard]}}}", *parts))


def workspace_of(platform: str, workspace: str) -> str:
    """A workspace's name across platforms: "platform:id"."""
    return f"{platform}:{workspace}"


def workspace_digest(workspace: str) -> str:
    """What stands for a workspace in the keys of its schedules, and where its observations are sealed to."""
    return _digest(workspace)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
