"""The names people type for model families, and how the newest model of each is recognised by its id.

Model ids change within months; only the patterns and pointers of this module know them.
"""

from dataclasses import replace

from bot.models.sources import Flagship

V = r"(\d{1,2}(?:[.-]\d{1,2})?)"  # a version: 6, 6.1, 5-5

GPT = Flagship(
    name="gpt",
    patterns=(rf"gpt-{V}-sol", rf"gpt-{V}", rf"gpt-{V}-astra", rf"gpt-{V}-terra", r"gpt-(4)o"),
    model="gpt-6-sol",
    aliases=("chatgpt",),
)
GPT_MINI = Flagship(name="gpt-mini", patterns=(rf"gpt-{V}-luna", rf"gpt-{V}-mini", r"gpt-(4)o-mini"))
CLAUDE = Flagship(
    name="claude",
    patterns=(rf"claude-sonnet-{V}(?:-\d{{8}})?",),
    model="claude-sonnet-5-5",
    aliases=("sonnet",),
)
OPUS = Flagship(name="opus", patterns=(rf"claude-opus-{V}(?:-\d{{8}})?",))
HAIKU = Flagship(name="haiku", patterns=(rf"claude-haiku-{V}(?:-\d{{8}})?",))
GROK = Flagship(  # one digit after the point: 4.20 came before 4.3
    name="grok", patterns=(r"grok-(\d{1,2}(?:\.\d)?)", r"grok-4-20-reasoning"), model="grok-latest"
)
GEMINI = Flagship(
    name="gemini",
    patterns=(rf"gemini-{V}-argon", rf"gemini-{V}-pro(?:-preview)?", rf"gemini-{V}-carbon"),
    model="gemini-pro-latest",
)
FLASH = Flagship(
    name="gemini-flash",
    patterns=(rf"gemini-{V}-flash", rf"gemini-{V}-hydrogen"),
    model="gemini-flash-latest",
    aliases=("flash",),
)
DEEPSEEK = Flagship(
    name="deepseek",
    patterns=(rf"deepseek-v{V}-pro", rf"deepseek-v{V}", rf"deepseek-v{V}-flash", r"deepseek-(r\d)"),
    model="deepseek-flash",
    aliases=("deepseek-chat", "deepseek-reasoner"),  # retired names that people still type
)
MISTRAL = Flagship(
    name="mistral",
    patterns=(rf"mistral-large-{V}", rf"mistral-medium-{V}"),
    model="mistral-large-latest",
)
MAI = Flagship(name="mai", patterns=(rf"mai-thinking-{V}", rf"mai-[a-z]+-{V}.*"))
PHI = Flagship(name="phi", patterns=(rf"phi-{V}", rf"phi-{V}-.*"))
LLAMA = Flagship(name="llama", patterns=(rf"llama-{V}.*",))
KIMI = Flagship(name="kimi", patterns=(rf"kimi-k{V}.*",))
ROUTER = Flagship(name="router", patterns=(r"model-router.*",))
OPENROUTER = Flagship(name="openrouter", patterns=("auto",), model="openrouter/auto")
DEMO = Flagship(name="demo", patterns=("demo",), model="demo")


def where_listed(*flagships: Flagship) -> tuple[Flagship, ...]:
    """The same for an endpoint whose ids are not known: a name appears only when the listing has a match."""
    return tuple(replace(flagship, model="") for flagship in flagships)


EVERYBODY = where_listed(
    GPT, GPT_MINI, CLAUDE, OPUS, HAIKU, GROK, GEMINI, FLASH, DEEPSEEK, MISTRAL, MAI, PHI, LLAMA, KIMI, ROUTER
)
