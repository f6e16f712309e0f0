"""From the document to the Snapshot."""

from __future__ import annotations

from collections.abc import Collection

from plexus.configuration.compile_keys import MIN_SECRET, compile_keys
from plexus.configuration.compile_providers import compile_provider
from plexus.configuration.compile_routes import Providers, compile_routes
from plexus.configuration.document import Document, FailoverPart, ProviderPart
from plexus.configuration.scope import Scope, merged_timeouts
from plexus.domain.provider import Timeouts
from plexus.domain.snapshot import Failover, Snapshot


def compile_document(document: Document, scope: Scope, *, revision: str, loaded_at: int) -> Snapshot:
    """The Snapshot of ``document``. It may only be used if ``scope.problems`` stayed empty."""
    timeouts = merged_timeouts(Timeouts(), document.timeouts)
    usable = {}
    for name, part in document.providers.items():
        provider = compile_provider(name, part or ProviderPart(), timeouts, scope)
        if provider is not None:
            usable[name] = provider
    routes = compile_routes(document.models, Providers(_provider_names(scope), usable), scope)
    if document.admin_key is not None and len(document.admin_key.get_secret_value()) < MIN_SECRET:
        scope.wrong(("admin_key",), f"has fewer than {MIN_SECRET} characters.", "Write a longer one, made at random.")
    return Snapshot(
        revision=revision,
        providers=usable,
        routes=routes,
        keys=compile_keys(document.keys, scope),
        failover=_failover(document.failover or FailoverPart()),
        heartbeat_seconds=document.heartbeat_seconds,
        max_body_bytes=document.max_body_bytes,
        loaded_at=loaded_at,
    )


def _provider_names(scope: Scope) -> Collection[str]:
    """As the file has them: one with a mistake exists, and a target that names it is right."""
    top = scope.tree.value
    providers = top.get("providers") if isinstance(top, dict) else None
    return list(providers) if isinstance(providers, dict) else ()


def _failover(part: FailoverPart) -> Failover:
    statuses = part.retryable_status_codes
    return Failover(
        enabled=part.enabled,
        retries=part.retries,
        max_attempts=part.max_attempts,
        patience=part.patience,
        retryable_statuses=None if statuses is None else frozenset(statuses),
    )
