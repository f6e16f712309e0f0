"""Chat Completions as OpenAI serves it.

- **schema**: the request's types. **rules**: what is refused beyond them. **request**: the ask in a request.
- **reply**: answers as one JSON body. **stream**: answers as events.
"""
