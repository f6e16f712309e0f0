"""The only package that speaks SQL: one schema for SQLite and PostgreSQL.

- **METADATA** (``schema``): all tables. Change it, then run ``scripts/migration NAME`` and review what it wrote.
- **Database** (``database``): an open database: ``write(work)`` and ``read(work)``, where ``work`` takes a connection.
- **Location** (``location``): a database URL in one of its many spellings, understood.
- **upgrade** (``migrate``): brings a database to the schema of this release, at start, under a lock.
- **records** (``records``): what exchanges left. A file a noun: functions take a connection and return domain values;
  ``rows`` turns records into rows and back.
- ``migrations``: the revisions, one line for both databases, run by Alembic; nothing imports them.
"""
