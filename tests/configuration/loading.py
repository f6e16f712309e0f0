"""Loading a document from a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from tests.builders import digest

from plexus.configuration.compile import Rules
from plexus.configuration.load import Loaded, load_text
from plexus.configuration.problems import ConfigurationError
from plexus.protocols.registry import DIALECTS, PROTOCOLS

RULES = Rules(digest=digest, dialects=DIALECTS, protocols=PROTOCOLS)


def load(text: str, environ: Mapping[str, str] | None = None, folder: Path = Path()) -> Loaded:
    return load_text(dedent(text), environ or {}, folder, RULES)


def problems(text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        load(text, environ)
    return [str(problem) for problem in refused.value.problems]
