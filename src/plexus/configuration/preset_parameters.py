"""The parts of a preset's addresses that belong to an account: filled in from ``parameters:``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from plexus.domain.provider import MODEL
from plexus.providers.presets import Preset

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_VALUE = re.compile(r"[A-Za-z0-9][\w.:-]*")
"""One label of a host, or one segment of a path: nothing that could lead elsewhere."""
_HOST = "_host"


def wanted(preset: Preset) -> dict[str, str]:
    """What the preset's addresses leave open, by name, with what is known of it."""
    names = {
        name: None
        for endpoint in preset.endpoints.values()
        for name in _PLACEHOLDER.findall(endpoint.url)
        if f"{{{name}}}" != MODEL
    }
    base = {_base(name, preset): None for name in names}
    return {name: preset.parameters[name].meaning if name in preset.parameters else "" for name in base}


def _base(name: str, preset: Preset) -> str:
    """``location_host`` follows from ``location``."""
    plain = name.removesuffix(_HOST)
    return plain if plain in preset.parameters and preset.parameters[plain].spelled else name


def fill(preset: Preset, given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """(protocol -> whole address, what is wrong). An address is there only when all of it is known."""
    known = wanted(preset)
    wrong = [
        f"there is no parameter {name!r}. Those of {preset.name}: {', '.join(known) or 'none'}."
        for name in given
        if name not in known
    ]
    wrong += [
        f"parameter {name} is {value!r}, which can be no part of an address."
        for name, value in given.items()
        if name in known and not _VALUE.fullmatch(value)
    ]
    values = {name: each.default for name, each in preset.parameters.items() if each.default is not None}
    values |= given
    for name, each in preset.parameters.items():
        if each.spelled and name in values:
            word = each.spelled.get(values[name], each.spelled.get("*", "{}"))
            values[name + _HOST] = word.replace("{}", values[name])
    urls: dict[str, str] = {}
    missing: dict[str, None] = {}
    for protocol, endpoint in preset.endpoints.items():
        lacking = [n for n in _PLACEHOLDER.findall(endpoint.url) if n not in values and f"{{{n}}}" != MODEL]
        missing |= dict.fromkeys(_base(name, preset) for name in lacking)
        if not lacking:
            urls[protocol] = _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), endpoint.url)
    if missing:
        listed = ", ".join(f"{name} ({known[name]})" if known[name] else name for name in missing)
        example = next(iter(preset.endpoints.values())).url
        wrong.append(f"parameters: {listed} missing. Or write base_url: {example} with your own in the braces.")
    return ({}, wrong) if wrong else (urls, [])
