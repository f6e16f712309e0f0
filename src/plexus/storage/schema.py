"""All tables, once, for SQLite and PostgreSQL.

Change it here, run ``scripts/migration NAME``, review the revision, commit both. Revisions that exist are never edited.
Times, ids and numbers are made above and stored as they are; no column has a default of the database's.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, Table

from plexus.storage.types import Count, Flag, Json, Micros, Nanos, Prose, Rate, Word

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
"""Constraints have names of ours: SQLite gives none, and a revision could not drop them."""


def usage_columns() -> list[Column[object]]:
    """One column for each member of ``Usage``. ``input_tokens`` is NULL where no usage is known."""
    return [
        Column("input_tokens", Count),
        Column("cached_input_tokens", Count),
        Column("cache_write_5m_tokens", Count),
        Column("cache_write_1h_tokens", Count),
        Column("output_tokens", Count),
        Column("reasoning_tokens", Count),
        Column("audio_input_tokens", Count),
        Column("audio_output_tokens", Count),
        Column("image_input_tokens", Count),
        Column("image_output_tokens", Count),
        Column("accepted_prediction_tokens", Count),
        Column("rejected_prediction_tokens", Count),
        Column("web_searches", Count),
        Column("tokens_estimated", Flag),
        Column("reported_cost_nanos", Nanos),
        Column("raw_usage", Json),
    ]


USAGE_COLUMNS = {
    "input": "input_tokens",
    "cached_input": "cached_input_tokens",
    "cache_write_5m": "cache_write_5m_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "output": "output_tokens",
    "reasoning": "reasoning_tokens",
    "audio_input": "audio_input_tokens",
    "audio_output": "audio_output_tokens",
    "image_input": "image_input_tokens",
    "image_output": "image_output_tokens",
    "accepted_prediction": "accepted_prediction_tokens",
    "rejected_prediction": "rejected_prediction_tokens",
    "web_searches": "web_searches",
    "estimated": "tokens_estimated",
    "reported_cost_nanos": "reported_cost_nanos",
    "raw": "raw_usage",
}
"""Member of ``Usage`` -> column. The other columns of ``request`` and ``attempt`` bear the names of their members."""


request = Table(
    "request",
    METADATA,
    Column("id", Word, primary_key=True),
    Column("kind", Word, nullable=False),
    Column("started_at", Micros, nullable=False),
    Column("duration_us", Micros, nullable=False),
    Column("first_token_us", Micros),
    Column("overhead_us", Micros),
    Column("tokens_per_second", Rate),
    Column("key", Word),
    Column("label", Word),
    Column("client_ip", Word),
    Column("user_agent", Word),
    Column("client_request_id", Word),
    Column("protocol", Word, nullable=False),
    Column("operation", Word, nullable=False),
    Column("model", Word, nullable=False),
    Column("stream", Flag, nullable=False),
    Column("bytes_in", Count, nullable=False),
    Column("bytes_out", Count, nullable=False),
    Column("route", Word),
    Column("provider", Word),
    Column("target_model", Word),
    Column("target_protocol", Word),
    Column("lane", Word),
    Column("reason", Prose),
    Column("losses", Json),
    Column("status", Integer, nullable=False),
    Column("finish", Word),
    Column("error", Word),
    Column("error_message", Prose),
    Column("error_code", Word),
    Column("notes", Json),
    *usage_columns(),
    # Each ends in the order in which pages are read: the newest first.
    Index("ix_request_started_at", "started_at", "id"),
    Index("ix_request_key", "key", "started_at"),
    Index("ix_request_model", "model", "started_at"),
    Index("ix_request_error", "error", "started_at"),
)
"""``domain.record.Record``: one row for each exchange."""

attempt = Table(
    "attempt",
    METADATA,
    Column("request_id", Word, ForeignKey(request.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("provider", Word, nullable=False),
    Column("model", Word, nullable=False),
    Column("protocol", Word, nullable=False),
    Column("lane", Word, nullable=False),
    Column("started_us", Micros, nullable=False),
    Column("duration_us", Micros, nullable=False),
    Column("first_token_us", Micros),
    Column("status", Integer),
    Column("error", Word),
    Column("error_message", Prose),
    Column("error_code", Word),
    Column("hint", Prose),
    Column("upstream_request_id", Word),
    Column("unknown", Flag, nullable=False),
    Column("verdict", Word),
    *usage_columns(),
)
"""``domain.record.AttemptRecord``: one row for each try of a target."""
