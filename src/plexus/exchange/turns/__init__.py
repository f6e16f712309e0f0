"""What the Responses API keeps: replies and conversations, and the turns that go on from them. Read ``recall`` first.

- ``recall``: what a call goes on from, and what each target is sent of it; ``history`` puts earlier items into a body,
  ``references`` resolves items that are only named.
- ``keep``: a complete reply is kept behind its last byte; ``items``: in the form in which it is shown.
- **State** (``state``): where all of it is found, in memory or the database, within a second; ``sweeper`` ends its time.
- ``responses``, ``conversations``: what a client may do with what is kept (**Asking**: who asks, for what; ``paging``).
"""
