"""Public model names: from the document to ``domain.Route``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from plexus.configuration.document import ModelPart
from plexus.configuration.errors import Path, did_you_mean
from plexus.configuration.scope import Scope
from plexus.domain.provider import Provider
from plexus.domain.route import Route, SelectorName, Target, target_of
from plexus.providers.presets import find_preset

DIRECT = "direct/"
SELECTORS: dict[str, SelectorName] = {"in_order": "in_order", "random": "random"}
"""Those of the document that exist; the others are ``random`` until they do (``later.NOT_IN_EFFECT``)."""

UNPRINTABLE = "the name holds characters that cannot be printed."


class Wanted(NamedTuple):
    """A target as the file names it. ``path`` is where its provider stands, ``model_path`` its model."""

    provider: str
    model: str
    path: Path
    model_path: Path
    weight: float = 1.0
    enabled: bool = True


class Providers(NamedTuple):
    """``named``: all names of the file; ``usable``: those without a mistake."""

    named: Collection[str]
    usable: Mapping[str, Provider]


def compile_routes(models: Mapping[str, ModelPart], providers: Providers, scope: Scope) -> dict[str, Route]:
    """Every public name, aliases included, with its route. Mistakes are reported, and what is not usable left out."""
    routes: dict[str, Route] = {}
    for name, part in models.items():
        path: Path = ("models", name)
        if name.startswith(DIRECT):
            scope.wrong(
                path, f"names that begin with `{DIRECT}` reach a provider's models past all configuration.", key=True
            )
        if not name.isprintable():
            scope.wrong(path, UNPRINTABLE, key=True)
        aliases = _aliases(name, part, models, routes, scope)
        targets = [
            target for wanted in _wanted(name, part, path, scope) if (target := _target(wanted, providers, scope))
        ]
        if not targets:
            continue
        route = Route(
            name=name,
            aliases=aliases,
            targets=tuple(targets),
            selector=SELECTORS.get(part.selector, "random"),
            api_match=part.priority == "api_match",
            fallback_on_content_filter=part.fallback_on_content_filter,
        )
        routes.update(dict.fromkeys((name, *aliases), route))
    return routes


def _aliases(
    name: str, part: ModelPart, models: Mapping[str, ModelPart], routes: Mapping[str, Route], scope: Scope
) -> tuple[str, ...]:
    kept: dict[str, None] = {}
    for index, alias in enumerate(part.aliases):
        where = ("models", name, "aliases", index)
        if alias in models and alias != name:
            line = scope.tree.mark(("models", alias), key=True).line
            scope.wrong(where, f"`{alias}` is a model of its own, on line {line}.", "Choose another alias.")
        elif alias in routes:
            scope.wrong(where, f"`{alias}` is an alias of `{routes[alias].name}` already.", "Choose another alias.")
        elif alias.startswith(DIRECT):
            scope.wrong(where, f"an alias does not begin with `{DIRECT}`.", "Choose another alias.")
        elif not alias.isprintable():
            scope.wrong(where, UNPRINTABLE)
        elif alias != name:
            kept[alias] = None
    return tuple(kept)


def _wanted(name: str, part: ModelPart, path: Path, scope: Scope) -> Iterator[Wanted]:
    if part.targets is not None:
        if part.provider is not None or part.model_id is not None:
            member = "provider" if part.provider is not None else "model_id"
            scope.wrong(
                (*path, member), "stands beside `targets`.", "Move it into `targets`, or leave `targets` out.", key=True
            )
        elif not part.targets:
            scope.wrong((*path, "targets"), "is empty.", "Write `- { provider: NAME, model: MODEL }`.")
        else:
            for index, target in enumerate(part.targets):
                where = (*path, "targets", index)
                paths = (*where, "provider"), (*where, "model")
                yield Wanted(target.provider, target.model, *paths, target.weight, target.enabled)
    elif part.provider is None:
        scope.wrong(path, "nobody serves it.", "Add `provider: NAME` and `model_id: MODEL`, or `targets`.", key=True)
    else:
        yield Wanted(part.provider, part.model_id or name, (*path, "provider"), (*path, "model_id"))


def _target(wanted: Wanted, providers: Providers, scope: Scope) -> Target | None:
    provider = providers.usable.get(wanted.provider)
    if provider is None:
        if wanted.provider not in providers.named:
            scope.wrong(
                wanted.path, f"there is no provider `{wanted.provider}`.", _advice(wanted.provider, providers.named)
            )
        return None
    if not wanted.model.isprintable():
        scope.wrong(wanted.model_path, UNPRINTABLE)
    if not any(fnmatchcase(wanted.model, glob) for glob in provider.models):
        advice = did_you_mean(wanted.model, provider.models)
        scope.warn(wanted.model_path, f"`{wanted.model}` is not among the `models` of `{provider.name}`.", advice)
    target = target_of(provider, wanted.model, weight=wanted.weight, enabled=wanted.enabled)
    if not scope.known_protocols.intersection(target.protocols):
        spoken = ", ".join(target.protocols)
        scope.warn(wanted.path, f"cannot be reached yet: it speaks only {spoken}, which Plexus does not speak so far.")
    return target


def _advice(name: str, named: Collection[str]) -> str:
    if find_preset(name) is not None:
        return f"There is a preset of that name: add `{name}:` under `providers`."
    return did_you_mean(name, named) or "Add it under `providers`."
