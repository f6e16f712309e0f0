"""HTTP/1.1 on an event loop, our own because it is the hot path (performance notes in docs/adr). Knows nothing of LLMs.

- **head**: the first part of a message as a value; what is accepted, how its body is framed, how ours are written.
- **body**: decoders by framing (a length, chunks, until close), and chunks to send.
- **Limits**: what a client may use up, in bytes and seconds.
- **Incoming**: one request as its handler sees it: read the body, answer, stream, break, or take the socket over.
- **Connection**: one client's socket: cuts the bytes into requests, serves one at a time, keeps both directions bounded.
- **Server**: accepts connections, keeps their time with one sweep, drains.
- **client**: the other half: one connection to a server.
- **asgi**: runs an ASGI application behind the server.
"""
