"""Document -> Snapshot: names become links, URLs endpoints, globs patterns, secrets digests."""

from __future__ import annotations

import fnmatch
import hashlib
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from plexus.configuration import document as doc
from plexus.configuration.problems import ConfigurationError, Problem
from plexus.configuration.providers import ProviderCompiler, timeouts_of
from plexus.configuration.yaml_source import Source
from plexus.domain.key import Key
from plexus.domain.provider import Provider, Timeouts
from plexus.domain.route import Route, Target
from plexus.domain.snapshot import Failover, Retention, Snapshot

MIN_SECRET = 12
"""Characters; what is shorter can be guessed."""


class Rules(msgspec.Struct, frozen=True):
    """What compiling needs to know from outside."""

    digest: Callable[[str], bytes]
    dialects: Mapping[str, type[msgspec.Struct]]
    """Protocol -> the record of its dialect questions."""
    protocols: frozenset[str]
    """Protocols that the data plane speaks."""
    preset_urls: Mapping[str, str] = {}
    """Preset -> the base URL that it has here instead of its own: what this process plays itself."""


def compile_document(
    document: doc.Document, source: Source, rules: Rules, revision: str
) -> tuple[Snapshot, list[Problem]]:
    """The snapshot, and warnings. Raises ConfigurationError with all mistakes."""
    compiler = _Compiler(document, source, rules)
    snapshot = compiler.snapshot(revision)
    if compiler.problems:
        raise ConfigurationError(sorted(compiler.problems))
    return snapshot, compiler.warnings


