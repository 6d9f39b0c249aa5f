"""What vendors refuse in a request: the role, id and content rules of each dialect, as strict as the strictest of
its vendors. Each function yields complaints; none means that the vendor would take it.

Sources: the vendors' API references and the messages of their 400s and 422s.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Complaints = Iterator[str]

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
PROPERTY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
ID = re.compile(r"[a-zA-Z0-9_-]{1,40}")
NINE = re.compile(r"[a-zA-Z0-9]{9}")
DATA_URL = re.compile(r"data:[a-z]+/[a-z0-9.+-]+;base64,[A-Za-z0-9+/]+=*")
BASE64 = re.compile(r"[A-Za-z0-9+/]+=*")
MODELS_OWN = {"model", "stream"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """What one vendor of openai-chat takes."""

    keys: frozenset[str]
    ids: re.Pattern[str] = ID
    user_after_tool: bool = True
    reasoning_content: bool = False  # wanted in assistant turns with calls
    text_only: bool = False
    search: str = ""  # the type of its own search among the tools


COMMON = frozenset({"model", "stream", "messages", "tools", "tool_choice", "temperature", "reasoning_effort"})
OPENAI = Chat(
    keys=COMMON | {"stream_options", "max_completion_tokens", "prompt_cache_key", "safety_identifier"}
)
GENERIC = Chat(keys=COMMON | {"stream_options", "max_tokens", "reasoning"})
OPENROUTER = Chat(keys=GENERIC.keys | {"prompt_cache_key"}, search="openrouter:web_search")
DEEPSEEK = Chat(keys=GENERIC.keys | {"thinking"}, reasoning_content=True)
MISTRAL = Chat(keys=COMMON | {"max_tokens", "prompt_mode"}, ids=NINE, user_after_tool=False)
MAI = Chat(keys=COMMON | {"max_completion_tokens", "reasoning_display"}, text_only=True)


def _unknown(body: Mapping[str, Any], known: frozenset[str] | set[str]) -> Complaints:
    yield from (f"unknown key {key}" for key in body if key not in known)
    if body.get("stream") is not True and "stream" in known:
        yield "stream is not true"


def _blank(text: object) -> bool:
    return not isinstance(text, str) or not text.strip()


def _object(text: object) -> bool:
    try:
        return isinstance(text, str) and isinstance(json.loads(text), dict)
    except ValueError:
        return False


def signed(maker: str, thought: str) -> str:
    """What a vendor signs a thought with: only its own signature of just this thought is taken back."""
    return f"sig-{hashlib.sha256(f'{maker}:{thought}'.encode()).hexdigest()[:24]}"


def _schema(schema: Any) -> Complaints:
    """Of a tool's arguments, as the strictest of the vendors wants it."""
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        yield "schema must be a JSON Schema of 'type: \"object\"'"
        return
    if not isinstance(schema.get("properties"), Mapping):
        yield "object schema missing properties"
        return
    for key in ("oneOf", "anyOf", "allOf", "enum", "not"):
        if key in schema:
            yield f"schema must not have '{key}' at the top level"
    yield from (f"Property keys: {key}" for key in schema["properties"] if not PROPERTY.fullmatch(key))
    yield from (
        f"required {key} is not defined"
        for key in schema.get("required", ())
        if key not in schema["properties"]
    )
    if '"$ref"' in json.dumps(schema):
        yield "a reference that leads nowhere"


def _offered(names: Sequence[object], choice: object) -> Complaints:
    if len(set(names)) != len(names):
        yield "tool names must be unique"
    if choice is not None and not names:
        yield "tool_choice is only allowed when tools are specified"


# --- openai-chat ------------------------------------------------------------------------------------------


def chat(body: Mapping[str, Any], vendor: Chat = GENERIC) -> Complaints:
    yield from _unknown(body, vendor.keys)
    messages = list(body["messages"])
    if messages and messages[0]["role"] == "system":
        system = messages[0]["content"]
        if _blank(system if isinstance(system, str) else system[0]["text"]):
            yield "empty system text"
        messages.pop(0)
    if not messages or messages[0]["role"] != "user":
        yield "the first message is not the user's"
    if messages and messages[-1]["role"] not in {"user", "tool"}:
        yield "the last message is the assistant's"
    for message in messages:
        yield from _chat_message(message, vendor)
    for one, other in pairwise(messages):
        if one["role"] == other["role"] != "tool":
            yield f"two {one['role']} messages in a row"
        if one["role"] == "tool" and other["role"] == "user" and not vendor.user_after_tool:
            yield "Unexpected role 'user' after role 'tool'"
    yield from _chat_calls(messages)
    yield from _chat_tools(body, vendor)


