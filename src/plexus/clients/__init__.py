"""The programs that people point at a gateway, and the settings that each of them needs (``plexus connect``).

- **Client**: one such program, by name: what it speaks, and how its settings follow from a wish.
- **Wish**: which gateway, key and models it should use.
- **Connection**: the settings: environment variables, changes of its own files, or code, with notes.
- **Change**: members that go into one of its files; everything else in there stays (``merge``, ``write``).
"""
