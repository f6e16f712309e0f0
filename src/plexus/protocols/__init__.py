"""The spokes: sans-IO codecs. Each folder speaks one wire format and knows no other.

- **Codec** (``codec``): the functions that read and write one protocol for one operation, as a record.
- **Envelope** (``envelope``): the top level of a JSON body: read a member, replace members, keep all other bytes.
- **SseDecoder**, **EventBoundary** (``sse``): server-sent events, incremental.
- **Tap** (``codec``): reads usage, finish and failure off a reply in passing.
- **dialect**: how a provider's use of a protocol differs from its owner's: a record in each folder.
- ``reasoning_state`` seals one protocol's reasoning state so that a client of another can carry it.
- ``registry`` joins them: (protocol, operation) -> codec.

The five files of a protocol folder always have the same names: ``wire`` (its types), ``request``, ``response``,
``stream``, ``errors``, ``dialect``; the ``__init__`` is the table of contents.
"""
