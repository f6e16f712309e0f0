"""Base URLs: from what the operator wrote to one endpoint for each protocol.

- An address that ends in a version segment (``/v1``, ``/v4``, ``/v1beta`` …) is used as it is.
- Otherwise the preset's prefix is added, or the protocol's: ``/v1``, for Gemini ``/v1beta``. Where the address ends in the
  first part of the prefix, that part is not said twice: ``https://api.groq.com/openai`` gets ``/v1`` only.
- One address for a provider with a preset stands for all protocols of the preset. On the preset's own host they keep the
  preset's addresses (they may live under different paths); elsewhere those that share the first one's prefix are there.
- One address without a preset speaks one protocol: Messages if it contains ``anthropic.com``, Gemini if it contains
  ``generativelanguage.googleapis.com``, otherwise Chat.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from plexus.configuration.names import OPERATIONS, prefix_of
from plexus.domain.provider import Endpoint, Origin, TlsSettings
from plexus.providers.presets import Preset

VERSION = re.compile(r"v\d+[a-z]*\d*")
HOST = re.compile(r"[A-Za-z0-9._-]+")
PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")  # RFC 3986 section 3.3
INFERRED = (("anthropic.com", "anthropic_messages"), ("generativelanguage.googleapis.com", "gemini"))


class BadUrl(ValueError):
    """An address that cannot be used. ``advice`` says what to write."""

    def __init__(self, message: str, advice: str = "Write it as https://host/path.") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class Address(NamedTuple):
    """An address, taken apart. ``path`` is "" or begins with a slash and does not end in one."""

    origin: Origin
    path: str

    @property
    def versioned(self) -> bool:
        """Whether the path ends in a version segment."""
        return VERSION.fullmatch(self.path.rpartition("/")[2]) is not None


def read_address(url: str, tls: TlsSettings) -> Address:
    """Take ``url`` apart; ``tls`` is for ``https``. Raises BadUrl."""
    if url.startswith("oauth:"):
        raise BadUrl(
            "subscription logins are not supported.", 'Write the address of the API, and `api_key: "${NAME}"`.'
        )
    if not url.isascii() or any(character.isspace() for character in url):
        raise BadUrl("is no address: it holds spaces, or characters that must be encoded.")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise BadUrl("is no address.") from None
    _check(parts, host)
    secure = parts.scheme == "https"
    default = 443 if secure else 80
    return Address(Origin(host, default if port is None else port, tls if secure else None), parts.path.rstrip("/"))


def _check(parts: SplitResult, host: str) -> None:
    if parts.scheme not in ("http", "https"):
        raise BadUrl("must begin with https:// or http://.")
    if parts.username is not None or parts.password is not None:
        raise BadUrl("must not hold a credential.", "Put it into `api_key`.")
    if parts.query or parts.fragment:
        raise BadUrl("must end with its path, without `?` or `#`.")
    address = _ip(host)
    if address is None and HOST.fullmatch(host) is None:
        raise BadUrl("has no host.")
    if address is not None and address.is_link_local:
        raise BadUrl("is a link-local address, where clouds keep credentials.", "Write another address.")
    if PATH.fullmatch(parts.path) is None:
        raise BadUrl("has a path with characters that must be encoded.")
    for operation in OPERATIONS:
        if parts.path.rstrip("/").endswith(operation):
            raise BadUrl("is the address of one operation.", f"Leave `{operation}` out.")


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def endpoints_of_preset(preset: Preset, tls: TlsSettings) -> dict[str, Endpoint]:
    """The preset's own endpoints."""
    return {name: _endpoint(name, read_address(one.url, tls)) for name, one in preset.protocols.items()}


def endpoint_of(protocol: str, address: Address, preset: Preset | None) -> Endpoint:
    """The endpoint of one protocol, where the operator named it."""
    return _endpoint(protocol, _complete(address, _prefix(protocol, preset)))


def endpoints_of_address(url: str, address: Address, preset: Preset | None) -> dict[str, Endpoint]:
    """The endpoints behind one address for the whole provider."""
    if preset is None:
        protocol = next((protocol for part, protocol in INFERRED if part in url), "openai_chat")
        return {protocol: endpoint_of(protocol, address, None)}
    own = {name: read_address(one.url, TlsSettings()) for name, one in preset.protocols.items()}
    if _is_preset_host(address, own):
        return {name: _endpoint(name, Address(_like(one, address), one.path)) for name, one in own.items()}
    first = next(iter(own.values())).path
    return {
        name: endpoint_of(name, address, preset)
        for name, one in own.items()
        if not address.versioned or one.path == first
    }


def _is_preset_host(address: Address, own: Mapping[str, Address]) -> bool:
    here = [one for one in own.values() if _place(one) == _place(address)]
    return len(here) == len(own) and any(_is_head(address.path, one.path) for one in here)


def _place(address: Address) -> tuple[str, int, bool]:
    return (address.origin.host, address.origin.port, address.origin.tls is not None)


def _like(own: Address, address: Address) -> Origin:
    return Origin(own.origin.host, own.origin.port, address.origin.tls)


def _is_head(path: str, whole: str) -> bool:
    return whole == path or whole.startswith(path + "/")


def _prefix(protocol: str, preset: Preset | None) -> str:
    if preset is None or protocol not in preset.protocols:
        return prefix_of(protocol)
    return urlsplit(preset.protocols[protocol].url).path


def _complete(address: Address, prefix: str) -> Address:
    """``address`` with the prefix behind it, unless it has a version already."""
    if address.versioned:
        return address
    steps = prefix.split("/")[1:]
    for count in range(len(steps), 0, -1):
        head = "/" + "/".join(steps[:count])
        if address.path.endswith(head):
            return Address(address.origin, address.path + prefix[len(head) :])
    return Address(address.origin, address.path + prefix)


def _endpoint(protocol: str, address: Address) -> Endpoint:
    return Endpoint(protocol, address.origin, address.path)
