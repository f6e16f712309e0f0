"""What a carried call (images, audio) took, where its provider did not say: roughly, and flagged."""

from __future__ import annotations

from plexus.accounting.estimate import AUDIO_BYTES_PER_TOKEN, IMAGE, estimate_text
from plexus.canonical.errors import GatewayError
from plexus.canonical.usage import Usage, usage
from plexus.exchange.call import Question

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
    return sum(estimate_text(len(_text(question, name).encode())) for name in SAYING)


def _text(question: Question, name: str) -> str:
    try:
        return question.inbound.envelope.get(name, str) or ""
    except GatewayError:
        return ""  # the provider has taken it, whatever it is
