"""HTTP header fields as an ordered, case-insensitive multi-map of bytes (RFC 9110 section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Field = tuple[bytes, bytes]


class Headers:
    """Header fields in wire order. Look-ups fold names to lower case; values stay as they came."""

    __slots__ = ("_fields", "_index")

    def __init__(self, fields: Iterable[Field] = ()) -> None:
        self._fields = fields if isinstance(fields, list) else list(fields)
        self._index: dict[bytes, bytes] | None = None

    def get(self, name: bytes) -> bytes | None:
        """The first value of the lower-case ``name``, or None."""
        return (self._index or self.index()).get(name)

    def index(self) -> dict[bytes, bytes]:
        """Lower-case name -> its first value. Not to be changed."""
        index = self._index
        if index is None:
            # Backwards, so that the first of several fields wins.
            index = self._index = {field.lower(): value for field, value in reversed(self._fields)}
        return index

    def text(self, name: bytes) -> str | None:
        """The first value of ``name`` decoded as latin-1 (RFC 9110 section 5.5), or None."""
        value = (self._index or self.index()).get(name)
        return None if value is None else value.decode("latin-1")

    def all(self, name: bytes) -> list[bytes]:
        """Every value of the lower-case ``name``, in order."""
        return [value for field, value in self._fields if field.lower() == name]

    def __contains__(self, name: bytes) -> bool:
        return self.get(name) is not None

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        # Names only: values may be secrets.
        return f"Headers({[name.decode('latin-1') for name, _ in self._fields]})"
