"""Vendors' error codes, and what each means.

Sources: the error pages of OpenAI, Anthropic, Google (google.rpc.Code), Azure, xAI, DeepSeek, Mistral, Groq, OpenRouter,
Z.ai, Moonshot, Alibaba and AWS, and LiteLLM's. In lower case with underscores, because vendors' spelling varies.
"""

from collections.abc import Mapping

from bot.domain.errors import (
    Auth,
    ContextTooLong,
    Filtered,
    ModelError,
    ModelNotFound,
    Overloaded,
    Quota,
    RateLimit,
    RegionBlocked,
    ServerError,
    Timeout,
    Unavailable,
)

Kind = type[ModelError]

CODES: Mapping[str, Kind] = {
    "insufficient_quota": Quota,
    "billing_hard_limit_reached": Quota,
    "billing_not_active": Quota,
    "credit_balance_exhausted": Quota,
    "billing_error": Quota,
    "organization_spend_limit_exceeded": Quota,
    "project_spend_limit_exceeded": Quota,
    "organization_usage_limit_exceeded": Quota,
    "exceeded_current_quota_error": Quota,
    "enforced_spend_limit_reached": Quota,
    "insufficient_balance": Quota,
    "insufficient_credits": Quota,
    "budget_exceeded": Quota,
    "arrearage": Quota,
    "overloaded_error": Overloaded,
    "engine_overloaded_error": Overloaded,
    "server_is_overloaded": Overloaded,
    "slow_down": Overloaded,
    "service_unavailable": Unavailable,
    "service_unavailable_error": Unavailable,
    "serviceunavailableexception": Unavailable,
    "modelnotreadyexception": Unavailable,
    "unavailable": Unavailable,
    "failed_dependency": Unavailable,
    "capacity_exceeded": Unavailable,
    "flex_capacity_exceeded": Unavailable,
    "insufficient_system_resource": Unavailable,
    "timeout_error": Timeout,
    "modeltimeoutexception": Timeout,
    "invalid_api_key": Auth,
    "api_key_invalid": Auth,
    "authentication_error": Auth,
    "invalid_authentication_error": Auth,
    "unauthenticated": Auth,
    "account_deactivated": Auth,
    "organization_restricted": Auth,
    "no_db_connection": Auth,
    "unsupported_country_region_territory": RegionBlocked,
    "model_not_found": ModelNotFound,
    "deploymentnotfound": ModelNotFound,
    "invalid_model": ModelNotFound,
    "unknown_model": ModelNotFound,
    "unavailable_model": ModelNotFound,
    "model_decommissioned": ModelNotFound,
    "model_deprecated": ModelNotFound,
    "operationnotsupported": ModelNotFound,
    "context_length_exceeded": ContextTooLong,
    "context_window_exceeded": ContextTooLong,
    "exceed_context_size_error": ContextTooLong,
    "model_max_prompt_tokens_exceeded": ContextTooLong,
    "request_too_large": ContextTooLong,
    "content_filter": Filtered,
    "responsibleaipolicyviolation": Filtered,
    "invalid_prompt": Filtered,
    "moderation_blocked": Filtered,
    "safetyblockederror": Filtered,
    "data_inspection_failed": Filtered,
    "datainspectionfailed": Filtered,
    "safety": Filtered,
    "prohibited_content": Filtered,
}

# These mean one of several cases; the wording tells which.
BROAD: Mapping[str, Kind] = {
    "rate_limit_exceeded": RateLimit,
    "rate_limit_error": RateLimit,
    "rate_limit_reached_error": RateLimit,
    "rate_limited": RateLimit,
    "too_many_requests": RateLimit,
    "resource_exhausted": RateLimit,
    "throttlingexception": RateLimit,
    "permission_error": Auth,
    "permission_denied": Auth,
    "accessdeniedexception": Auth,
    "not_found_error": ModelNotFound,
    "not_found": ModelNotFound,
    "resourcenotfoundexception": ModelNotFound,
    "resource_not_found_error": ModelNotFound,
}

# The numbers of Z.ai and Mistral. They come after every word: two vendors may use one number.
NUMBERS: Mapping[str, Kind] = {
    "1000": Auth,
    "1001": Auth,
    "1002": Auth,
    "1003": Auth,
    "1004": Auth,
    "1112": Auth,
    "1113": Quota,
    "1121": Auth,
    "1211": ModelNotFound,
    "1220": Auth,
    "1234": ServerError,
    "1261": ContextTooLong,
    "1301": Filtered,
    "1302": RateLimit,
    "1303": RateLimit,
    "1304": Quota,
    "1305": RateLimit,
    "1308": Quota,
    "1309": Quota,
    "1310": Quota,
    "1311": ModelNotFound,
    "1312": Overloaded,
    "3051": ContextTooLong,
}

POLICIES = ("_policy", "_policy_violation")  # how codes for a content policy end, at OpenAI and elsewhere

# What these say cannot be the fault of one question. Other verdicts on the account, such as a bare 403, can: vendors
# refuse content, settings and paths with them too.
CERTAIN = frozenset(
    {
        "invalid_api_key",
        "api_key_invalid",
        "authentication_error",
        "invalid_authentication_error",
        "unauthenticated",
        "account_deactivated",
        "organization_restricted",
        "no_db_connection",
        "unsupported_country_region_territory",
        "model_not_found",
        "deploymentnotfound",
        "invalid_model",
        "unknown_model",
        "unavailable_model",
        "model_decommissioned",
        "model_deprecated",
        "operationnotsupported",
        "1000",
        "1001",
        "1002",
        "1003",
        "1004",
        "1112",
        "1211",
    }
)

# These mean no more than "an error": the wording and the status are more exact and come first.
WEAK: Mapping[str, Kind] = {
    "server_error": ServerError,
    "api_error": ServerError,
    "internal": ServerError,
    "internal_error": ServerError,
    "internal_server_error": ServerError,
    "vector_store_timeout": ServerError,
}

STATUSES: Mapping[int, Kind] = {
    401: Auth,
    402: Quota,
    403: Auth,
    404: ModelNotFound,
    408: Timeout,
    409: Unavailable,
    410: ModelNotFound,
    413: ContextTooLong,
    424: Unavailable,
    425: Unavailable,
    429: RateLimit,
    498: Unavailable,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
    **dict.fromkeys(range(520, 528), Unavailable),  # a CDN did not reach the vendor
    529: Overloaded,
    530: Unavailable,
}
