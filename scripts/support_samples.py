"""One sample for each member of each protocol's request: what the table of protocol support is made from.

A sample is the smallest request that has the member. The tests hold the names against the vendors' documents, so that a new
member of theirs cannot go unnoticed.
"""

from __future__ import annotations

from typing import Any

from scripts.support_gemini import GEMINI, HI

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjEKJeKAng=="
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
USER: list[Any] = [{"role": "user", "content": "hi"}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":"b"}'}}
CHAT_TOOL = {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
TOOL = {"name": "f", "input_schema": SCHEMA}


def chat_part(part: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}, part]}]}


def block(part: dict[str, Any], role: str = "user") -> dict[str, Any]:
    turns: list[Any] = [{"role": role, "content": [{"type": "text", "text": "hi"}, part]}]
    return {"messages": turns if role == "user" else [*USER, *turns, *USER]}


CHAT: dict[str, dict[str, Any]] = {
    "audio": {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "mp3"}},
    "frequency_penalty": {"frequency_penalty": 0.5},
    "function_call": {"functions": [{"name": "f", "parameters": SCHEMA}], "function_call": {"name": "f"}},
    "functions": {"functions": [{"name": "f", "parameters": SCHEMA}]},
    "logit_bias": {"logit_bias": {"50256": -100}},
    "logprobs": {"logprobs": True},
    "max_completion_tokens": {"max_completion_tokens": 77},
    "max_tokens": {"max_tokens": 77},
    "metadata": {"metadata": {"a": "b"}},
    "modalities": {"modalities": ["text"]},
    "moderation": {"moderation": {"mode": "auto"}},
    "n": {"n": 2},
    "parallel_tool_calls": {"tools": [CHAT_TOOL], "parallel_tool_calls": False},
    "prediction": {"prediction": {"type": "content", "content": "x"}},
    "presence_penalty": {"presence_penalty": 0.5},
    "prompt_cache_key": {"prompt_cache_key": "k"},
    "prompt_cache_options": {"prompt_cache_options": {"mode": "auto"}},
    "prompt_cache_retention": {"prompt_cache_retention": "24h"},
    "reasoning_effort": {"reasoning_effort": "high"},
    "response_format (json_object)": {"response_format": {"type": "json_object"}},
    "response_format (json_schema)": {
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
    },
    "safety_identifier": {"safety_identifier": "u1"},
    "seed": {"seed": 7},
    "service_tier": {"service_tier": "default"},
    "service_tier (flex)": {"service_tier": "flex"},
    "stop": {"stop": ["END"]},
    "store": {"store": True},
    "stream": {"stream": True},
    "stream_options": {"stream": True, "stream_options": {"include_usage": True}},
    "temperature": {"temperature": 0.5},
    "temperature (above 1)": {"temperature": 1.5},
    "tool_choice (allowed_tools)": {
        "tools": [CHAT_TOOL],
        "tool_choice": {
            "type": "allowed_tools",
            "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
        },
    },
    "tool_choice (function)": {"tools": [CHAT_TOOL], "tool_choice": {"type": "function", "function": {"name": "f"}}},
    "tool_choice (none)": {"tools": [CHAT_TOOL], "tool_choice": "none"},
    "tool_choice (required)": {"tools": [CHAT_TOOL], "tool_choice": "required"},
    "tools (custom)": {"tools": [{"type": "custom", "custom": {"name": "c"}}]},
    "tools (function)": {"tools": [CHAT_TOOL]},
    "tools (function, strict)": {
        "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}}]
    },
    "top_logprobs": {"logprobs": True, "top_logprobs": 2},
    "top_p": {"top_p": 0.5},
    "user": {"user": "u1"},
    "verbosity": {"verbosity": "low"},
    "web_search_options": {"web_search_options": {}},
    "messages: assistant audio": {"messages": [*USER, {"role": "assistant", "audio": {"id": "a"}}, *USER]},
    "messages: assistant refusal": {"messages": [*USER, {"role": "assistant", "refusal": "no"}, *USER]},
    "messages: assistant tool_calls": {
        "messages": [
            *USER,
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "call_1", "content": "r"},
        ]
    },
    "messages: developer": {"messages": [{"role": "developer", "content": "be good"}, *USER]},
    "messages: file (base64)": chat_part(
        {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}}
    ),
    "messages: file (file_id)": chat_part({"type": "file", "file": {"file_id": "file-1"}}),
    "messages: image_url (base64)": chat_part(
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    ),
    "messages: image_url (URL)": chat_part({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}),
    "messages: image_url detail": chat_part(
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}}
    ),
    "messages: input_audio": chat_part({"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}),
    "messages: name": {"messages": [{"role": "user", "name": "bob", "content": "hi"}]},
    "messages: reasoning_content": {
        "messages": [*USER, {"role": "assistant", "content": "x", "reasoning_content": "thought"}, *USER]
    },
    "messages: system": {"messages": [{"role": "system", "content": "be good"}, *USER]},
    "messages: system, between turns": {"messages": [*USER, {"role": "system", "content": "be good"}, *USER]},
}

MESSAGES: dict[str, dict[str, Any]] = {
    "cache_control": {"cache_control": {"type": "ephemeral"}},
    "container": {"container": "c1"},
    "diagnostics": {"diagnostics": {"previous_message_id": "m"}},
    "inference_geo": {"inference_geo": "eu"},
    "max_tokens": {"max_tokens": 77},
    "metadata": {"metadata": {"user_id": "u1"}},
    "output_config (effort)": {"output_config": {"effort": "high"}},
    "output_config (format)": {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
    "service_tier": {"service_tier": "standard_only"},
    "speed": {"speed": "fast"},
    "stop_sequences": {"stop_sequences": ["END"]},
    "stream": {"stream": True},
    "system": {"system": "be good"},
    "system (cache_control)": {"system": [{"type": "text", "text": "be good", "cache_control": {"type": "ephemeral"}}]},
    "temperature": {"temperature": 0.5},
    "thinking (adaptive)": {"thinking": {"type": "adaptive"}},
    "thinking (disabled)": {"thinking": {"type": "disabled"}},
    "thinking (enabled)": {"max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 2000}},
    "thinking (display)": {
        "max_tokens": 4000,
        "thinking": {"type": "enabled", "budget_tokens": 2000, "display": "omitted"},
    },
    "tool_choice (any)": {"tools": [TOOL], "tool_choice": {"type": "any"}},
    "tool_choice (none)": {"tools": [TOOL], "tool_choice": {"type": "none"}},
    "tool_choice (tool)": {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "f"}},
    "tool_choice (disable_parallel_tool_use)": {
        "tools": [TOOL],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    },
    "tools": {"tools": [TOOL]},
    "tools (cache_control)": {"tools": [{**TOOL, "cache_control": {"type": "ephemeral"}}]},
    "tools (server tool)": {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    "tools (strict)": {"tools": [{**TOOL, "strict": True}]},
    "top_k": {"top_k": 5},
    "top_p": {"top_p": 0.5},
    "user_profile_id": {"user_profile_id": "p"},
    "workspace_id": {"workspace_id": "w"},
    "messages: cache_control": block(
        {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    ),
    "messages: container_upload": block({"type": "container_upload", "file_id": "f"}),
    "messages: document (base64)": block(
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}}
    ),
    "messages: document (citations)": block(
        {
            "type": "document",
            "citations": {"enabled": True},
            "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
        }
    ),
    "messages: document (file)": block({"type": "document", "source": {"type": "file", "file_id": "f"}}),
    "messages: document (text)": block(
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}}
    ),
    "messages: document (URL)": block(
        {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}}
    ),
    "messages: image (base64)": block(
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    ),
    "messages: image (file)": block({"type": "image", "source": {"type": "file", "file_id": "f"}}),
    "messages: image (URL)": block({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}),
    "messages: redacted_thinking": block({"type": "redacted_thinking", "data": "xyz"}, "assistant"),
    "messages: search_result": block(
        {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "x"}]}
    ),
    "messages: server_tool_use": block(
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}, "assistant"
    ),
    "messages: system, between turns": {"messages": [*USER, {"role": "system", "content": "be good"}, *USER]},
    "messages: thinking": block({"type": "thinking", "thinking": "t", "signature": "s"}, "assistant"),
    "messages: tool_result": {
        "messages": [
            *USER,
            {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": "b"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "r"}]},
        ]
    },
    "messages: tool_result (image)": {
        "messages": [
            *USER,
            {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}]},
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_1",
                        "content": [{"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}],
                    }
                ],
            },
        ]
    },
    "messages: tool_result (is_error)": {
        "messages": [
            *USER,
            {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}]},
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "r", "is_error": True}],
            },
        ]
    },
}

