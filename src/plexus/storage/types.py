"""What columns hold. One name for each meaning, so that the schema says units; plain types, the same on both databases."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Float, Text

Word = Text
"""A name or a machine's word: at most WORD_LIMIT characters, because most of them are indexed."""
Prose = Text
"""For people: at most PROSE_LIMIT characters."""
Json = Text
"""A JSON document, written and read by the functions of the noun: databases differ in what their own JSON types keep."""
Micros = BigInteger
"""Microseconds: since the epoch (``..._at``) or long (``..._us``)."""
Nanos = BigInteger
"""Nano-dollars."""
Count = BigInteger
Rate = Float
Flag = Boolean

WORD_LIMIT = 255
"""An entry of a PostgreSQL index may have 2,704 bytes; three words of four-byte characters would not fit much above this."""
PROSE_LIMIT = 8192
INT64 = 2**63 - 1
