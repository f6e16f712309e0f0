"""Providers: from the document to ``domain.Provider``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import msgspec
from pydantic import JsonValue

from plexus.canonical.headers import Field
from plexus.configuration.dialects import compile_dialects, exact_first
from plexus.configuration.document import ProviderModelPart, ProviderPart
from plexus.configuration.errors import Path, did_you_mean
from plexus.configuration.names import protocol_of
from plexus.configuration.scope import Scope, merged_timeouts
from plexus.configuration.urls import (
    Address,
    BadUrl,
    endpoint_of,
    endpoints_of_address,
    endpoints_of_preset,
    read_address,
)
from plexus.domain.provider import AuthScheme, Credential, Endpoint, ModelRule, Provider, Timeouts, TlsSettings
from plexus.providers.auth import default_scheme
from plexus.providers.presets import Preset, find_preset, preset_names, presets_by_host

NAME = re.compile(r"[^\s/]+")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110 section 5.5
FRAMING = frozenset({"host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect"})
OURS = frozenset({"model", "stream"})
"""Members of a request that are ours: the first is the target's, the second the client's."""


def compile_provider(name: str, part: ProviderPart, timeouts: Timeouts, scope: Scope) -> Provider | None:
    """The provider ``name``; None if it has no usable address, and then its mistakes are reported."""
    path: Path = ("providers", name)
    if NAME.fullmatch(name) is None or not name.isprintable():
        scope.wrong(path, "a provider's name has no spaces and no slash.", key=True)
    tls = _tls(part, scope)
    preset = _preset(name, part, path, scope)
    endpoints = _endpoints(part, path, preset, tls, scope)
    if not endpoints:
        return None
    timeouts = merged_timeouts(timeouts, part.timeouts)
    extra_body = _extra_body(part.extra_body, (*path, "extra_body"), scope)
    dialects = compile_dialects(part, path, preset, frozenset(endpoints), scope)
    headers = _headers(part.headers, (*path, "headers"), scope)
    return Provider(
        name=name,
        display_name=part.display_name or name,
        preset=preset.name if preset else None,
        endpoints=endpoints,
        credential=_credential(part, path, preset, endpoints, scope),
        auth=_auth(part, path, preset, endpoints, scope),
        headers=headers,
        extra_body=extra_body,
        enabled=part.enabled,
        models=("*",) if part.models is None else tuple(part.models),
        dialects=dialects.general,
        model_dialects=dialects.by_model,
        model_rules=_rules(part, path, endpoints, extra_body, timeouts, scope),
        timeouts=timeouts,
        max_response_bytes=part.max_response_bytes,
    )


def _preset(name: str, part: ProviderPart, path: Path, scope: Scope) -> Preset | None:
    if part.preset is not None:
        preset = find_preset(part.preset)
        if preset is None:
            scope.wrong((*path, "preset"), "there is no such preset.", did_you_mean(part.preset, preset_names()))
        return preset
    preset = find_preset(name)
    if preset is None and isinstance(part.base_url, str):
        rest = part.base_url.partition("://")[2]
        by_host = presets_by_host().get(rest.partition("/")[0].lower())
        return find_preset(by_host) if by_host else None
    return preset


def _tls(part: ProviderPart, scope: Scope) -> TlsSettings:
    if part.tls is None:
        return TlsSettings()
    given = part.tls.model_dump()
    files = {member: str(scope.folder / file) for member, file in given.items() if isinstance(file, str)}
    return TlsSettings(**{**given, **files})


def _endpoints(
    part: ProviderPart, path: Path, preset: Preset | None, tls: TlsSettings, scope: Scope
) -> dict[str, Endpoint]:
    given = part.base_url
    where = (*path, "base_url")
    if given is None:
        if preset is not None:
            return endpoints_of_preset(preset, tls)
        if part.preset is None:
            known = ", ".join(f"`{name}`" for name in preset_names())
            scope.wrong(path, "has no `base_url`, and there is no preset of its name.", f"Presets: {known}.", key=True)
        return {}
    if isinstance(given, str):
        address = _address(given, where, tls, scope)
        return {} if address is None else endpoints_of_address(given, address, preset)
    if not given:
        scope.wrong(where, "names no protocol.", 'Write `chat: "https://…"`, for example.')
    found = {}
    for protocol, (name, url) in scope.by_protocol(given, where).items():
        address = _address(url, (*where, name), tls, scope)
        if address is not None:
            found[protocol] = endpoint_of(protocol, address, preset)
    return found


def _address(url: str, path: Path, tls: TlsSettings, scope: Scope) -> Address | None:
    try:
        return read_address(url, tls)
    except BadUrl as bad:
        scope.wrong(path, bad.message, bad.advice)
        return None


def _credential(
    part: ProviderPart, path: Path, preset: Preset | None, endpoints: Mapping[str, Endpoint], scope: Scope
) -> Credential | None:
    where = (*path, "api_key")
    if part.api_key is not None:
        secret = part.api_key.get_secret_value()
        if not secret:
            scope.wrong(where, "is empty.", "Write the key, or leave the member out if there is none.")
        elif VALUE.fullmatch(secret) is None or secret != secret.strip():
            scope.wrong(where, "has characters that no header can carry, or spaces around it.", "Copy it once more.")
        return Credential(path[1] if isinstance(path[1], str) else "", secret)
    if preset is None or not preset.needs_key or not part.enabled or {"authorization", "x-api-key"} & _lower(part):
        return None
    own = endpoints_of_preset(preset, TlsSettings())
    at_home = any(own[name].origin.host == one.origin.host for name, one in endpoints.items() if name in own)
    if at_home:
        variable = f"{preset.name.upper()}_API_KEY"
        scope.wrong(
            path, f"has no `api_key`, and {preset.title} wants one.", f'Add `api_key: "${{{variable}}}"`.', key=True
        )
    return None


def _lower(part: ProviderPart) -> set[str]:
    return {name.lower() for name in part.headers}


def _auth(
    part: ProviderPart, path: Path, preset: Preset | None, endpoints: Mapping[str, Endpoint], scope: Scope
) -> dict[str, AuthScheme]:
    given = part.auth
    chosen: dict[str, AuthScheme] = {}
    for protocol in endpoints:
        known = preset.protocols.get(protocol) if preset else None
        chosen[protocol] = (known.auth if known else None) or default_scheme(protocol)
    if isinstance(given, str):
        return dict.fromkeys(chosen, given)
    for protocol, (name, scheme) in scope.by_protocol(given or {}, (*path, "auth")).items():
        if protocol in chosen:
            chosen[protocol] = scheme
        else:
            scope.wrong((*path, "auth", name), "this provider does not speak this protocol.", "Leave it out.", key=True)
    return chosen


def _headers(given: Mapping[str, str], path: Path, scope: Scope) -> tuple[Field, ...]:
    fields = []
    for name, value in given.items():
        where = (*path, name)
        if TOKEN.fullmatch(name) is None:
            scope.wrong(where, "is no name of a header.", "Letters, digits and hyphens.", key=True)
        elif name.lower() in FRAMING:
            scope.wrong(where, "belongs to the connection, which is ours.", "Leave it out.", key=True)
        elif VALUE.fullmatch(value) is None:
            scope.wrong(where, "has characters that no header can carry.")
        else:
            fields.append((name.encode(), value.strip().encode("latin-1")))
    return tuple(fields)


def _extra_body(given: Mapping[str, JsonValue], path: Path, scope: Scope) -> dict[str, msgspec.Raw]:
    encoded = {}
    for name, value in given.items():
        if name in OURS:
            scope.wrong((*path, name), "is set by Plexus.", "Leave it out.", key=True)
        elif not _finite(value):
            scope.wrong((*path, name), "holds a number that JSON does not have.")
        else:
            try:
                name.encode()
                encoded[name] = msgspec.Raw(msgspec.json.encode(value))
            except UnicodeEncodeError:
                scope.wrong((*path, name), "holds text that is no Unicode.")
    return encoded


def _finite(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _rules(
    part: ProviderPart,
    path: Path,
    endpoints: Mapping[str, Endpoint],
    extra_body: dict[str, msgspec.Raw],
    timeouts: Timeouts,
    scope: Scope,
) -> tuple[ModelRule, ...]:
    if not isinstance(part.models, dict):
        return ()
    rules = []
    for name in exact_first(part.models):
        model = part.models[name]
        where = (*path, "models", name)
        if model is None:
            model = ProviderModelPart()
        rules.append(
            ModelRule(
                match=name,
                protocols=_access(model, where, endpoints, scope),
                extra_body={**extra_body, **_extra_body(model.extra_body, (*where, "extra_body"), scope)},
                timeouts=merged_timeouts(timeouts, model.timeouts),
            )
        )
    return tuple(rules)


def _access(
    model: ProviderModelPart, path: Path, endpoints: Mapping[str, Endpoint], scope: Scope
) -> tuple[str, ...] | None:
    if model.access_via is None:
        return None
    for index, name in enumerate(model.access_via):
        if protocol_of(name) not in endpoints:
            spoken = ", ".join(f"`{protocol}`" for protocol in endpoints)
            where = (*path, "access_via", index)
            scope.wrong(where, "this provider does not speak this protocol.", f"It speaks {spoken}.")
    return tuple(dict.fromkeys(protocol_of(name) for name in model.access_via))
