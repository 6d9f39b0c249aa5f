"""The commands people can type, one row each.

The parser, the names reserved from models, the help, the page's menu and both platforms' manifests are made
from these rows. bot.conversation.commands and bot.conversation.handler implement them. Pure.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpLine:
    """One line of the help: what to type after the slash, and what happens. `shared`: only among several people."""

    typed: str
    does: str
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRow:
    """One command. `does` and `usage` are for the platforms' own menus, `help` is for the bot's help.

    `alone`: the bare word counts as the command, without a slash. Not for a command that needs arguments:
    "ask" alone is the beginning of a sentence. `asks`: a model answers it.
    """

    name: str
    does: str
    usage: str = ""
    help: tuple[HelpLine, ...] = ()
    alone: bool = True
    asks: bool = False
    aliases: tuple[str, ...] = ()


COMMANDS: tuple[CommandRow, ...] = (
    CommandRow(
        name="model",
        does="Show the models, or switch",
        usage="[NAME|search WORD] [--thread|--me|--channel]",
        help=(
            HelpLine(
                typed="model",
                does="pick the model that answers; `model why` says why it is this one, `model why NAME` why not another",
            ),
            HelpLine(typed="model NAME", does="switch; add `--thread`, `--me` or `--channel` to say where"),
            HelpLine(typed="model search WORD", does="find one among all there are"),
        ),
        aliases=("models",),
    ),
    CommandRow(
        name="effort",
        does="How long models may think",
        usage="[low|medium|high] [--thread|--me|--channel]",
        help=(
            HelpLine(
                typed="effort high", does="how long models may think: low, medium or high, where you say"
            ),
        ),
    ),
    CommandRow(
        name="ask",
        does="One answer by another model",
        usage="NAME question",
        help=(
            HelpLine(typed="ask NAME question", does="one answer by that model; the choice stays as it is"),
        ),
        alone=False,
        asks=True,
    ),
    CommandRow(
        name="search",
        does="An answer from the web, with sources",
        usage="question",
        help=(
            HelpLine(
                typed="search question",
                does="an answer from the web, with its sources; `search on` lets models search whenever it helps",
            ),
        ),
        alone=False,
        asks=True,
    ),
    CommandRow(
        name="compare",
        does="Several models side by side",
        usage="NAME NAME: question",
        help=(
            HelpLine(
                typed="compare NAME NAME: question",
                does="two to four answers side by side; `--blind` in front hides who is who until you keep one",
            ),
            HelpLine(
                typed="compare set WORD NAME NAME",
                does="save models under a word for this place; `compare WORD: question` asks them, `compare sets` lists",
            ),
        ),
        asks=True,
    ),
    CommandRow(
        name="council",
        does="Several models answer, one sums up",
        usage="question",
        help=(
            HelpLine(
                typed="council question",
                does="several models answer, and one says where they differ and answers",
            ),
        ),
        alone=False,
        asks=True,
    ),
    CommandRow(
        name="scoreboard",
        does="How people here like the models' answers",
        usage="[code|writing|facts|data|other|leave|join]",
        help=(
            HelpLine(
                typed="scoreboard",
                does="what votes and kept answers of this workspace say of the models; `scoreboard leave` leaves you out",
            ),
        ),
    ),
    CommandRow(
        name="file",
        does="The answer as a file, its tables as CSV",
        usage="[csv]",
        help=(
            HelpLine(
                typed="file", does="the latest answer as a file; `file csv` its tables, for a spreadsheet"
            ),
        ),
    ),
    CommandRow(
        name="tools",
        does="What the model may use here",
        usage="[NAME|on NAME|off NAME|sign-in NAME]",
        help=(HelpLine(typed="tools", does="what the model may use here, and what it has to ask you for"),),
    ),
    CommandRow(
        name="agent",
        does="Make an agent, see it, change it",
        usage="new|NAME",
        help=(
            HelpLine(typed="agent new", does="make an agent: a model with a name and instructions of yours"),
            HelpLine(typed="agent NAME", does="what an agent is; change it, undo, export, delete"),
        ),
        alone=False,
    ),
    CommandRow(
        name="agents",
        does="The agents you can ask",
        help=(HelpLine(typed="agents", does="the agents you can ask, and what waits for approval"),),
    ),
    CommandRow(
        name="every",
        does="Ask a question again and again",
        usage="monday 9:00 question",
        help=(
            HelpLine(typed="every monday 9:00 question", does="a question that asks itself in this place"),
        ),
        alone=False,
    ),
    CommandRow(
        name="schedules",
        does="What asks itself: list, pause, delete",
        help=(HelpLine(typed="schedules", does="what asks itself here, and yours: pause it, delete it"),),
        aliases=("schedule",),
    ),
    CommandRow(
        name="reset",
        does="Start over",
        help=(HelpLine(typed="reset", does="start over: the model forgets what was said so far"),),
    ),
    CommandRow(
        name="memory",
        does="What the model sees now",
        help=(HelpLine(typed="memory", does="what the model sees now"),),
    ),
    CommandRow(
        name="forget",
        does="Erase this conversation's memory",
        usage="[me]",
        help=(
            HelpLine(typed="forget", does="erase this conversation for good"),
            HelpLine(typed="forget me", does="erase everything of mine in this workspace"),
        ),
    ),
    CommandRow(
        name="mute",
        does="Stay silent in this thread until mentioned",
        help=(HelpLine(typed="mute", does="silence in this thread until somebody mentions me", shared=True),),
        aliases=("stop",),
    ),
    CommandRow(
        name="unmute",
        does="Follow this thread again",
        help=(HelpLine(typed="unmute", does="follow this thread again", shared=True),),
    ),
    CommandRow(
        name="usage",
        does="What you used today and this month",
        help=(HelpLine(typed="usage", does="what you used today and this month"),),
    ),
    CommandRow(name="help", does="Everything that can be typed here"),
)
"""In the order in which they are listed everywhere."""

HELP: tuple[HelpLine, ...] = tuple(line for row in COMMANDS for line in row.help)
NAMES: tuple[str, ...] = tuple(row.name for row in COMMANDS)
ALIASES: dict[str, str] = {alias: row.name for row in COMMANDS for alias in row.aliases}
ALONE: frozenset[str] = frozenset(word for row in COMMANDS if row.alone for word in (row.name, *row.aliases))
ASKING: frozenset[str] = frozenset(row.name for row in COMMANDS if row.asks)
QUICK: frozenset[str] = frozenset(
    f"/{word}" for row in COMMANDS if not row.asks for word in (row.name, *row.aliases)
)
"""What is typed, with the slash, to be answered without asking a model."""

RESERVED: frozenset[str] = frozenset({*NAMES, *ALIASES, "default", "none", "why"})
"""Words that already mean something where a model's name is typed."""
