"""What Converse refuses beyond the types, in its words."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from plexus.mock_provider.bedrock import schema as bedrock
from plexus.mock_provider.bedrock.schema import kind_of
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.signature import is_genuine, is_hidden_by
from plexus.mock_provider.strictness import is_base64


def check(request: bedrock.Request, issuer: str) -> None:
    """Raises Refused for the first rule that ``request`` breaks. ``issuer`` must have signed the thoughts in it."""
    _check_turns(request)
    names: set[str] = set()
    for at, message in enumerate(request.messages):
        for number, block in enumerate(message.content):
            where = f"messages.{at}.content.{number}"
            kind = kind_of(block)
            if not kind:
                raise Refused(f"The content block at {where} must have exactly one member.")
            if kind == "text" and not (block.text or "").strip():
                raise Refused(
                    f"The text field in the ContentBlock object at {where} is blank. Add text to the text field, and try again."
                )
            if block.reasoning_content is not None:
                _check_thought(block.reasoning_content, where, issuer)
            for document in _documents(block):
                if document.name in names:
                    raise Refused("Every document in a request must have a unique name.")
                names.add(document.name)
    _check_media(request)
    _check_tools(request)
    _check_pairs(request)


def _check_turns(request: bedrock.Request) -> None:
    if request.messages[0].role != "user":
        raise Refused(
            "A conversation must start with a user message. Try again with a conversation that starts with a user message."
        )
    for at, message in enumerate(request.messages):
        if not message.content:
            raise Refused(
                f"The content field in the Message object at messages.{at} is empty. Add a ContentBlock object."
            )
        if at and request.messages[at - 1].role == message.role:
            raise Refused("A conversation must alternate between user and assistant roles.")
    if not all(map(kind_of, request.system or ())):
        raise Refused("A system content block must have exactly one member.")


def _check_thought(thought: bedrock.Reasoning, where: str, issuer: str) -> None:
    said, hidden = thought.reasoning_text, thought.redacted_content
    if (said is None) == (hidden is None):
        raise Refused(f"The reasoningContent at {where} must have exactly one member.")
    if said is not None and not is_genuine(issuer, said.text, said.signature or ""):
        raise Refused(f"{where}: Invalid `signature` in `thinking` block")
    if hidden is not None and not is_hidden_by(issuer, hidden):
        raise Refused(f"{where}: Invalid `data` in `redacted_thinking` block")


def _documents(block: bedrock.Block) -> Iterator[bedrock.Document]:
    if block.document is not None:
        yield block.document
    if block.tool_result is not None:
        yield from (part.document for part in block.tool_result.content if part.document is not None)


def _check_media(request: bedrock.Request) -> None:
    for message in request.messages:
        for block in message.content:
            parts = [block, *(block.tool_result.content if block.tool_result is not None else ())]
            for part in parts:
                for name in ("image", "document", "video", "audio"):
                    found = getattr(part, name, None)
                    if found is not None:
                        _check_source(found.source)


def _check_source(source: bedrock.Source) -> None:
    if not kind_of(source):
        raise Refused("A source must have exactly one member.")
    if source.bytes is not None and not is_base64(source.bytes):
        raise Refused("Unable to parse the bytes of the source as base64.")


def _check_tools(request: bedrock.Request) -> None:
    blocks = [block for message in request.messages for block in message.content]
    if request.tool_config is None:
        if any(block.tool_use is not None or block.tool_result is not None for block in blocks):
            raise Refused("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
        return
    if not all(map(kind_of, request.tool_config.tools)):
        raise Refused("A tool must have exactly one member.")
    names = [tool.tool_spec.name for tool in request.tool_config.tools if tool.tool_spec is not None]
    if len(set(names)) != len(names):
        raise Refused("The tools in toolConfig must have unique names.")
    choice = request.tool_config.tool_choice
    if choice is not None:
        if not kind_of(choice):
            raise Refused("The toolChoice must have exactly one member.")
        if choice.tool is not None and choice.tool.name not in names:
            raise Refused(f"The tool {choice.tool.name} of toolChoice is not in toolConfig.")
    output = request.output_config
    if output is not None and output.text_format is not None:
        try:
            msgspec.json.decode(output.text_format.structure.json_schema.schema)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Refused("The schema of outputConfig.textFormat is not valid JSON.") from None


def _check_pairs(request: bedrock.Request) -> None:
    due: list[str] = []
    for at, message in enumerate(request.messages):
        given = [block.tool_result.tool_use_id for block in message.content if block.tool_result is not None]
        if due and set(due) - set(given):
            raise Refused(
                f"Expected toolResult blocks at messages.{at}.content for the following Ids: {', '.join(due)}"
            )
        if set(given) - set(due):
            raise Refused(
                f"The number of toolResult blocks at messages.{at}.content exceeds the number of toolUse blocks of previous turn."
            )
        due = [block.tool_use.tool_use_id for block in message.content if block.tool_use is not None]