class _Compiler:
    def __init__(self, document: doc.Document, source: Source, rules: Rules) -> None:
        self._document = document
        self._source = source
        self._rules = rules
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def snapshot(self, revision: str) -> Snapshot:
        document = self._document
        self._limits = timeouts_of(document.timeouts, Timeouts())
        providers = ProviderCompiler(
            self._source, self._rules.dialects, self._rules.preset_urls, self._limits, self.problems
        )
        self._providers = {name: providers.compile(name, wire) for name, wire in document.providers.items()}
        return Snapshot(
            revision=revision,
            providers=self._providers,
            routes=self._routes(),
            keys=self._keys(),
            failover=_failover(document.failover),
            heartbeat_seconds=document.heartbeat_seconds,
            max_body_bytes=document.limits.max_body_bytes,
            retention=Retention(
                store=document.responses.store,
                responses_days=document.responses.retention_days,
                conversations_days=document.responses.conversation_retention_days,
            ),
            keep_upload_bytes=document.limits.keep_upload_bytes,
            responses_websocket=document.responses.websocket,
            loaded_at=int(time.time()),
        )

    def _problem(self, path: tuple[str | int, ...], message: str) -> None:
        self.problems.append(self._source.problem(path, message))

    # --- models

    def _routes(self) -> dict[str, Route]:
        routes: dict[str, Route] = {}
        for name, wire in self._document.models.items():
            route = self._route(name, wire)
            for public in (name, *route.aliases):
                if (public in routes and public != name) or (public in self._document.models and public != name):
                    self._problem(("models", name), f"the name {public!r} is taken twice. Keep one of them.")
                routes[public] = route
        return routes

    def _route(self, name: str, wire: doc.ModelRoute) -> Route:
        aliases = tuple(dict.fromkeys([*wire.aliases, *wire.additional_aliases]))
        targets = self._targets(name, wire)
        return Route(
            name=name,
            aliases=tuple(alias for alias in aliases if alias != name),
            targets=tuple(targets),
            selector="in_order" if wire.selector == "in_order" else "random",
            api_match=wire.priority == "api_match",
            max_output_tokens=wire.max_output_tokens,
            fallback_on_content_filter=wire.fallback_on_content_filter,
        )

    def _targets(self, name: str, wire: doc.ModelRoute) -> list[Target]:
        if wire.targets is not None and wire.provider is not None:
            self._problem(("models", name), "has both provider and targets. Keep one of them.")
        entries = wire.targets
        if entries is None and wire.provider is not None:
            entries = [doc.Target(provider=wire.provider, model=wire.model_id or name)]
        if not entries:
            self._problem(("models", name), "has no target. Write provider: and model_id:, or a list of targets:.")
            return []
        return [target for index, entry in enumerate(entries) if (target := self._target(name, index, entry, wire))]

    def _target(self, name: str, index: int, entry: doc.Target, wire: doc.ModelRoute) -> Target | None:
        where = ("models", name, "targets", index) if wire.targets is not None else ("models", name, "provider")
        provider = self._providers.get(entry.provider)
        if provider is None:
            known = ", ".join(self._providers) or "none is configured"
            self._problem(where, f"there is no provider {entry.provider!r}. Known: {known}.")
            return None
        protocols = self._protocols(provider, entry.model)
        if not set(protocols) & self._rules.protocols:
            self.warnings.append(
                self._source.problem(
                    where, f"{', '.join(protocols) or 'nothing'} is not spoken yet; the target cannot be used."
                )
            )
        return Target(
            name=f"{entry.provider}/{entry.model}",
            provider=provider,
            model=entry.model,
            protocols=protocols,
            dialects=provider.dialects_for(entry.model),
            extra_body={**provider.extra_body, **raw_members(wire.extra_body)},
            weight=entry.weight,
            enabled=entry.enabled,
            timeouts=timeouts_of(wire.timeouts, provider.timeouts),
        )

    def _protocols(self, provider: Provider, model: str) -> tuple[str, ...]:
        wire = self._document.providers[provider.name]
        details = (wire.models or {}).get(model)
        via = details.access_via if details is not None else None
        if not via:
            return tuple(provider.endpoints)
        names = [doc.PROTOCOL_NAMES.get(name, name) for name in via]
        return tuple(name for name in names if name in provider.endpoints)

    # --- keys

    def _keys(self) -> dict[bytes, Key]:
        entries = self._document.keys
        with_secret = [name for name, wire in entries.items() if wire.secret is not None]
        if with_secret and len(with_secret) != len(entries):
            without = next(name for name in entries if name not in with_secret)
            self._problem(
                ("keys", without) if self._source.has(("keys", without)) else ("keys",),
                "some keys have a secret: and some are named by theirs. Write secret: for all of them, or for none.",
            )
        keys: dict[bytes, Key] = {}
        for name, wire in entries.items():
            secret = wire.secret if wire.secret is not None else name
            key = self._key(name, secret, wire)
            if key.digest in keys:
                self._problem(("keys", name), "another key has the same secret.")
            keys[key.digest] = key
        return keys

    def _key(self, name: str, secret: str, wire: doc.ClientKey) -> Key:
        where = ("keys", name) if self._source.has(("keys", name)) else ("keys",)
        if len(secret) < MIN_SECRET:
            self._problem(
                where, f"the secret has fewer than {MIN_SECRET} characters. `openssl rand -hex 24` makes one."
            )
        if ":" in secret:
            self._problem(where, "the secret holds a colon, behind which clients write a label. Leave it out.")
        globs = tuple(wire.models) if wire.models is not None else ("*",)
        return Key(
            name=name if wire.secret is not None else f"key-{hashlib.sha256(secret.encode()).hexdigest()[:8]}",
            digest=self._rules.digest(secret),
            models=None if "*" in globs else re.compile("|".join(fnmatch.translate(glob) for glob in globs) or r"(?!)"),
            model_globs=globs,
            comment=wire.comment,
            strict=wire.strict,
            passthrough=wire.passthrough,
            enabled=wire.enabled,
        )


def raw_members(members: dict[str, Any]) -> dict[str, msgspec.Raw]:
    """Configured body members as raw JSON."""
    return {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in members.items()}


def _failover(wire: doc.Failover) -> Failover:
    codes = wire.retryable_status_codes
    return Failover(
        enabled=wire.enabled,
        retries=wire.retries,
        max_attempts=wire.max_attempts,
        patience=wire.patience,
        retryable_statuses=None if codes is None else frozenset(codes),
    )