def _chat_message(message: Mapping[str, Any], vendor: Chat) -> Complaints:
    calls = message.get("tool_calls")
    match message["role"]:
        case "user":
            yield from _chat_content(message["content"], vendor)
        case "tool":
            if not isinstance(message["content"], str):
                yield "a tool's content is no text"
        case "assistant":
            if not calls and _blank(message["content"]):
                yield "an empty assistant turn"
            if calls and vendor.reasoning_content and message.get("reasoning_content") is None:
                yield "The `reasoning_content` in the thinking mode must be passed back"
            for call in calls or ():
                if not vendor.ids.fullmatch(call["id"]) or not NAME.fullmatch(call["function"]["name"]):
                    yield f"bad id or name {call}"
                if not _object(call["function"]["arguments"]):
                    yield "arguments are no object as text"
        case role:
            yield f"role {role} in the middle"


def _chat_content(content: object, vendor: Chat) -> Complaints:
    if isinstance(content, str):
        if _blank(content):
            yield "empty content"
        return
    if not isinstance(content, list) or not content:
        yield "Each message must have at least one content element"
        return
    for block in content:
        match block:
            case {"type": "text", "text": str(text)} if text.strip():
                continue
            case {"type": "image_url", "image_url": {"url": str(url)}} if not vendor.text_only:
                ok = DATA_URL.fullmatch(url)
            case {"type": "file", "file": {"filename": str(), "file_data": str(url)}} if not vendor.text_only:
                ok = DATA_URL.fullmatch(url)
            case _:
                ok = None
        if not ok:
            yield f"bad block {block}"


def _chat_calls(messages: Sequence[Mapping[str, Any]]) -> Complaints:
    open_calls: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                yield "a result without a call"
            else:
                open_calls.remove(message["tool_call_id"])
            continue
        if open_calls:
            yield "Not the same number of function calls and responses"
        open_calls = [call["id"] for call in message.get("tool_calls") or ()]
    if open_calls:
        yield "a call without a result at the end"


def _chat_tools(body: Mapping[str, Any], vendor: Chat) -> Complaints:
    own = {"type": vendor.search, "parameters": {}}
    tools = [tool for tool in body.get("tools", ()) if not (vendor.search and tool == own)]
    yield from _offered([tool["function"]["name"] for tool in tools], body.get("tool_choice"))
    if body.get("tool_choice", "none") not in {"none", "auto"}:
        yield "thinking mode does not support this tool_choice"
    if any(message.get("tool_calls") for message in body["messages"]) and body.get("tools") == []:
        yield "[] is too short - 'tools'"
    for tool in tools:
        if tool["type"] != "function" or not NAME.fullmatch(tool["function"]["name"]):
            yield f"bad tool {tool}"
        yield from _schema(tool["function"]["parameters"])


# --- openai-responses -------------------------------------------------------------------------------------

SEARCHES = ({"type": "web_search"}, {"type": "openrouter:web_search", "parameters": {}})
RESPONSES_KEYS = frozenset(
    [
        "model",
        "stream",
        "store",
        "instructions",
        "input",
        "tools",
        "tool_choice",
        "include",
        "max_output_tokens",
        "temperature",
        "prompt_cache_key",
        "safety_identifier",
        "reasoning",
        "agent_reference",
        "previous_response_id",
        "tool_choice",
    ]
)


def responses(body: Mapping[str, Any]) -> Complaints:
    yield from _unknown(body, RESPONSES_KEYS)
    if "agent_reference" in body:
        yield from (f"{key} beside an agent" for key in ("model", "instructions", "tools") if key in body)
    elif body.get("store") is not False:
        yield "the vendor would keep the conversation"
    entries = body["input"]
    yield from _approvals(body)
    if not entries or entries[-1].get("role") == "assistant":
        yield "the last entry is the assistant's"
    for entry, following in zip(entries, [*entries[1:], {}], strict=True):
        yield from _response_entry(entry, following)
    for one, other in pairwise(entry for entry in entries):
        if one.get("role") == other.get("role") is not None:
            yield "two messages of one role in a row"
        if other.get("type") == "function_call_output" and one.get("call_id") != other["call_id"]:
            yield f"No tool output found for tool call {other['call_id']}."
    yield from _response_tools(body)


