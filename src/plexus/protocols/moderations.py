"""Moderations: what a text or a picture would be flagged for (https://platform.openai.com/docs/api-reference/moderations)."""

from __future__ import annotations

import dataclasses

from plexus.protocols.carried import carried

MODERATION = dataclasses.replace(carried("moderate", "/moderations"), default_model="omni-moderation-latest")
"""A call may leave its model out."""

CODECS = (MODERATION,)
