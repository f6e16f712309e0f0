"""What an exchange leaves behind, and how it is kept.

- **Journal** (``journal``): the append-only spool that records go to first; it drains into the database.
- **Segments** (``segments``): the journal's files in one folder, locked by one process.
"""
