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