FUNCTION = {"type": "function", "name": "f", "parameters": SCHEMA, "strict": False}
ITEMS: list[Any] = [{"role": "user", "content": "hi"}]


def item(*items: dict[str, Any]) -> dict[str, Any]:
    return {"input": [*ITEMS, *items]}


def input_part(part: dict[str, Any]) -> dict[str, Any]:
    return {"input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}, part]}]}


RESPONSES: dict[str, dict[str, Any]] = {
    "background": {"background": True},
    "background (false)": {"background": False},
    "context_management": {"context_management": [{"type": "compaction", "compact_threshold": 5000}]},
    "conversation": {"conversation": "conv_1"},
    "include (encrypted reasoning)": {"include": ["reasoning.encrypted_content"]},
    "include (logprobs)": {"include": ["message.output_text.logprobs"]},
    "include (a tool's results)": {"include": ["file_search_call.results"]},
    "input": {"input": "hello"},
    "instructions": {"instructions": "be good"},
    "max_output_tokens": {"max_output_tokens": 77},
    "max_tool_calls": {"max_tool_calls": 3},
    "metadata": {"metadata": {"a": "b"}},
    "moderation": {"moderation": {"model": "omni-moderation-latest"}},
    "parallel_tool_calls": {"tools": [FUNCTION], "parallel_tool_calls": False},
    "previous_response_id": {"previous_response_id": "resp_1"},
    "prompt": {"prompt": {"id": "pmpt_1"}},
    "prompt_cache_key": {"prompt_cache_key": "k"},
    "prompt_cache_options": {"prompt_cache_options": {"mode": "explicit"}},
    "prompt_cache_retention": {"prompt_cache_retention": "24h"},
    "reasoning (context)": {"reasoning": {"effort": "high", "context": "all_turns"}},
    "reasoning (effort)": {"reasoning": {"effort": "high"}},
    "reasoning (summary)": {"reasoning": {"effort": "high", "summary": "auto"}},
    "safety_identifier": {"safety_identifier": "u1"},
    "service_tier": {"service_tier": "default"},
    "service_tier (flex)": {"service_tier": "flex"},
    "store": {"store": True},
    "store (false)": {"store": False},
    "stream": {"stream": True},
    "stream_options": {"stream": True, "stream_options": {"include_obfuscation": False}},
    "temperature": {"temperature": 0.5},
    "temperature (above 1)": {"temperature": 1.5},
    "text (json_object)": {"text": {"format": {"type": "json_object"}}},
    "text (json_schema)": {"text": {"format": {"type": "json_schema", "name": "x", "schema": SCHEMA}}},
    "text (verbosity)": {"text": {"verbosity": "low"}},
    "tool_choice (allowed_tools)": {
        "tools": [FUNCTION],
        "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
    },
    "tool_choice (built-in tool)": {
        "tools": [FUNCTION, {"type": "web_search"}],
        "tool_choice": {"type": "web_search"},
    },
    "tool_choice (custom)": {
        "tools": [{"type": "custom", "name": "c"}],
        "tool_choice": {"type": "custom", "name": "c"},
    },
    "tool_choice (function)": {"tools": [FUNCTION], "tool_choice": {"type": "function", "name": "f"}},
    "tool_choice (none)": {"tools": [FUNCTION], "tool_choice": "none"},
    "tool_choice (required)": {"tools": [FUNCTION], "tool_choice": "required"},
    "tools (built-in tool)": {"tools": [{"type": "web_search"}]},
    "tools (custom)": {"tools": [{"type": "custom", "name": "c"}]},
    "tools (function)": {"tools": [FUNCTION]},
    "tools (function, defer_loading)": {"tools": [{**FUNCTION, "defer_loading": True}]},
    "tools (function, strict)": {"tools": [{**FUNCTION, "strict": True}]},
    "tools (namespace)": {
        "tools": [{"type": "namespace", "name": "n", "description": "d", "tools": [FUNCTION]}],
    },
    "top_logprobs": {"top_logprobs": 2},
    "top_p": {"top_p": 0.5},
    "truncation": {"truncation": "auto"},
    "truncation (disabled)": {"truncation": "disabled"},
    "user": {"user": "u1"},
    "input: assistant message": item(
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "yes"}]}, *ITEMS
    ),
    "input: assistant phase": item(
        {
            "type": "message",
            "role": "assistant",
            "phase": "commentary",
            "content": [{"type": "output_text", "text": "yes"}],
        },
        *ITEMS,
    ),
    "input: assistant refusal": item(
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}, *ITEMS
    ),
    "input: computer_call_output": item(
        {"type": "computer_call_output", "call_id": "c", "output": {"type": "computer_screenshot", "file_id": "f"}}
    ),
    "input: custom_tool_call": item(
        {"type": "custom_tool_call", "call_id": "call_1", "name": "c", "input": "free"},
        {"type": "custom_tool_call_output", "call_id": "call_1", "output": "r"},
    ),
    "input: developer message": {"input": [{"role": "developer", "content": "be good"}, *ITEMS]},
    "input: function_call": item(
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": '{"a":"b"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "r"},
    ),
    "input: function_call_output (image)": item(
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
        {
            "type": "function_call_output",
            "call_id": "call_1",
            "output": [{"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"}],
        },
    ),
    "input: input_file (base64)": input_part(
        {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}
    ),
    "input: input_file (file_id)": input_part({"type": "input_file", "file_id": "file-1"}),
    "input: input_file (URL)": input_part({"type": "input_file", "file_url": "https://example.com/a.pdf"}),
    "input: input_image (base64)": input_part(
        {"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{PNG}"}
    ),
    "input: input_image (file_id)": input_part({"type": "input_image", "detail": "auto", "file_id": "file-1"}),
    "input: input_image (URL)": input_part(
        {"type": "input_image", "detail": "auto", "image_url": "https://example.com/a.png"}
    ),
    "input: input_image detail": input_part(
        {"type": "input_image", "detail": "low", "image_url": "https://example.com/a.png"}
    ),
    "input: item_reference": item({"type": "item_reference", "id": "msg_1"}),
    "input: prompt_cache_breakpoint": {
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "hi", "prompt_cache_breakpoint": {"mode": "explicit"}},
                ],
            }
        ]
    },
    "input: reasoning (encrypted)": item(
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "xyz"},
        {"role": "assistant", "content": "yes"},
        *ITEMS,
    ),
    "input: reasoning (summary)": item(
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "thought"}]},
        {"role": "assistant", "content": "yes"},
        *ITEMS,
    ),
    "input: system message, between turns": item({"role": "system", "content": "be good"}, *ITEMS),
    "input: web_search_call": item(
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
        *ITEMS,
    ),
}

