"""Which endpoints of a preset a base URL in the file means.

A preset knows the whole URL of each of its protocols; parts that belong to an account stand in braces
(``https://{resource}.openai.azure.com/openai/v1``). The file may write such a URL whole, or only its front.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from plexus.configuration.urls import DEFAULT_PREFIX, PREFIXES

_PLACEHOLDER = re.compile(r"\{\w+\}")


def is_template(url: str) -> bool:
    """Whether a part of the URL must come from the file."""
    return _PLACEHOLDER.search(url) is not None


def endpoints_under(given: str, known: Mapping[str, str]) -> dict[str, str]:
    """Protocol -> whole URL, of those of ``known`` that ``given`` is, or is the front of; {} for a place of its own."""
    return {protocol: whole for protocol, url in known.items() if (whole := complete_url(given, url)) is not None}


def complete_url(given: str, known: str) -> str | None:
    """``given`` with what ``known`` has beyond it; None where it is no front of it, or the rest has a placeholder."""
    here, there = urlsplit(given), urlsplit(known)
    if here.scheme != there.scheme or not _fits(here.netloc, there.netloc):
        return None
    path, wanted = (part.strip("/").split("/") if part.strip("/") else [] for part in (here.path, there.path))
    rest = wanted[len(path) :]
    if len(path) > len(wanted) or not all(map(_fits, path, wanted)) or any(map(is_template, rest)):
        return None
    return "/".join([given.rstrip("/"), *rest])


def moved_url(given: str, known: str) -> str | None:
    """``given``, where it has the whole path of ``known``, filled in, on a host of its own (a private endpoint); else None."""
    path, wanted = urlsplit(given).path.rstrip("/").split("/"), urlsplit(known).path.split("/")
    if not is_template(urlsplit(known).path) or len(path) != len(wanted):
        return None
    return given.rstrip("/") if all(map(_fits, path, wanted)) else None


def is_side_by_side(known: Mapping[str, str]) -> bool:
    """Whether the endpoints differ only in their protocols' usual versions (``/v1``, ``/v1beta``)."""
    usual = all(url.endswith(PREFIXES.get(protocol, DEFAULT_PREFIX)) for protocol, url in known.items())
    return usual and len(set(map(front_of, known.values()))) == 1


def front_of(url: str) -> str:
    """``url`` without a protocol's usual version."""
    url = url.rstrip("/")
    return next((url.removesuffix(end) for end in (DEFAULT_PREFIX, *PREFIXES.values()) if url.endswith(end)), url)


def _fits(given: str, known: str) -> bool:
    if given == known:
        return True
    pattern = r"[^/{}]+".join(re.escape(piece) for piece in _PLACEHOLDER.split(known))
    return is_template(known) and re.fullmatch(pattern, given) is not None
