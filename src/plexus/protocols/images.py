"""Images: made from a text, edited, varied (https://platform.openai.com/docs/api-reference/images)."""

from __future__ import annotations

from plexus.protocols.carried import carried

MADE = "image_output"

GENERATION = carried("image", "/images/generations", end=("image_generation.completed",), made=MADE)
EDIT = carried("image_edit", "/images/edits", end=("image_edit.completed",), made=MADE)
VARIATION = carried("image_variation", "/images/variations", made=MADE)
"""Takes a form, as edits do; never streams."""

CODECS = (GENERATION, EDIT, VARIATION)
