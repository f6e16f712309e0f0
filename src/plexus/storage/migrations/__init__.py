"""The one Alembic line for both databases. ``env`` runs it, ``versions`` are its steps."""
