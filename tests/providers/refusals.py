"""How vendors refuse, case by case, and which error each case is. Shapes are those of their API references."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain import errors
from bot.domain.errors import ModelError

CHAT, RESPONSES, ANTHROPIC, GEMINI = "openai-chat", "openai-responses", "anthropic", "gemini"


@dataclass(frozen=True, slots=True)
class Case:
    """One refusal. Without a status it comes inside a stream that began well."""

    id: str
    dialect: str
    status: int | None
    body: Any
    kind: type[ModelError]
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float | None = None


def openai(message: str, code: str | None = None, type: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": type, "param": None, "code": code}}


def claude(type: str, message: str = "No.", **more: Any) -> dict[str, Any]:
    return {"type": "error", "error": {"type": type, "message": message, **more}, "request_id": "req_1"}


def google(code: int, status: str, message: str = "No.", *details: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def violations(quota: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota}]}


def mistral(message: Any, type: str, code: str | None, status: int) -> dict[str, Any]:
    return {"object": "error", "message": message, "type": type, "code": code, "raw_status_code": status}


def openrouter(code: int, message: str, **metadata: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "metadata": metadata}, "user_id": "u"}


EXHAUSTED = "You exceeded your current quota, please check your plan and billing details."
RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.4s"}
BLOCKED = {
    "error": {
        "code": "content_filter",
        "message": "The response was filtered",
        "param": "prompt",
        "type": None,
        "status": 400,
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {"hate": {"filtered": True, "severity": "high"}},
        },
    }
}
NO_CREDITS = "Your team has either used all available credits or reached its monthly spending limit."

CASES = (
    # OpenAI
    Case(
        "openai quota", CHAT, 429, openai(EXHAUSTED, "insufficient_quota", "insufficient_quota"), errors.Quota
    ),
    Case("openai rate", CHAT, 429, openai("Slow.", "rate_limit_exceeded", "tokens"), errors.RateLimit),
    Case("openai hard limit", CHAT, 400, openai("Hard.", "billing_hard_limit_reached"), errors.Quota),
    Case("openai bad key", RESPONSES, 401, openai("Incorrect API key", "invalid_api_key"), errors.Auth),
    Case("openai no model in chat", CHAT, 404, openai("Gone.", "model_not_found"), errors.ModelNotFound),
    Case(
        "openai no model in responses",
        RESPONSES,
        400,
        openai("Gone.", "model_not_found"),
        errors.ModelNotFound,
    ),
    Case("openai long", CHAT, 400, openai("Too long.", "context_length_exceeded"), errors.ContextTooLong),
    Case(
        "openai long parameter",
        RESPONSES,
        400,
        openai("Invalid 'user': maximum context length of a string is 64", "string_above_max_length"),
        errors.Rejected,
    ),
    Case("openai policy", CHAT, 400, openai("No.", "image_content_policy_violation"), errors.Filtered),
    Case("openai invalid prompt", RESPONSES, 400, openai("No.", "invalid_prompt"), errors.Filtered),
    Case("openai parameter", CHAT, 400, openai("Unsupported.", "unsupported_parameter"), errors.Rejected),
    Case("openai server", CHAT, 500, openai("Oops.", None, "server_error"), errors.ServerError),
    Case(
        "openai overloaded",
        CHAT,
        503,
        openai("The engine is overloaded", None, "server_error"),
        errors.Overloaded,
    ),
    Case("openai slow down", RESPONSES, 503, openai("Slow down.", "slow_down"), errors.Overloaded),
    Case("openai conflict", CHAT, 409, openai("Conflict."), errors.Rejected),
    Case(
        "openai echo of a prompt",
        CHAT,
        500,
        openai("prompt is too long, said the person", None, "server_error"),
        errors.ServerError,
    ),
    Case(
        "openai failed in the stream",
        RESPONSES,
        None,
        {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "Oops."}}},
        errors.ServerError,
    ),
    Case(
        "openai failed without a reason",
        RESPONSES,
        None,
        {"type": "response.failed", "response": {}},
        errors.ServerError,
    ),
    Case(
        "openai error event",
        RESPONSES,
        None,
        {"type": "error", "code": "rate_limit_exceeded", "message": "Slow.", "param": None},
        errors.RateLimit,
    ),
    Case(
        "openai nested error event",
        RESPONSES,
        None,
        {
            "type": "error",
            "error": {"type": "insufficient_quota", "code": "insufficient_quota", "message": "No."},
        },
        errors.Quota,
    ),
    Case(
        "openai bio policy in the stream",
        RESPONSES,
        None,
        {"type": "response.failed", "response": {"error": {"code": "bio_policy", "message": "No."}}},
        errors.Filtered,
    ),
    # Microsoft Foundry
    Case("foundry blocked prompt", CHAT, 400, BLOCKED, errors.Filtered),
    Case(
        "foundry wait of a day",
        CHAT,
        429,
        {"error": {"code": "429", "message": "Please retry after 86400 seconds."}},
        errors.RateLimit,
        wait=86400.0,
    ),
    Case(
        "foundry milliseconds",
        CHAT,
        429,
        {"error": {"code": "429", "message": "Wait."}},
        errors.RateLimit,
        headers={"retry-after-ms": "1500", "retry-after": "7"},
        wait=1.5,
    ),
    Case(
        "foundry wrong deployment",
        CHAT,
        404,
        {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}},
        errors.ModelNotFound,
    ),
    Case(
        "foundry wrong path",
        CHAT,
        404,
        {"error": {"code": "404", "message": "Resource not found"}},
        errors.ModelNotFound,
    ),
    Case(
        "foundry wrong audience",
        CHAT,
        401,
        {"error": {"code": "401", "message": "Access denied due to invalid subscription key."}},
        errors.Auth,
    ),
    Case(
        "mai blocked output",
        CHAT,
        None,
        {"error": {"type": "SafetyBlockedError", "message": "Blocked."}},
        errors.Filtered,
    ),
    Case(
        "mai schema",
        CHAT,
        422,
        {"detail": [{"loc": ["body", "max_tokens"], "msg": "extra"}]},
        errors.Rejected,
    ),
    # xAI
    Case(
        "xai bad key",
        RESPONSES,
        400,
        {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***yz."},
        errors.Auth,
    ),
    Case("xai no key", RESPONSES, 401, {"code": "Unauthenticated", "error": "No key."}, errors.Auth),
    Case("xai no credits", RESPONSES, 429, {"code": "Exhausted", "error": NO_CREDITS}, errors.Quota),
    Case("xai rate", RESPONSES, 429, {"code": "Exhausted", "error": "Too many requests"}, errors.RateLimit),
    Case(
        "xai long",
        RESPONSES,
        400,
        {
            "code": "invalid",
            "error": "This model's maximum prompt length is 1 but the request contains 2 tokens.",
        },
        errors.ContextTooLong,
    ),
    Case(
        "xai parameter",
        RESPONSES,
        400,
        {"code": "invalid", "error": "Argument not supported on this model: reasoningEffort"},
        errors.Rejected,
    ),
    # DeepSeek
    Case(
        "deepseek balance", CHAT, 402, openai("Insufficient Balance", "invalid_request_error"), errors.Quota
    ),
    Case("deepseek parameter", CHAT, 422, openai("Bad.", "invalid_request_error"), errors.Rejected),
    Case("deepseek busy", CHAT, 503, openai("Server busy", "service_unavailable_error"), errors.Overloaded),
    Case(
        "deepseek no model",
        CHAT,
        400,
        openai("Model Not Exist", "invalid_request_error"),
        errors.ModelNotFound,
    ),
    # Anthropic
    Case("claude invalid", ANTHROPIC, 400, claude("invalid_request_error"), errors.Rejected),
    Case("claude key", ANTHROPIC, 401, claude("authentication_error"), errors.Auth),
    Case("claude billing", ANTHROPIC, 402, claude("billing_error"), errors.Quota),
    Case("claude permission", ANTHROPIC, 403, claude("permission_error"), errors.Auth),
    Case("claude no model", ANTHROPIC, 404, claude("not_found_error", "model: x"), errors.ModelNotFound),
    Case("claude large", ANTHROPIC, 413, claude("request_too_large"), errors.ContextTooLong),
    Case("claude rate", ANTHROPIC, 429, claude("rate_limit_error"), errors.RateLimit),
    Case("claude server", ANTHROPIC, 500, claude("api_error"), errors.ServerError),
    Case("claude timeout", ANTHROPIC, 504, claude("timeout_error"), errors.Timeout),
    Case("claude overloaded", ANTHROPIC, 529, claude("overloaded_error"), errors.Overloaded),
    Case("claude overloaded in the stream", ANTHROPIC, None, claude("overloaded_error"), errors.Overloaded),
    Case(
        "claude credit",
        ANTHROPIC,
        400,
        claude("invalid_request_error", "Your credit balance is too low to access the API."),
        errors.Quota,
    ),
    Case(
        "claude spend limit",
        ANTHROPIC,
        400,
        claude("invalid_request_error", "No.", details={"error_code": "enforced_spend_limit_reached"}),
        errors.Quota,
    ),
    Case(
        "claude long",
        ANTHROPIC,
        400,
        claude("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        errors.ContextTooLong,
    ),
    # Google
    Case(
        "gemini a minute's limit",
        GEMINI,
        429,
        google(429, "RESOURCE_EXHAUSTED", EXHAUSTED, violations("RequestsPerMinutePerProject"), RETRY_INFO),
        errors.RateLimit,
        wait=34.4,
    ),
    Case(
        "gemini a day's limit",
        GEMINI,
        429,
        google(429, "RESOURCE_EXHAUSTED", EXHAUSTED, violations("GenerateRequestsPerDayPerProject")),
        errors.Quota,
    ),
    Case(
        "gemini key",
        GEMINI,
        400,
        google(400, "INVALID_ARGUMENT", "API key not valid.", {"reason": "API_KEY_INVALID"}),
        errors.Auth,
    ),
    Case("gemini permission", GEMINI, 403, google(403, "PERMISSION_DENIED"), errors.Auth),
    Case("gemini no model", GEMINI, 404, google(404, "NOT_FOUND"), errors.ModelNotFound),
    Case("gemini server", GEMINI, 500, google(500, "INTERNAL"), errors.ServerError),
    Case(
        "gemini overloaded",
        GEMINI,
        503,
        google(503, "UNAVAILABLE", "The model is overloaded."),
        errors.Overloaded,
    ),
    Case("gemini unavailable", GEMINI, 503, google(503, "UNAVAILABLE"), errors.Unavailable),
    Case("gemini list", GEMINI, 503, [google(503, "UNAVAILABLE")], errors.Unavailable),
    Case("gemini error in the stream", GEMINI, None, google(503, "UNAVAILABLE"), errors.Unavailable),
    Case("gemini list in the stream", GEMINI, None, [google(429, "RESOURCE_EXHAUSTED")], errors.RateLimit),
    Case(
        "gemini billing",
        GEMINI,
        400,
        google(400, "FAILED_PRECONDITION", "Please enable billing on your project."),
        errors.Quota,
    ),
    Case(
        "gemini long",
        GEMINI,
        400,
        google(
            400,
            "INVALID_ARGUMENT",
            "The input token count (9) exceeds the maximum number of tokens allowed (8).",
        ),
        errors.ContextTooLong,
    ),
    # Mistral
    Case(
        "mistral rate",
        CHAT,
        429,
        mistral("Rate limit exceeded", "rate_limited", "1300", 429),
        errors.RateLimit,
        wait=None,
    ),
    Case(
        "mistral validation",
        CHAT,
        422,
        mistral(
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "n"]}]},
            "invalid_request_error",
            None,
            422,
        ),
        errors.Rejected,
    ),
    Case(
        "mistral no model",
        CHAT,
        400,
        mistral("Invalid model: x", "invalid_model", "1500", 400),
        errors.ModelNotFound,
    ),
    Case(
        "mistral long",
        CHAT,
        400,
        mistral("Prompt contains 9 tokens, too large for model with 8", "invalid_request_error", "3051", 400),
        errors.ContextTooLong,
    ),
    Case(
        "mistral history",
        CHAT,
        400,
        mistral("Unexpected role 'user' after role 'tool'", "invalid_request_message_order", "3230", 400),
        errors.Rejected,
    ),
    Case(
        "mistral in the stream",
        CHAT,
        None,
        mistral("Oops", "internal_server_error", "1000", 500),
        errors.ServerError,
    ),
    # OpenRouter, Groq, gateways, local servers
    Case("openrouter rate", CHAT, 429, openrouter(429, "Provider returned error"), errors.RateLimit),
    Case("openrouter credit", CHAT, 402, openrouter(402, "Insufficient credits"), errors.Quota),
    Case(
        "openrouter moderation",
        CHAT,
        403,
        openrouter(403, "Your input was flagged", reasons=["violence"], flagged_input="…"),
        errors.Filtered,
    ),
    Case(
        "openrouter upstream's words",
        CHAT,
        400,
        openrouter(400, "Provider returned error", raw="This model's maximum context length is 8 tokens."),
        errors.ContextTooLong,
    ),
    Case("openrouter in the stream", CHAT, None, openrouter(502, "Upstream failed"), errors.Unavailable),
    Case(
        "groq in the stream",
        CHAT,
        None,
        {
            "error": {
                "message": "No.",
                "type": "invalid_request_error",
                "code": "tool_use_failed",
                "status_code": 400,
            }
        },
        errors.Rejected,
    ),
    Case("litellm under 200", CHAT, None, {"error": {"message": "Oops", "code": "500"}}, errors.ServerError),
    Case(
        "gateway's json under 200", CHAT, 200, {"error": {"message": "Slow", "code": 429}}, errors.RateLimit
    ),
    Case("answer that is no stream", CHAT, 200, {"choices": []}, errors.ServerError),
    Case(
        "local window",
        CHAT,
        400,
        {
            "error": {
                "message": "the request exceeds the available context size",
                "type": "exceed_context_size_error",
            }
        },
        errors.ContextTooLong,
    ),
    Case("ollama's string", CHAT, 404, {"error": "model 'x' not found"}, errors.ModelNotFound),
    Case("proxy's page", CHAT, 502, "<html><body>Bad Gateway</body></html>", errors.Unavailable),
    Case("proxy's login", CHAT, 407, "<html>", errors.Rejected),
    Case("redirect", CHAT, 301, "", errors.ModelNotFound),
    Case("nothing at all", CHAT, 503, "", errors.Unavailable),
    Case("timeout", CHAT, 408, "", errors.Timeout),
    Case("unknown failure", CHAT, 520, "", errors.ServerError),
)