def _response_tools(body: Mapping[str, Any]) -> Complaints:
    tools = [tool for tool in body.get("tools", ()) if tool not in SEARCHES]
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        if choice not in body.get("tools", ()):
            yield f"Tool choice '{choice['type']}' not found in 'tools' parameter."
        choice = None
    yield from _offered([tool["name"] for tool in tools], choice)
    if body.get("include", ["reasoning.encrypted_content"]) != ["reasoning.encrypted_content"]:
        yield "Invalid value for 'include'"
    ids = [entry["call_id"] for entry in body["input"] if entry.get("type") == "function_call"]
    if len(set(ids)) != len(ids):
        yield "Duplicate call_id"
    for tool in tools:
        if tool["type"] != "function" or not NAME.fullmatch(tool["name"]) or tool["strict"] is not False:
            yield f"bad tool {tool}"
        yield from _schema(tool["parameters"])


def _approvals(body: Mapping[str, Any]) -> Complaints:
    """They stand alone, behind the answer that waits for them, which only an agent's service has kept."""
    kinds = {entry.get("type") for entry in body["input"]}
    if "mcp_approval_response" in kinds and not (
        kinds == {"mcp_approval_response"} and "agent_reference" in body and body.get("previous_response_id")
    ):
        yield "an approval of what is not stored"


def _response_entry(entry: Mapping[str, Any], following: Mapping[str, Any]) -> Complaints:
    match entry:
        case {"role": "user", "content": [_, *_] as content}:
            yield from (f"bad block {block}" for block in content if not _input_block(block))
        case {"role": "assistant", "content": [{"type": "output_text", "text": str(text)}]} if text.strip():
            pass
        case {"type": "function_call", "call_id": str(call), "name": str(name), "arguments": str(args)}:
            if not ID.fullmatch(call) or not NAME.fullmatch(name) or not _object(args):
                yield f"bad call {entry}"
            if following.get("call_id") != call:
                yield f"No tool output found for tool call {call}."
        case {"type": "function_call_output", "call_id": str(), "output": str() | list() as said} if said:
            blocks = said if isinstance(said, list) else ()
            yield from (f"bad block {block}" for block in blocks if not _input_block(block))
        case {"type": "reasoning", "summary": list()}:
            yield from _reasoning(entry, following)
        case {"type": "mcp_approval_response", "approval_request_id": str(), "approve": bool()}:
            pass
        case _:
            yield f"bad entry {entry}"
    if "id" in entry:
        yield "an item id"


def _reasoning(item: Mapping[str, Any], following: Mapping[str, Any]) -> Complaints:
    match item:
        case {"encrypted_content": str(sealed)}:
            told = item["summary"][0]["text"] if item["summary"] else ""
            if sealed != signed("openai-responses", told):
                yield "The encrypted content could not be verified."
            if following.get("type") not in {"function_call", "reasoning"} and "role" not in following:
                yield "Item of type 'reasoning' was provided without its required following item."
        case {"content": [{"type": "reasoning_text"}]}:
            pass
        case _:
            yield "a reasoning item that nobody keeps"


def _input_block(block: Mapping[str, Any]) -> bool:
    match block:
        case {"type": "input_text", "text": str(text)}:
            return bool(text.strip())
        case {"type": "input_image", "image_url": str(url)} | {
            "type": "input_file",
            "filename": str(),
            "file_data": str(url),
        }:
            return bool(DATA_URL.fullmatch(url))
    return False


# --- anthropic --------------------------------------------------------------------------------------------

ANTHROPIC_KEYS = frozenset(
    {
        "model",
        "max_tokens",
        "stream",
        "system",
        "messages",
        "tools",
        "tool_choice",
        "metadata",
        "thinking",
        "temperature",
        "output_config",
    }
)


SERVERS = frozenset(
    {"server_tool_use", "web_search_tool_result"}
)  # a turn with them may be paused, and sent back


