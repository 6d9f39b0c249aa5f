"""The vendors, one row each. Adding one that speaks a known dialect is adding a row here.

Sources: each vendor's API reference; their requests differ only by `Quirks`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from bot.models.sources import Flagship
from providers import model_families
from providers.dialect import Quirks


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One row. The first of `dialects` is spoken unless a model says otherwise.

    `market` is the vendor's name in the price data, None where answers are free. `keyless` endpoints need no
    key; the others appear when a key, or the operator's own base URL, is set. `console` is the web page where
    people create keys.
    """

    name: str
    base_url: str
    dialects: Mapping[str, Quirks]
    title: str = ""  # what people call it; "": its name
    auth: str = "bearer"
    market: str | None = ""
    flagships: tuple[Flagship, ...] = ()
    console: str = ""
    keyless: bool = False
    local: bool = False

    @property
    def prefix(self) -> str:
        """The prefix of its variables: PREFIX_API_KEY, PREFIX_BASE_URL."""
        return f"{self.name.upper().replace('-', '_')}_"

    @property
    def key_variable(self) -> str:
        return f"{self.prefix}API_KEY"


MARKETS = {
    ".amazonaws.com": "aws",
    ".api.aws": "aws",
    "aiplatform.googleapis.com": "google",
}  # by a host's end


def market_of(address: str) -> str:
    """The price data's name of the cloud that an endpoint belongs to, "" for any other."""
    host = urlsplit(address).hostname or ""
    return next((market for end, market in MARKETS.items() if host.endswith(end)), "")


THINK_OUT_LOUD = {"thinking": {"type": "adaptive", "display": "summarized"}}
CLAUDE = Quirks(reasoning=THINK_OUT_LOUD, asker=True)
CLAUDE_SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 5}
GEMINI = Quirks(
    reasoning={"generationConfig": {"thinkingConfig": {"includeThoughts": True}}},
    search={"google_search": {}},
    search_apart=True,
)
OPENAI_CHAT = Quirks(output_limit="max_completion_tokens", cache_key=True)
WEB_SEARCH = {"type": "web_search"}
OPENAI_RESPONSES = Quirks(
    reasoning={"reasoning": {"summary": "auto"}},
    cache_key=True,
    result_pictures=True,
    search=WEB_SEARCH,
    search_choice=WEB_SEARCH,
)
OPENROUTER_SEARCH = {"type": "openrouter:web_search", "parameters": {}}
DEEPSEEK_CHAT = Quirks(calls_extra={"reasoning_content": ""})

VENDORS: tuple[Vendor, ...] = (
    Vendor(
        name="openai",
        title="OpenAI",
        base_url="https://api.openai.com/v1",
        console="https://platform.openai.com/api-keys",
        dialects={"openai-responses": OPENAI_RESPONSES, "openai-chat": OPENAI_CHAT},
        market="openai",
        flagships=(model_families.GPT, model_families.GPT_MINI),
    ),
    Vendor(
        name="anthropic",
        title="Anthropic",
        base_url="https://api.anthropic.com",
        console="https://console.anthropic.com/settings/keys",
        dialects={"anthropic": replace(CLAUDE, cache_hour=True, search=CLAUDE_SEARCH)},
        auth="x-api-key",
        market="anthropic",
        flagships=(model_families.CLAUDE, model_families.OPUS, model_families.HAIKU),
    ),
    Vendor(
        name="xai",
        title="xAI",
        base_url="https://api.x.ai/v1",
        console="https://console.x.ai",
        dialects={"openai-responses": Quirks(cache_key=True, search=WEB_SEARCH), "openai-chat": OPENAI_CHAT},
        market="x-ai",
        flagships=(model_families.GROK,),
    ),
    Vendor(
        name="gemini",
        title="Gemini",
        base_url="https://generativelanguage.googleapis.com",
        console="https://aistudio.google.com/apikey",
        dialects={"gemini": GEMINI},
        auth="x-goog-api-key",
        market="google",
        flagships=(model_families.GEMINI, model_families.FLASH),
    ),
    Vendor(
        name="deepseek",
        title="DeepSeek",
        base_url="https://api.deepseek.com",
        console="https://platform.deepseek.com/api_keys",
        dialects={"openai-chat": DEEPSEEK_CHAT, "openai-responses": Quirks()},
        market="deepseek",
        flagships=(model_families.DEEPSEEK,),
    ),
    Vendor(
        name="mistral",
        title="Mistral",
        base_url="https://api.mistral.ai/v1",
        console="https://console.mistral.ai/api-keys",
        dialects={"openai-chat": Quirks(stream_usage=False, bridge="Understood.")},
        market="mistral",
        flagships=(model_families.MISTRAL,),
    ),
    Vendor(
        name="openrouter",
        title="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        console="https://openrouter.ai/keys",
        dialects={
            "openai-chat": Quirks(
                headers={"x-title": "Switchboard"},
                effort=("reasoning", "effort"),
                cache_marks="claude|qwen",
                cache_key=True,
                search=OPENROUTER_SEARCH,
            ),
            "openai-responses": Quirks(
                headers={"x-title": "Switchboard"}, cache_key=True, search=OPENROUTER_SEARCH
            ),
        },
        market="openrouter",
        flagships=(model_families.OPENROUTER, *model_families.EVERYBODY),
    ),
    Vendor(
        name="ollama",
        title="Ollama",
        base_url="http://127.0.0.1:11434",
        dialects={"openai-chat": Quirks(prefix="/v1")},
        auth="none",
        market=None,
        keyless=True,
        local=True,
    ),
)
