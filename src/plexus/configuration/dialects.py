"""Dialect answers, merged and turned into the protocols' records.

The later wins: the owner's behaviour (the record's defaults), the preset, the preset's pattern for the model, the provider
in the file, its model (name or pattern) in the file. Of the patterns of one list, the first that matches counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec

from plexus.configuration.document import ByProtocol, ProviderModelPart, ProviderPart
from plexus.configuration.errors import Path, did_you_mean
from plexus.configuration.scope import Scope
from plexus.providers.presets import Preset, PresetError, PresetModels

Records = dict[str, msgspec.Struct]
WHERE = re.compile(r" - at `\$\.(\w+).*$")


class Dialects(NamedTuple):
    """For all models, and for those that a glob matches."""

    general: Records
    by_model: tuple[tuple[str, Records], ...]


class Layer(NamedTuple):
    """One place that gives answers. ``paths``: where those of a protocol stand; nothing for the preset's."""

    answers: Mapping[str, Mapping[str, object]]
    paths: Mapping[str, Path]


def compile_dialects(
    part: ProviderPart, path: Path, preset: Preset | None, spoken: frozenset[str], scope: Scope
) -> Dialects:
    """The dialects of a provider whose endpoints speak ``spoken``."""
    general = [Layer(preset.dialect if preset else {}, {}), _layer(part.dialect, (*path, "dialect"), spoken, scope)]
    own = list(_own_models(part, path, spoken, scope))
    by_model = []
    for pattern in _patterns([name for name, _ in own], preset.models if preset else ()):
        layers = [general[0], Layer(pattern.preset.dialect if pattern.preset else {}, {}), general[1]]
        layers += [layer for name, layer in own if name == pattern.own]
        touched = {protocol for layer in (layers[1], *layers[3:]) for protocol in layer.answers}
        records = _records(layers, touched & spoken, scope)
        if records:
            by_model.append((pattern.match, records))
    every = {protocol for layer in general for protocol in layer.answers}
    return Dialects(_records(general, every & spoken, scope), tuple(by_model))


def is_pattern(name: str) -> bool:
    """Whether a model's name is a glob."""
    return any(sign in name for sign in "*?[")


def exact_first(names: Mapping[str, object]) -> list[str]:
    """Names before globs, otherwise in the order of the file."""
    return sorted(names, key=is_pattern)


def _own_models(part: ProviderPart, path: Path, spoken: frozenset[str], scope: Scope) -> Iterator[tuple[str, Layer]]:
    if not isinstance(part.models, dict):
        return
    for name in exact_first(part.models):
        model = part.models[name]
        if isinstance(model, ProviderModelPart) and model.dialect:
            yield name, _layer(model.dialect, (*path, "models", name, "dialect"), spoken, scope)


def _layer(members: ByProtocol, path: Path, spoken: frozenset[str], scope: Scope) -> Layer:
    answers: dict[str, dict[str, object]] = {}
    paths: dict[str, Path] = {}
    for protocol, (name, given) in scope.by_protocol(members, path).items():
        record = scope.dialects.get(protocol)
        if protocol not in spoken:
            scope.wrong((*path, name), "this provider does not speak this protocol.", "Add it to `base_url`.", key=True)
        elif record is None:
            scope.wrong((*path, name), "this protocol has no dialect questions.", "Leave it out.", key=True)
        else:
            unknown = [member for member in given if member not in record.__struct_fields__]
            for member in unknown:
                advice = did_you_mean(member, record.__struct_fields__)
                scope.wrong((*path, name, member), "is no dialect question of this protocol.", advice, key=True)
            answers[protocol] = {member: value for member, value in given.items() if member not in unknown}
            paths[protocol] = (*path, name)
    return Layer(answers, paths)


class _Pattern(NamedTuple):
    match: str
    own: str | None
    preset: PresetModels | None


def _patterns(own: list[str], preset: tuple[PresetModels, ...]) -> Iterator[_Pattern]:
    """Every combination of the file's names with the preset's patterns, the narrower first.

    Whether one glob lies within another is told where the outer one has only ``*``. Where two merely overlap,
    the file's counts.
    """
    for name in own:
        for models in preset:
            if is_pattern(name) and models.match != name and _within(models.match, name):
                yield _Pattern(models.match, name, models)
        yield _Pattern(name, name, next((models for models in preset if _within(name, models.match)), None))
    for models in preset:
        yield _Pattern(models.match, None, models)


def _within(inner: str, outer: str) -> bool:
    return fnmatchcase(inner, outer) and (not is_pattern(inner) or not any(sign in outer for sign in "?["))


def _records(layers: list[Layer], protocols: set[str], scope: Scope) -> Records:
    found = {}
    for protocol in sorted(protocols & set(scope.dialects)):
        merged = {name: value for layer in layers for name, value in layer.answers.get(protocol, {}).items()}
        try:
            found[protocol] = msgspec.convert(merged, scope.dialects[protocol])
        except msgspec.ValidationError as error:
            _misfit(str(error), protocol, layers, scope)
    return found


def _misfit(message: str, protocol: str, layers: list[Layer], scope: Scope) -> None:
    """Report an answer of the wrong kind where it was given. Raises PresetError if that was in the preset."""
    where = WHERE.search(message)
    member = where.group(1) if where else ""
    for layer in reversed(layers):
        if protocol in layer.paths and member in layer.answers[protocol]:
            scope.wrong((*layer.paths[protocol], member), f"does not fit: {WHERE.sub('', message)}.")
            return
    raise PresetError(f"{protocol}: {message}")
