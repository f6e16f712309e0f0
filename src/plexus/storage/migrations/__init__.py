"""The revisions of the schema, one line for SQLite and PostgreSQL. Alembic runs them (``storage.migrate``).

- ``env.py``: how Alembic is set up; it works on the connection and in the transaction that it is given.
- ``versions``: the revisions, numbered. One that has been released is never edited.
"""
