"""Vendors' error codes, and what each means.

Sources: the error pages of OpenAI, Anthropic, Google (google.rpc.Code), Azure, xAI, DeepSeek, Mistral, Groq
and OpenRouter. In lower case, because vendors' spelling varies.
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
    ServerError,
    Timeout,
    Unavailable,
)

Kind = type[ModelError]

CODES: Mapping[str, Kind] = {
    "insufficient_quota": Quota,
    "billing_hard_limit_reached": Quota,
    "credit_balance_exhausted": Quota,
    "billing_error": Quota,
    "organization_spend_limit_exceeded": Quota,
    "project_spend_limit_exceeded": Quota,
    "organization_usage_limit_exceeded": Quota,
    "exceeded_current_quota_error": Quota,
    "enforced_spend_limit_reached": Quota,
    "insufficient_balance": Quota,
    "rate_limit_exceeded": RateLimit,
    "rate_limit_error": RateLimit,
    "rate_limited": RateLimit,
    "too_many_requests": RateLimit,
    "resource_exhausted": RateLimit,
    "overloaded_error": Overloaded,
    "server_is_overloaded": Overloaded,
    "slow_down": Overloaded,
    "service_unavailable": Unavailable,
    "service_unavailable_error": Unavailable,
    "unavailable": Unavailable,
    "insufficient_system_resource": Unavailable,
    "timeout_error": Timeout,
    "invalid_api_key": Auth,
    "api_key_invalid": Auth,
    "authentication_error": Auth,
    "permission_error": Auth,
    "unauthenticated": Auth,
    "permission_denied": Auth,
    "model_not_found": ModelNotFound,
    "deploymentnotfound": ModelNotFound,
    "not_found_error": ModelNotFound,
    "not_found": ModelNotFound,
    "invalid_model": ModelNotFound,
    "model_decommissioned": ModelNotFound,
    "context_length_exceeded": ContextTooLong,
    "exceed_context_size_error": ContextTooLong,
    "request_too_large": ContextTooLong,
    "content_filter": Filtered,
    "responsibleaipolicyviolation": Filtered,
    "invalid_prompt": Filtered,
    "image_content_policy_violation": Filtered,
    "content_policy_violation": Filtered,
    "moderation_blocked": Filtered,
    "safetyblockederror": Filtered,
    "bio_policy": Filtered,
    "misalignment_policy_violation": Filtered,
}

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
    413: ContextTooLong,
    429: RateLimit,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
    529: Overloaded,
}
