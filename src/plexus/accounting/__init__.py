"""What calls cost and use, and how that outlives the process.

- **Journal** (``journal``): the append-only files that records go to first, and from there into the database.
"""
