"""What a carried call (images, audio) took, where its provider did not say: roughly, and flagged."""

from __future__ import annotations

import msgspec

from plexus.accounting.estimate import AUDIO_BYTES_PER_TOKEN, IMAGE, estimate_text
from plexus.canonical.usage import Usage, usage
from plexus.exchange.call import Question
from plexus.protocols.members import ABSENT, present
from plexus.protocols.unreadable import UNREADABLE

SAYING = ("prompt", "input", "instructions")
"""The members of a JSON body that a model reads."""
HEARING = frozenset({"transcribe", "translate_speech"})
"""Operations that take sound and say text; the others say pictures or sound, of which only the provider knows the tokens."""


def estimate_carried(question: Question, operation: str, said_bytes: int) -> Usage:
    """Text by its bytes, a picture as a full-size one, sound by its bytes; ``said_bytes`` are the reply's."""
    hears = operation in HEARING
    given = _given(question, hears=hears)
    return usage(input=given, output=estimate_text(said_bytes) if hears else 0, estimated=True)


def _given(question: Question, *, hears: bool) -> int:
    if question.upload is not None:
        form = question.upload.form
        files = form.file_bytes // AUDIO_BYTES_PER_TOKEN if hears else form.files * IMAGE
        return estimate_text(form.text_bytes) + files
    return sum(_read(question, name) for name in SAYING)


class _Part(msgspec.Struct):
    """One of the parts that moderations take."""

    text: str = ""
    image_url: msgspec.Raw = ABSENT


_SAID = msgspec.json.Decoder(str | list[str | _Part])


def _read(question: Question, name: str) -> int:
    """A text, texts, or parts of texts and pictures."""
    try:
        said = _SAID.decode(question.inbound.envelope.members.get(name, b'""'))
    except UNREADABLE:
        return 0  # the provider has taken it, whatever it is
    total = 0
    for one in [said] if isinstance(said, str) else said:
        text = one if isinstance(one, str) else one.text
        total += estimate_text(len(text.encode())) + (
            0 if isinstance(one, str) or not present(one.image_url) else IMAGE
        )
    return total
