"""The journal: where a record goes first, an append of about a microsecond, and from there into the database in batches.

- **line** (``lines``): one Opening or Record as one line of JSON.
- **segment** (``segments``): a numbered file of lines. **Position**: a segment and an offset in it.
- **FolderLock** (``lock``): one process owns a folder.
- **Spool** (``spool``): the writing end. It never waits and never raises; where the disk fails, it remembers.
- **Keeper** (``keeper``): what stays in the folder beside segments: the checkpoint, and what could not be read.
- **Drainer** (``drainer``): the reading end: recovers, then carries records to the database, in order.
- **Journal** (``journal``): both ends joined; what ``app`` builds and exchanges write to.

Two rules carry the rest. (1) A new segment begins with the openings of all exchanges that are still running, so an older
segment is needed only for its records, and goes when they have been drained. (2) Draining is idempotent by record id, so
after a crash it may begin again wherever it is not sure.
"""

from plexus.accounting.journal.drainer import Drain, RecordsRefused
from plexus.accounting.journal.journal import Journal
from plexus.accounting.journal.lock import JournalInUse
from plexus.accounting.journal.options import JournalOptions, JournalState

__all__ = ["Drain", "Journal", "JournalInUse", "JournalOptions", "JournalState", "RecordsRefused"]
