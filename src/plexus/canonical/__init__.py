"""The hub: what an LLM call is. Pure values; nobody's wire format; imports nothing of ours.

- **GenerateRequest** (``request``): what the client asks for; messages made of blocks, tools, settings.
- **Block** (``content``): one piece of content: text, image, document, audio, reasoning, tool call or result, opaque.
- **GenerateResponse** (``response``): what came back; candidates made of blocks, each with its finish.
- **StreamEvent** (``events``): the same reply in pieces; ``fold`` turns events into a response.
- **Usage** (``usage``): token counts and their invariants.
- **GatewayError** (``errors``): every way in which a call can fail, as one tree.
- **Loss** (``losses``): something that a translation could not express.
- **Headers** (``headers``): HTTP header fields as a case-insensitive multi-map.
"""
