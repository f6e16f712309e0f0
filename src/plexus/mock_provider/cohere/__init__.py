"""Cohere's v2 chat.

- **schema**: the request's types. **request**: what is refused, and the ask in a request.
- **reply**: an answer as one body, or as events; Cohere's error bodies.
"""
