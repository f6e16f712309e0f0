"""A provider that needs no key and no network: plays the vendors' APIs, and every failure on demand.

- **MockProvider**: takes calls, follows a transcript if it has one, remembers what it received. ``serve`` runs one.
- **step**: what a transcript is made of: Reply, Stream, Status, Raw, Hang, Reset, Html, Redirect.
- **fault**: a step with a name, to be had by a model's name or a header (``faults``, ``knobs``).
- **vendor**: one protocol: reads its requests, refuses what its owner refuses, writes its replies (``chat``, ``messages``,
  ``responses``, ``gemini``, ``ollama``, ``cohere``). **route**: a path of a vendor.
- **operation**: what generates no text: embeddings, reranking, images … (``operations``), and what is kept (``shelf``).
- **ask**, **answer**: what a request wants and what the mock's mind (``planner``) says, in no protocol.
- **frame**: an event of a stream before it is bytes, **framing** how it becomes them; **playback** cuts, stalls and garbles them.
- **script**: what is done on the wire; the **director** writes it without I/O, the **player** plays it.

It writes every byte itself and uses no codec, so that it can judge them.
"""

from plexus.mock_provider.answer import Refusal, Search, Source, Text, Thinking, ToolCall, UsageNumbers
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.provider import MockProvider, serve
from plexus.mock_provider.steps import Hang, Html, Raw, Redirect, Reply, Reset, Status, Step, Stream

__all__ = [
    "MockProvider",
    "MockCall",
    "serve",
    "Step",
    "Reply",
    "Stream",
    "Status",
    "Raw",
    "Hang",
    "Reset",
    "Html",
    "Redirect",
    "Text",
    "Thinking",
    "ToolCall",
    "Refusal",
    "Search",
    "Source",
    "UsageNumbers",
]
