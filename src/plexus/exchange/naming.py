"""A name for replies that come without: some providers say neither the reply's id nor its model, some only one of them."""

from __future__ import annotations

import msgspec

from plexus.canonical.events import ReplyStart
from plexus.canonical.response import GenerateResponse


class Names(msgspec.Struct, frozen=True):
    """What an exchange knows of a reply: its own id, and the model that it asked the provider for."""

    id: str
    model: str

    def response(self, response: GenerateResponse) -> GenerateResponse:
        """The reply, named where it is not."""
        if response.id and response.model:
            return response
        return msgspec.structs.replace(response, id=response.id or self.id, model=response.model or self.model)

    def start(self, start: ReplyStart) -> ReplyStart:
        """The start of a streamed one, named where it is not."""
        if start.id and start.model:
            return start
        return msgspec.structs.replace(start, id=start.id or self.id, model=start.model or self.model)