SAMPLES: dict[str, dict[str, dict[str, Any]]] = {
    "openai_chat": CHAT,
    "openai_responses": RESPONSES,
    "anthropic_messages": MESSAGES,
    "gemini": GEMINI,
}
BASES: dict[str, dict[str, Any]] = {
    "openai_chat": {"model": "m", "messages": USER},
    "openai_responses": {"model": "m", "input": "hi"},
    "anthropic_messages": {"model": "m", "max_tokens": 100, "messages": USER},
    "gemini": {"contents": [HI]},
}
NEUTRAL: dict[str, set[str]] = {
    "openai_chat": {"modalities", "tool_choice (none)", "stream_options"},
    "openai_responses": {
        "background (false)", "include (encrypted reasoning)", "store (false)", "stream_options", "tool_choice (none)",
        "truncation (disabled)",
    },
    "anthropic_messages": {"tool_choice (none)"},
    "gemini": {"toolConfig.functionCallingConfig (AUTO)", "toolConfig.functionCallingConfig (NONE)"},
}  # fmt: skip
"""Members whose sample says what the other side does anyway, so that nothing need be written there."""
NEUTRAL_AT: dict[str, dict[str, set[str]]] = {
    "cohere": {
        "anthropic_messages": {"thinking (disabled)"},
        "gemini": {"generationConfig.thinkingConfig (off)"},
    },
    "bedrock_converse": {
        "anthropic_messages": {"thinking (disabled)"},
        "gemini": {"generationConfig.thinkingConfig (off)"},
    },
}
"""The same where it holds for one other side alone: most of Cohere's and of Bedrock's models do not think unasked."""