def anthropic(body: Mapping[str, Any]) -> Complaints:
    yield from _unknown(body, ANTHROPIC_KEYS)
    if not isinstance(body.get("max_tokens"), int):
        yield "max_tokens: Field required"
    system = body.get("system", "unsaid")
    if _blank(system if isinstance(system, str) else system[0]["text"]):
        yield "empty system text"
    if str(body).count("'cache_control'") > 4:
        yield "A maximum of 4 blocks with cache_control may be provided."
    messages = body["messages"]
    paused = bool(messages) and any(block["type"] in SERVERS for block in messages[-1]["content"])
    if not messages or messages[0]["role"] != "user" or (messages[-1]["role"] != "user" and not paused):
        yield "the first and the last message must be the user's"
    for one, other in pairwise(messages):
        if one["role"] == other["role"]:
            yield "two messages of one role in a row"
    called: list[str] = []
    for message in messages:
        yield from _claude_message(message, called)
        called = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
    if called:
        yield "a call without a result at the end"
    yield from _claude_tools(body)


def _claude_tools(body: Mapping[str, Any]) -> Complaints:
    if any(not _claude_tool(tool) for tool in body.get("tools", ())):
        yield "bad tool"
    tools, choice = [tool for tool in body.get("tools", ()) if "type" not in tool], body.get("tool_choice")
    if choice and choice.get("name") == "web_search":
        choice = None
    yield from _offered([tool["name"] for tool in tools], choice)
    if body.get("thinking") and choice and choice["type"] not in {"auto", "none"}:
        yield "Thinking may not be enabled when tool_choice forces tool use."
    for tool in tools:
        if not NAME.fullmatch(tool["name"]):
            yield f"bad tool {tool}"
        yield from _schema(tool["input_schema"])
    blocks = [block for message in body["messages"] for block in message["content"]]
    ids = [block["id"] for block in blocks if block["type"] == "tool_use"]
    if len(set(ids)) != len(ids):
        yield "`tool_use` ids must be unique"
    turns = [
        one["content"] for one in body["messages"] if any(b["type"] == "tool_use" for b in one["content"])
    ]
    thought = [turn[0]["type"] == "thinking" for turn in turns]
    if body.get("thinking") and turns and not all(thought):
        yield "Expected `thinking`, but found another block: a final assistant message must start with one"


def _claude_tool(tool: Mapping[str, Any]) -> bool:
    match tool:
        case {"type": "web_search_20250305", "name": "web_search", "max_uses": int(uses), **rest}:
            return uses > 0 and not rest.keys() - {"allowed_domains", "blocked_domains", "user_location"}
        case {"name": str(name), "input_schema": dict()}:
            return bool(NAME.fullmatch(name)) and "type" not in tool
    return False


def _claude_message(message: Mapping[str, Any], called: Sequence[str]) -> Complaints:
    blocks = message["content"]
    if not blocks:
        yield "empty content"
    results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
    if sorted(results) != sorted(called):
        yield "tool_use ids were found without tool_result blocks immediately after"
    if any(block["type"] != "tool_result" for block in blocks[: len(results)]):
        yield "results must come first"
    for block in blocks:
        if not _claude_block(block, message["role"]):
            yield f"bad block {block}"


def _claude_block(block: Mapping[str, Any], role: str) -> bool:
    match block:
        case {"type": "server_tool_use", "id": str(), "name": str(), "input": dict()}:
            return role == "assistant"
        case {
            "type": "web_search_tool_result",
            "tool_use_id": str(),
            "content": list() | {"error_code": str()},
        }:
            return role == "assistant"
        case {"type": "thinking", "thinking": str(thought), "signature": str(signature)}:
            return role == "assistant" and signature in {"signed", signed("anthropic", thought)}
        case {"type": "text", "text": str(text)}:
            return bool(text.strip()) and (role == "assistant" or "citations" not in block)
        case {
            "type": "image" | "document",
            "source": {"type": "base64", "media_type": str(), "data": str(data)},
        }:
            return role == "user" and bool(BASE64.fullmatch(data))
        case {"type": "tool_use", "id": str(call), "name": str(name), "input": dict()}:
            return role == "assistant" and bool(ID.fullmatch(call) and NAME.fullmatch(name))
        case {"type": "tool_result", "content": str(said)}:
            return role == "user" and bool(said.strip()) and block.get("is_error", True) is True
        case {"type": "tool_result", "content": [_, *_] as content}:
            kinds = {inner["type"] for inner in content}
            return kinds <= {"text", "image"} and all(_claude_block(inner, "user") for inner in content)
    return False


