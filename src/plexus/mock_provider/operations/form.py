"""Multipart bodies (RFC 7578), as far as uploads use them: names, file names, types and data of the parts."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP

from plexus.mock_provider.call import MockCall
from plexus.mock_provider.errors import Refused


@dataclass(frozen=True, slots=True)
class Field:
    """One part. ``filename`` is None for one that is no file."""

    name: str
    data: bytes
    filename: str | None = None

    @property
    def text(self) -> str:
        """The data as text."""
        return self.data.decode("utf-8", "replace")


class Form:
    """The parts of a body."""

    def __init__(self, fields: list[Field], known: frozenset[str]) -> None:
        self.fields = fields
        for field in fields:
            name = field.name.removesuffix("[]")
            if name not in known:
                raise Refused(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")

    def text(self, name: str) -> str | None:
        """The text of the part of this name."""
        return next((field.text for field in self.fields if field.name == name and field.filename is None), None)

    def need(self, name: str) -> str:
        """The same. Raises Refused where it is missing or empty."""
        found = self.text(name)
        if not found:
            raise missing(name)
        return found

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of ``choices``, the first unless given. Raises Refused."""
        found = self.text(name) or choices[0]
        if found not in choices:
            wanted = ", ".join(f"'{one}'" for one in choices)
            raise Refused(
                f"Invalid value: '{found}'. Supported values are: {wanted}.", param=name, code="invalid_value"
            )
        return found

    def files(self, name: str) -> list[Field]:
        """The files of this name; ``name[]`` is the same."""
        return [one for one in self.fields if one.name.removesuffix("[]") == name and one.filename is not None]


def missing(name: str) -> Refused:
    """A parameter that is not there."""
    return Refused(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


def read_form(call: MockCall, known: frozenset[str]) -> Form:
    """The form in the body, with no parts but the ``known`` ones. Raises Refused."""
    kind = call.headers.text(b"content-type") or ""
    if not kind.lower().startswith("multipart/form-data") or "boundary=" not in kind:
        raise Refused(
            f"Invalid Content-Type header ({kind}), expected multipart/form-data.", code="invalid_content_type"
        )
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1")
    message = message_from_bytes(head + call.body, policy=HTTP)
    fields = []
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(data, bytes):
            raise Refused("Could not parse multipart form")
        fields.append(Field(name, data, part.get_filename()))
    if not fields:
        raise Refused("Could not parse multipart form")
    return Form(fields, known)
