"""The faults that can be had by name: as the model ``mock-fault-<name>``, or in the header ``x-mock-fault``.

Between them they play every row of the failure table. Positions lie behind the first words of the mock's usual answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from plexus.mock_provider.answer import Refusal
from plexus.mock_provider.steps import OPENING, Hang, Html, Raw, Redirect, Reply, Reset, Status, Step, Stream

PREFIX: Final = "mock-fault-"

FAULTS: Final[Mapping[str, Step]] = {
    # statuses
    "400": Status(400),
    "401": Status(401),
    "402": Status(402),
    "403": Status(403),
    "403-region": Status(403, kind="region"),
    "404": Status(404),
    "404-model": Status(404, kind="model"),
    "404-path": Html(404),
    "404-thing": Status(404, message="No such file: file-mock", param="file_id", error_code="file_not_found"),
    "405": Status(405),
    "408": Status(408),
    "409": Status(409),
    "413": Status(413),
    "422": Status(422),
    "425": Status(425, kind="conflict"),
    "429": Status(429),
    "429-retry-after": Status(429, retry_after=1),
    "429-retry-after-long": Status(429, retry_after=86_400),
    "500": Status(500),
    "502": Status(502),
    "503": Status(503),
    "503-retry-after": Status(503, retry_after=1),
    "504": Status(504),
    "529": Status(529),
    "context-length": Status(400, kind="context-length"),
    "content-filter": Status(400, kind="content-filter"),
    "quota": Status(429, kind="quota"),
    "should-not-retry": Status(500, headers={"x-should-retry": "false"}),
    # not an API's answers
    "html": Html(),
    "redirect": Redirect(),
    "malformed-json": Raw(b'{"id": "mock", "choices": [}', "application/json"),
    "wrong-type": Raw(b"OK", "text/plain"),
    # the connection
    "reset": Reset(),
    "reset-after-head": Reset(after_head=True),
    "no-first-byte": Hang(),
    "no-first-token": Hang(head=True),
    # in a reply
    "cut-json": Stream(cut_after=6),
    "error-in-200": Status(200, kind="server"),
    "empty": Reply(()),
    "refusal": Reply(Refusal("I will not help with that.")),
    "length": Reply("This answer was cut because it was", finish="length"),
    "blocked": Reply((), finish="content_filter"),
    "filtered": Reply("This answer was filtered", finish="content_filter"),
    # in a stream
    "error-before-token": Stream(error_after=OPENING),
    "error-mid-stream": Stream(error_after=6),
    "rate-limit-mid-stream": Stream(error_after=6, error=Status(429)),
    "cut-mid-stream": Stream(cut_after=6),
    "cut-inside-event": Stream(cut_after=6, cut_inside=20),
    "reset-mid-stream": Stream(cut_after=6, cut="abort"),
    "empty-stream": Stream(cut_after=0),
    "stall": Stream(stall_after=6),
    "stall-before-token": Stream(stall_after=OPENING),
    "stall-with-pings": Stream(stall_after=6, stall_pings=0.5),
    "slow": Stream(delay=0.5),
    "malformed-event": Stream(garbage_after=6),
    "no-done": Stream(without_done=True),
    "no-finish": Stream(without_finish=True),
    "no-usage": Stream(without_usage=True),
    "growing-usage": Stream(usage_in_every_event=True),
    "pings": Stream(pings=5),
    "comments": Stream(comments=True),
    "crlf": Stream(crlf=True),
    "one-write": Stream(one_write=True),
}
