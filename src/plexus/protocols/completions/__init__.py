"""Completions, OpenAI's legacy API: a prompt in, its continuation out. This page is the table of contents.

A provider whose dialect says that it serves them for the model gets the call as it came; any other is asked as a chat with one
turn, in whichever protocol it speaks (https://platform.openai.com/docs/api-reference/completions).

- ``request``: a call, read; ``response``: the reply, whole and streamed, written; ``tap``: for the lanes that keep the bytes.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NoReturn

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.protocols.codec import fixed_path
from plexus.protocols.completions.request import decode_request
from plexus.protocols.completions.response import encode_response, stream_encoder
from plexus.protocols.completions.tap import tap
from plexus.protocols.openai_chat import CODEC as CHAT
from plexus.protocols.openai_chat.dialect import ChatDialect


def _serves(dialect: ChatDialect) -> bool:
    return dialect.completions


def _refuse(*_: Any) -> NoReturn:
    raise ClientError(ErrorKind.BAD_REQUEST, "Nothing is translated into a completion.")


CODEC = dataclasses.replace(
    CHAT,
    operation="complete",
    asks="generate",
    serves=_serves,
    path=fixed_path("/completions"),
    decode_request=decode_request,
    encode_response=encode_response,
    stream_encoder=stream_encoder,
    tap=tap,
    encode_request=_refuse,
    stream_decoder=_refuse,
)

CODECS = (CODEC,)
