"""The only package that speaks SQL.

- **Database** (``database``): one open database, SQLite or PostgreSQL; ``schema`` its tables, ``types`` their columns.
- ``records``: functions taking a connection, returning domain values.
- ``migrate`` brings the schema up to date; ``migrations`` holds the one Alembic line for both databases.
"""
