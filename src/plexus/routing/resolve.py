"""From a model name to a plan."""

from __future__ import annotations

from fnmatch import fnmatchcase
from random import Random

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.domain.key import Key
from plexus.domain.route import Route, target_of
from plexus.domain.snapshot import Snapshot
from plexus.routing.plan import Plan
from plexus.routing.selectors import SELECTORS

DIRECT = "direct/"


def resolve(model: str, protocol: str, key: Key, snapshot: Snapshot, rng: Random) -> Plan:
    """The plan for ``model`` as asked by a client that speaks ``protocol``.

    Names under ``models:``, their aliases and ``direct/<provider>/<model>`` resolve, nothing else. Raises ClientError:
    MODEL_UNKNOWN, KEY_FORBIDDEN, or UNAVAILABLE when no target is enabled.
    """
    route = find_route(model, snapshot)
    if not key.allows(route.name):
        raise ClientError(
            ErrorKind.KEY_FORBIDDEN,
            f"This key may not use the model {model!r}.",
            param="model",
            code="permission_denied",
        )
    enabled = [target for target in route.targets if target.enabled and target.provider.enabled]
    if not enabled:
        raise ClientError(ErrorKind.UNAVAILABLE, f"No target of the model {model!r} is enabled.")
    ordered = SELECTORS[route.selector](enabled, rng)
    reason: str = route.selector
    if route.api_match:
        ordered.sort(key=lambda target: protocol not in target.protocols)
        reason += ", api_match"
    return Plan(model=route.name, route=route, targets=tuple(ordered), reason=reason)


def find_route(model: str, snapshot: Snapshot) -> Route:
    """The route behind a public name. Raises ClientError(MODEL_UNKNOWN)."""
    route = snapshot.routes.get(model)
    if route is not None:
        return route
    if model.startswith(DIRECT):
        return _direct(model, snapshot)
    raise unknown_model(model)


def _direct(model: str, snapshot: Snapshot) -> Route:
    name, _, upstream_model = model.removeprefix(DIRECT).partition("/")
    provider = snapshot.providers.get(name)
    if provider is None or not upstream_model:
        raise unknown_model(model)
    if not any(fnmatchcase(upstream_model, glob) for glob in provider.models):
        raise unknown_model(model)
    target = target_of(provider, upstream_model)
    return Route(name=model, targets=(target,), selector="in_order")


def unknown_model(model: str) -> ClientError:
    """The 404 of a name that does not resolve. It names no other model: a key may not see them all."""
    return ClientError(
        ErrorKind.MODEL_UNKNOWN,
        f"The model {model!r} does not exist here. GET /v1/models lists the ones that this key may use.",
        param="model",
        code="model_not_found",
    )


def visible_models(key: Key, snapshot: Snapshot) -> list[Route]:
    """The routes that ``key`` may use, each once, in the order of the configuration."""
    return [route for name, route in snapshot.routes.items() if name == route.name and key.allows(name)]
