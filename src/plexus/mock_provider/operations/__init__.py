"""The operations that generate no text, in their owners' shapes, with contents that are the same each time.

- **embeddings**: OpenAI's, Gemini's and Cohere's. **rerank**: Cohere's, and Jina's and Voyage's.
- **moderations**, **images**, **audio**: OpenAI's. **form**: multipart bodies.
- **reading**: how a body becomes a typed request, or a refusal in its owner's words.
"""
