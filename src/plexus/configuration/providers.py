"""One provider of the document -> a Provider: preset, endpoints, credential, dialects, limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from plexus.configuration import document as doc
from plexus.configuration import preset_parameters
from plexus.configuration.accounts import account_of
from plexus.configuration.preset_urls import (
    complete_url,
    endpoints_under,
    front_of,
    is_side_by_side,
    is_template,
    moved_url,
)
from plexus.configuration.problems import Problem
from plexus.configuration.urls import guess_protocol, parse_endpoint, protocol_name
from plexus.configuration.yaml_source import Path, Source
from plexus.domain.account import Account
from plexus.domain.provider import AuthScheme, Credential, Endpoint, Provider, Timeouts, TlsSettings
from plexus.providers.presets import Preset, load_presets

AUTH: dict[str, AuthScheme] = {"anthropic_messages": "x-api-key", "gemini": "x-goog-api-key"}
"""How a credential is sent where nobody says so, by protocol; as a bearer token otherwise."""

OAUTH = (
    "subscription logins are not built. Use an API key of the provider (api_key:), or its OpenAI-compatible endpoint."
)


def timeouts_of(wire: doc.Timeouts | None, base: Timeouts) -> Timeouts:
    """``base`` with what ``wire`` sets, null included."""
    if wire is None:
        return base
    given = {name: getattr(wire, name) for name in wire.model_fields_set}
    needed = ("connect", "total", "total_stream")
    kept = {name: value for name, value in given.items() if value is not None or name not in needed}
    return msgspec.structs.replace(base, **kept)


class ProviderCompiler:
    """Compiles providers; what is wrong goes to ``problems``."""

    def __init__(
        self,
        source: Source,
        dialects: Mapping[str, type[msgspec.Struct]],
        preset_urls: Mapping[str, str],
        limits: Timeouts,
        problems: list[Problem],
    ) -> None:
        self._source = source
        self._dialects = dialects
        self._preset_urls = preset_urls
        self._limits = limits
        self._problems = problems

    def compile(self, name: str, wire: doc.Provider) -> Provider:
        """The provider; endpoints are empty where something is wrong."""
        where: Path = ("providers", name)
        preset = self._preset(name, wire, where)
        endpoints = self._endpoints(name, wire, preset, where)
        account, wrong = account_of(wire, preset, endpoints.values()) if endpoints else (None, None)
        if wrong is not None:
            self._problem(where, wrong)
        elif preset is not None and _lacks_credential(wire, preset, account) and (endpoints or preset.account is None):
            other = f", or {preset.account}: an account" if preset.account else ""
            self._problem(where, f"api_key is missing. Write text, ${{ENV}} or file:PATH{other}.")
        return Provider(
            name=name,
            display_name=wire.display_name or (preset.display_name if preset else name),
            preset=preset.name if preset else None,
            endpoints=endpoints,
            credential=Credential("default", wire.api_key) if wire.api_key else None,
            account=account,
            auth={protocol: "account" if account else self._auth(protocol, wire, preset) for protocol in endpoints},
            headers=tuple(
                (key.lower().encode("latin-1", "replace"), value.encode()) for key, value in wire.headers.items()
            ),
            extra_body={key: msgspec.Raw(msgspec.json.encode(value)) for key, value in wire.extra_body.items()},
            enabled=wire.enabled,
            models=tuple(wire.models) if wire.models else ("*",),
            passthrough=_passthrough(wire.passthrough),
            dialects=self._merge(wire, preset.dialects if preset else {}, where),
            model_dialects=self._model_dialects(wire, preset, where),
            timeouts=timeouts_of(wire.timeouts, self._limits),
        )

    def _model_dialects(
        self, wire: doc.Provider, preset: Preset | None, where: Path
    ) -> tuple[tuple[str, dict[str, msgspec.Struct]], ...]:
        if preset is None:
            return ()
        return tuple(
            (answers.match, self._merge(wire, _over(preset.dialects, answers.dialects), where))
            for answers in preset.models
        )

    def _problem(self, path: Path, message: str) -> None:
        self._problems.append(self._source.problem(path, message))

    def _preset(self, name: str, wire: doc.Provider, where: Path) -> Preset | None:
        presets = load_presets()
        if wire.preset is not None and wire.preset not in presets:
            self._problem((*where, "preset"), f"there is no preset {wire.preset!r}. Known: {', '.join(presets)}.")
        return presets.get(wire.preset or name)

    def _auth(self, protocol: str, wire: doc.Provider, preset: Preset | None) -> AuthScheme:
        if wire.auth is not None:
            return wire.auth
        known = preset.endpoints.get(protocol) if preset is not None else None
        return (
            known.auth
            if known is not None and not (known.auth == "none" and wire.api_key)
            else AUTH.get(protocol, "bearer")
        )

    def _endpoints(self, name: str, wire: doc.Provider, preset: Preset | None, where: Path) -> dict[str, Endpoint]:
        if wire.oauth_provider is not None or wire.oauth_account is not None:
            self._problem(where, f"oauth_provider: {OAUTH}")
        member = "base_url" if wire.base_url is not None else "api_base_url"
        given = wire.base_url if wire.base_url is not None else wire.api_base_url
        known = {protocol: endpoint.url for protocol, endpoint in preset.endpoints.items()} if preset else {}
        if given is None:
            urls, whole = self._unwritten(name, wire, preset, known, where)
            place = where
        else:
            place = (*where, member)
            urls, whole = self._written(given, known, place)
        tls = TlsSettings(**wire.tls.model_dump()) if wire.tls is not None else None
        endpoints: dict[str, Endpoint] = {}
        for protocol, url in urls.items():
            if not isinstance(url, str) or url.startswith("oauth://"):
                self._problem(place, f"oauth://: {OAUTH}" if isinstance(url, str) else "a URL must be text.")
                continue
            try:
                endpoint = parse_endpoint(protocol, whole.get(protocol, url), tls, whole=protocol in whole)
                endpoints[protocol] = _with_paths(endpoint, preset)
            except ValueError as wrong:
                self._problem(place, str(wrong))
        return endpoints

    def _written(self, given: Any, known: dict[str, str], where: Path) -> tuple[dict[str, Any], dict[str, str]]:
        """(URL as the file has it by protocol, those of them that are a preset's, whole)."""
        if isinstance(given, str):
            whole = endpoints_under(given, known)
            return whole or self._from_string(given, known), whole
        if isinstance(given, dict):
            urls = self._from_map(given, where)
            return urls, _completed(urls, known)
        self._problem(where, "must be a URL, or a map from protocol to URL.")
        return {}, {}

    def _unwritten(
        self, name: str, wire: doc.Provider, preset: Preset | None, known: dict[str, str], where: Path
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """As ``_written``, where the file says nothing."""
        if preset is None:
            self._problem(
                where, f"base_url is missing, and {name!r} is no known preset. Write base_url: https://HOST/v1."
            )
            return {}, {}
        if wire.parameters or preset.parameters:
            filled, wrong = preset_parameters.fill(preset, wire.parameters)
            for each in wrong:
                self._problem((*where, "parameters") if wire.parameters else where, each)
            return dict(filled), filled
        if preset.name in self._preset_urls:
            return dict.fromkeys(known, self._preset_urls[preset.name]), {}
        whole = {protocol: url for protocol, url in known.items() if not is_template(url)}
        if not whole:
            example = next(iter(known.values()))
            self._problem(where, f"base_url is missing. Write base_url: {example} with your own in the braces.")
        return dict(whole), whole

    def _from_string(self, url: str, known: dict[str, str]) -> dict[str, Any]:
        """A place that is not the preset's own: it serves all the preset's protocols, where they share one URL, or differ
        in their version only; else the one that the URL suggests."""
        if len(set(known.values())) == 1:
            return dict.fromkeys(known, url)
        if is_side_by_side(known):
            return dict.fromkeys(known, front_of(url))
        return {guess_protocol(url): url}

    def _from_map(self, given: dict[str, Any], where: Path) -> dict[str, Any]:
        urls: dict[str, Any] = {}
        for key, url in given.items():
            protocol = protocol_name(key)
            if protocol is None:
                known = ", ".join(doc.PROTOCOL_NAMES)
                self._problem((*where, key), f"there is no protocol {key!r}. Known: {known}.")
            else:
                urls[protocol] = url
        return urls

    def _merge(self, wire: doc.Provider, known: dict[str, dict[str, Any]], where: Path) -> dict[str, msgspec.Struct]:
        """Dialect records: the owner's defaults, then the preset's answers, then the file's."""
        given = {protocol_name(name) or name: answers for name, answers in wire.dialect.items()}
        merged: dict[str, msgspec.Struct] = {}
        for protocol, answers in _over(known, given).items():
            record = self._dialects.get(protocol)
            if record is None:
                if protocol in given:
                    self._problem((*where, "dialect"), f"{protocol!r} has no dialect questions yet.")
                continue
            try:
                merged[protocol] = msgspec.convert(answers, record)
            except msgspec.ValidationError as wrong:
                questions = ", ".join(record.__struct_fields__)
                self._problem((*where, "dialect"), f"{protocol}: {wrong}. Questions: {questions}.")
        return merged


def _lacks_credential(wire: doc.Provider, preset: Preset, account: Account | None) -> bool:
    return preset.credential and wire.api_key is None and account is None and wire.auth != "none"


def _with_paths(endpoint: Endpoint, preset: Preset | None) -> Endpoint:
    """The operations' paths are the preset's, wherever the provider is."""
    known = preset.endpoints.get(endpoint.protocol) if preset is not None else None
    if known is None or known.path is None:
        return endpoint
    return msgspec.structs.replace(endpoint, path=known.path, stream_path=known.stream_path)


def _passthrough(wire: bool | list[str]) -> tuple[str, ...] | None:
    return (() if wire else None) if isinstance(wire, bool) else tuple(wire) or None


def _completed(urls: dict[str, Any], known: dict[str, str]) -> dict[str, str]:
    """The whole URLs of those that are the front of the preset's."""
    found = {
        protocol: complete_url(url, known[protocol]) or moved_url(url, known[protocol])
        for protocol, url in urls.items()
        if protocol in known and isinstance(url, str)
    }
    return {protocol: whole for protocol, whole in found.items() if whole is not None}


def _over(base: dict[str, dict[str, Any]], more: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {protocol: {**base.get(protocol, {}), **more.get(protocol, {})} for protocol in {**base, **more}}
