"""Gemini's generateContent as Google serves it.

- **schema**: the request's types. **rules**: what is refused beyond them. **request**: the ask in a request.
- **reply**: an answer as one response, or as frames. **errors**: Google's error bodies.
"""
