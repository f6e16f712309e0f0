"""The legacy Completions as OpenAI serves them: a prompt in, its continuation out.

- **request**: its types, what is refused, and the ask in it. **reply**: an answer as one body, or as chunks.
"""
