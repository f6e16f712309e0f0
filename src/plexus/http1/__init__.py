"""HTTP/1.1 on an event loop: our own because it is the hot path (docs/adr/0003). Knows nothing of LLMs.

- **RequestHead**, **ResponseHead** (``head``): heads as values, parsed strictly; **BadHead** says what was refused and why.
- **Framing**, **ChunkedDecoder** (``body``): where a body ends, and what is refused so that nothing can be smuggled.
- **Server**, **Incoming** (``server``, ``incoming``): the half that answers clients.
- **ClientConnection** (``client``): the half that calls providers.
- ``asgi`` runs an ASGI application behind the server.
"""