# --- gemini -----------------------------------------------------------------------------------------------

GEMINI_KEYS = frozenset({"contents", "systemInstruction", "tools", "toolConfig", "generationConfig"})
SCHEMA_KEYS = frozenset(
    [
        "type",
        "format",
        "title",
        "description",
        "enum",
        "items",
        "prefixItems",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "anyOf",
        "oneOf",
        "properties",
        "additionalProperties",
        "required",
    ]
)
NO_CALLS = {"functionCallingConfig": {"mode": "NONE"}}
FOREIGN = "skip_thought_signature_validator"


def gemini(body: Mapping[str, Any]) -> Complaints:
    yield from _unknown(body, GEMINI_KEYS)
    contents = body["contents"]
    if not contents or contents[0]["role"] != "user" or contents[-1]["role"] != "user":
        yield "the first and the last content must be the user's"
    for one, other in pairwise(contents):
        if one["role"] == other["role"]:
            yield "two contents of one role in a row"
    called: list[tuple[str, str]] = []
    for content in contents:
        yield from _gemini_content(content, called)
        called = [_which(part["functionCall"]) for part in content["parts"] if "functionCall" in part]
    if called:
        yield "a call without a response at the end"
    if len(body.get("tools", ())) > 1:
        yield "Tool use with function calling is unsupported"
    declared = [
        one
        for tool in body.get("tools", ())
        if tool != {"google_search": {}}
        for one in tool["functionDeclarations"]
    ]
    yield from _offered([one["name"] for one in declared], body.get("toolConfig"))
    if body.get("toolConfig", NO_CALLS) != NO_CALLS:
        yield "Invalid value at 'tool_config'"
    for one in declared:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", one["name"]):
            yield f"Invalid function name {one['name']}"
        yield from _schema(one["parametersJsonSchema"])
        yield from _gemini_schema(one["parametersJsonSchema"])


def _gemini_content(content: Mapping[str, Any], called: Sequence[tuple[str, str]]) -> Complaints:
    parts = content["parts"]
    if not parts or content["role"] not in {"user", "model"}:
        yield "empty parts or an unknown role"
    answered = [_which(part["functionResponse"]) for part in parts if "functionResponse" in part]
    if answered != called:
        yield "the number of function response parts is not equal to the number of function call parts"
    calls = [part for part in parts if "functionCall" in part]
    if calls and not calls[0].get("thoughtSignature"):
        yield "the first function call lacks its thought_signature"
    for part in parts:
        told = json.dumps(part["functionCall"]["name"]) if "functionCall" in part else part.get("text", "")
        if part.get("thoughtSignature", FOREIGN) not in {FOREIGN, signed("gemini", told)}:
            yield "Thought signature is not valid"
    yield from (f"bad part {part}" for part in parts if not _gemini_part(part, content["role"]))


def _which(call: Mapping[str, Any]) -> tuple[str, str]:
    return call.get("id", ""), call["name"]


def _gemini_part(part: Mapping[str, Any], role: str) -> bool:
    match part:
        case {"text": str(text)}:
            return bool(text.strip()) or "thoughtSignature" in part
        case {"inlineData": {"mimeType": str(), "data": str(data)}}:
            return role == "user" and bool(BASE64.fullmatch(data))
        case {"functionCall": {"name": str(name), "args": dict()}}:
            return role == "model" and bool(NAME.fullmatch(name))
        case {"functionResponse": {"name": str(), "response": dict()}}:
            return role == "user"
    return False


def _gemini_schema(schema: Any) -> Complaints:
    if not isinstance(schema, Mapping):
        return
    yield from (f"Unknown name {key}" for key in schema if key not in SCHEMA_KEYS)
    for inner in schema.get("properties", {}).values():
        yield from _gemini_schema(inner)
    for inner in (schema.get("items"), schema.get("additionalProperties"), *schema.get("anyOf", ())):
        yield from _gemini_schema(inner)


RULES: Mapping[str, Callable[[Mapping[str, Any]], Complaints]] = {
    "openai-chat": chat,
    "openai-responses": responses,
    "anthropic": anthropic,
    "gemini": gemini,
}
