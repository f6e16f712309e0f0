"""Audio: speech from a text, and text from speech (https://platform.openai.com/docs/api-reference/audio)."""

from __future__ import annotations

from plexus.protocols.carried import carried

SPEECH = carried("speech", "/audio/speech", end=("speech.audio.done",), made="audio_output")
TRANSCRIPTION = carried("transcribe", "/audio/transcriptions", end=("transcript.text.done",))
TRANSLATION = carried("translate_speech", "/audio/translations")
"""Into English; never streams."""

CODECS = (SPEECH, TRANSCRIPTION, TRANSLATION)
