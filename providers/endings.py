"""The words with which vendors end an answer, in every dialect: gateways pass the words of one on in another.

A word that is not here is never a good end: the answer is kept, and the person reads the word. Sources: the dialects'
references, and what gateways and local servers were seen to send.
"""

from collections.abc import Mapping

from bot.domain.stream_parts import Reason

# In lower case with underscores. FAILED stands for words that say no more than that it broke off.
ENDINGS: Mapping[str, Reason] = {
    "stop": Reason.STOP,
    "end_turn": Reason.STOP,
    "stop_sequence": Reason.STOP,
    "stop_token": Reason.STOP,
    "eos": Reason.STOP,
    "eos_token": Reason.STOP,
    "complete": Reason.STOP,
    "completed": Reason.STOP,
    "done": Reason.STOP,
    "tool_calls": Reason.TOOLS,
    "tool_call": Reason.TOOLS,
    "tool_use": Reason.TOOLS,
    "function_call": Reason.TOOLS,
    "length": Reason.LENGTH,
    "max_tokens": Reason.LENGTH,
    "max_output_tokens": Reason.LENGTH,
    "max_new_tokens": Reason.LENGTH,
    "model_length": Reason.LENGTH,
    "model_context_window_exceeded": Reason.LENGTH,
    "context_length_exceeded": Reason.LENGTH,
    "content_filter": Reason.FILTERED,
    "content_filtered": Reason.FILTERED,
    "guardrail_intervened": Reason.FILTERED,
    "refusal": Reason.FILTERED,
    "sensitive": Reason.FILTERED,
    "safety": Reason.FILTERED,
    "recitation": Reason.FILTERED,
    "language": Reason.FILTERED,
    "blocklist": Reason.FILTERED,
    "prohibited_content": Reason.FILTERED,
    "spii": Reason.FILTERED,
    "model_armor": Reason.FILTERED,
    "error_toxic": Reason.FILTERED,
    "pause_turn": Reason.PAUSED,
    "continuation": Reason.PAUSED,
    "steered": Reason.PAUSED,
    "max_messages": Reason.PAUSED,
    "cancelled": Reason.STOPPED,
    "error": Reason.FAILED,
    "network_error": Reason.FAILED,
    "abort": Reason.FAILED,
}


def ending(word: object) -> tuple[Reason, str]:
    """Why the answer ended, and the word itself where nobody knows it. "" is a stop: some say no more than that."""
    if not isinstance(word, str):
        return (Reason.FAILED, "unknown") if word else (Reason.STOP, "")
    spelt = word.lower().replace("-", "_")
    if not spelt:
        return Reason.STOP, ""
    if spelt.startswith("image_"):  # Gemini's, of pictures it does not make
        return Reason.FILTERED, ""
    return (ENDINGS[spelt], "") if spelt in ENDINGS else (Reason.FAILED, word)
