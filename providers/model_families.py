"""The names people type for model families, and how the best model of each is recognised by its id.

Model ids change within months; only the patterns and pointers of this module know them. What is no pattern is out: the
small and fast (nano, mini, lite, fast), the dated and previews where the vendor has others, and what OpenRouter adds
behind a colon (`:free`, `:batch`). Decided here: `claude` is the newest Sonnet; Opus, then Haiku, only where no Sonnet
is listed. `deepseek` is a V model before R1; `llama` is Maverick before Scout, and in Llama 3 a large one.
"""

from dataclasses import replace

from bot.models.sources import Flagship

V = r"(\d{1,2}(?:[.-]\d{1,2})?)"  # a version: 6, 6.1, 5-5
DATE = r"(?:-(?:\d{8}|latest))?"  # Claude's; others' dated models are twins of undated ones
LLAMA_V = r"(?:meta-)?llama-?v?(\d(?:[.p-]\d(?![\db]))?)"  # llama-3.3, llama3-3, llama-v3p3
CHAT = r"-(?:instruct|chat|versatile|instant)(?:-[^:]*)?"  # without it, Llama's is a base model

OPENAI, ANTHROPIC, XAI, GOOGLE = ("openai",), ("anthropic",), ("x-ai", "xai"), ("google",)
DEEPSEEKS, MISTRALS, MICROSOFT = ("deepseek", "deepseek-ai"), ("mistralai", "mistral"), ("microsoft",)
META, MOONSHOT = ("meta-llama", "meta"), ("moonshotai", "moonshot")

GPT = Flagship(
    name="gpt",
    patterns=(rf"gpt-{V}-sol", rf"gpt-(?!4$){V}", rf"gpt-{V}-astra", rf"gpt-{V}-terra", r"gpt-(4)o"),
    model="gpt-6-sol",
    aliases=("chatgpt",),
    publishers=OPENAI,
)
GPT_MINI = Flagship(
    name="gpt-mini",
    patterns=(rf"gpt-{V}-luna", rf"gpt-{V}-mini", r"gpt-(4)o-mini"),
    publishers=OPENAI,
)
SONNETS = (rf"claude-sonnet-{V}{DATE}", rf"claude-{V}-sonnet{DATE}")
OPUSES = (rf"claude-opus-{V}{DATE}", rf"claude-{V}-opus{DATE}")
HAIKUS = (rf"claude-haiku-{V}{DATE}", rf"claude-{V}-haiku{DATE}")
CLAUDE = Flagship(
    name="claude",
    patterns=(*SONNETS, *OPUSES, *HAIKUS),
    model="claude-sonnet-5-5",
    aliases=("sonnet",),
    publishers=ANTHROPIC,
    ranked=True,
)
OPUS = Flagship(name="opus", patterns=OPUSES, publishers=ANTHROPIC)
HAIKU = Flagship(name="haiku", patterns=HAIKUS, publishers=ANTHROPIC)
GROK = Flagship(  # one digit after the point: 4.20 came before 4.3
    name="grok",
    patterns=(r"grok-(\d{1,2}(?:\.\d)?)(?:-\d{4})?", r"grok-4-20-reasoning"),
    model="grok-latest",
    publishers=XAI,
)
GEMINI = Flagship(
    name="gemini",
    patterns=(rf"gemini-{V}-argon", rf"gemini-{V}-pro", rf"gemini-{V}-carbon", rf"gemini-{V}-pro-preview"),
    model="gemini-pro-latest",
    publishers=GOOGLE,
)
FLASH = Flagship(
    name="gemini-flash",
    patterns=(rf"gemini-{V}-(?:flash|hydrogen)", rf"gemini-{V}-flash-preview"),
    model="gemini-flash-latest",
    aliases=("flash",),
    publishers=GOOGLE,
)
DEEPSEEK = Flagship(
    name="deepseek",
    patterns=(
        rf"deepseek-v{V}-pro(?:-\d{{4}})?",
        rf"deepseek-v{V}",
        rf"deepseek-v{V}-flash(?:-\d{{4}})?",
        r"(?:deepseek-)?r(\d)",
    ),
    model="deepseek-flash",
    aliases=("deepseek-chat", "deepseek-reasoner"),  # retired names that people still type
    publishers=DEEPSEEKS,
)
MISTRAL = Flagship(
    name="mistral",
    patterns=(
        rf"mistral-large-{V}(?:-\d+b-instruct)?",
        rf"mistral-medium-{V}",
        r"mistral-large-(\d{4})",  # the month stands for the version: mistral-large-2512
    ),
    model="mistral-large-latest",
    publishers=MISTRALS,
    ranked=True,
)
MAI = Flagship(name="mai", patterns=(rf"mai-thinking-{V}", rf"mai-[a-z]+-{V}.*"), publishers=MICROSOFT)
PHI = Flagship(name="phi", patterns=(rf"phi-{V}", rf"phi-{V}-[^:]*"), publishers=MICROSOFT)
LLAMA = Flagship(
    name="llama",
    patterns=(
        rf"{LLAMA_V}-maverick(?:-[^:]*)?",
        rf"{LLAMA_V}-(?:70|405)b{CHAT}",
        rf"{LLAMA_V}-scout(?:-[^:]*)?",
        rf"{LLAMA_V}-\d+b{CHAT}",
    ),
    publishers=META,
)
KIMI = Flagship(
    name="kimi",
    patterns=(rf"kimi-k{V}(?:-pro)?", rf"kimi-k{V}-(?:instruct|thinking)(?:-[^:]*)?", rf"kimi-k{V}-[^:]*"),
    publishers=MOONSHOT,
)
ROUTER = Flagship(name="router", patterns=(r"model-router.*",))
OPENROUTER = Flagship(name="openrouter", patterns=("auto",), model="openrouter/auto")
DEMO = Flagship(name="demo", patterns=("demo",), model="demo")
DEMO_BRIEF = Flagship(name="demo-brief", patterns=("demo-brief",), model="demo-brief")
DEMO_CALM = Flagship(name="demo-calm", patterns=("demo-calm",), model="demo-calm")
DEMOS = (DEMO, DEMO_BRIEF, DEMO_CALM)


def where_listed(*flagships: Flagship) -> tuple[Flagship, ...]:
    """The same for an endpoint whose ids are not known: a name appears only when the listing has a match."""
    return tuple(replace(flagship, model="") for flagship in flagships)


EVERYBODY = where_listed(
    GPT, GPT_MINI, CLAUDE, OPUS, HAIKU, GROK, GEMINI, FLASH, DEEPSEEK, MISTRAL, MAI, PHI, LLAMA, KIMI, ROUTER
)
