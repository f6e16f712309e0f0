"""Ollama's own chat API.

- **request**: its types, what is refused, and the ask in it. **reply**: an answer as one body, or as lines.
"""
