"""The tables: one MetaData for SQLite and PostgreSQL.

Times are microseconds since the epoch, durations microseconds. To change something: edit here, run ``scripts/migration NAME``,
review, commit; revisions that exist are never edited.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    }
)


def _counts() -> list[Column[int]]:
    """The columns of a usage; NULL where nobody said."""
    names = (
        "input", "cached_input", "cache_write_5m", "cache_write_1h", "output", "reasoning", "audio_input", "audio_output",
        "image_input", "image_output", "accepted_prediction", "rejected_prediction", "web_searches",
    )  # fmt: skip
    return [Column(f"tokens_{name}", BigInteger) for name in names]


request = Table(
    "request",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("duration_us", BigInteger, nullable=False),
    Column("first_token_us", BigInteger),
    Column("overhead_us", BigInteger),
    Column("tokens_per_second", Float),
    Column("key", String(255)),
    Column("label", String(255)),
    Column("client_ip", String(64)),
    Column("user_agent", Text),
    Column("client_request_id", Text),
    Column("protocol", String(32), nullable=False),
    Column("operation", String(32), nullable=False),
    Column("model", Text, nullable=False),
    Column("stream", Boolean, nullable=False),
    Column("bytes_in", BigInteger, nullable=False),
    Column("bytes_out", BigInteger, nullable=False),
    Column("route", Text),
    Column("provider", String(255)),
    Column("target_model", Text),
    Column("target_protocol", String(32)),
    Column("lane", String(16)),
    Column("reason", Text),
    Column("losses", Text, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("finish", String(32)),
    Column("error", String(32)),
    Column("error_message", Text),
    Column("error_code", Text),
    Column("notes", Text, nullable=False),
    *_counts(),
    Column("tokens_estimated", Boolean),
    Column("reported_cost_nanos", BigInteger),
    Column("attempts", Integer, nullable=False),
    Index(None, "started_at"),
    Index(None, "key", "started_at"),
    Index(None, "model", "started_at"),
    Index(None, "error", "started_at"),
)

attempt = Table(
    "attempt",
    METADATA,
    Column("request_id", String(64), ForeignKey("request.id", ondelete="CASCADE"), primary_key=True),
    Column("number", SmallInteger, primary_key=True),
    Column("provider", String(255), nullable=False),
    Column("model", Text, nullable=False),
    Column("protocol", String(32), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("duration_us", BigInteger, nullable=False),
    Column("first_token_us", BigInteger),
    Column("status", SmallInteger),
    Column("error", String(32)),
    Column("error_message", Text),
    Column("error_code", Text),
    Column("hint", Text),
    Column("upstream_request_id", Text),
    *_counts(),
    Column("tokens_estimated", Boolean),
    Column("reported_cost_nanos", BigInteger),
    Column("usage_raw", Text),
    Column("unknown", Boolean, nullable=False),
    Column("verdict", String(16)),
)

response = Table(
    "response",
    METADATA,
    Column("owner", String(255), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("previous_id", String(255)),
    Column("conversation_id", String(255)),
    Column("provider", String(255)),
    Column("account", String(255)),
    Column("upstream_id", String(255)),
    Column("deleted", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "created_at"),
    Index(None, "owner", "previous_id"),
)
"""A reply of the Responses API. ``account`` and ``upstream_id`` are NULL where its provider keeps no state. A deleted one
stays while a later one goes on from it."""

response_item = Table(
    "response_item",
    METADATA,
    Column("owner", String(255), primary_key=True),
    Column("holder", String(255), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("item_id", String(255), nullable=False),
    Column("conversation_id", String(255)),
    Column("created_at", BigInteger, nullable=False),
    Column("provider", String(255)),
    Column("output", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "owner", "item_id"),
    Index(None, "owner", "conversation_id"),
)
"""An item, stored once: ``holder`` is the response that it came with, or a name for those that were put into a conversation.
The turns of a chain share it through ``response.previous_id``, a conversation through ``conversation_id``."""

conversation = Table(
    "conversation",
    METADATA,
    Column("owner", String(255), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
    Column("metadata", LargeBinary, nullable=False),
    Index(None, "used_at"),
)
