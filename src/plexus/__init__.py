"""Plexus: one API in front of every LLM provider.

The layers, top to bottom, and what each holds: ``docs/how-a-request-flows.md``.
"""

__version__ = "0.1.0"
