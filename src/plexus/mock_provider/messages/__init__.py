"""Messages as Anthropic serves it.

- **schema**: the request's types. **rules**: what is refused beyond them. **request**: the ask in a request.
- **reply**: an answer as one JSON body. **stream**: an answer as events.
"""
