"""Responses as OpenAI serves it.

- **schema**: the request's types. **items**: what is refused in its input. **request**: the ask in a request.
- **reply**: an answer as one response. **stream**: an answer as events.
- **stored**: what is kept of replies, and the operations on it.
"""
