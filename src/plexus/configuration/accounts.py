"""What stands for a missing ``api_key``: the account that a provider's requests are signed for, or tokens are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from plexus.configuration import document as doc
from plexus.domain.account import Account, AwsAccount, EntraAccount, GoogleAccount
from plexus.domain.provider import Endpoint
from plexus.providers.presets import Preset

REGION = "region"
_HOST = re.compile(r"(?:^|[.-])((?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-gov|-iso\w*)?-[a-z]+-\d)(?:\.|$)")
"""A region inside a host of Amazon's."""


def account_of(
    wire: doc.Provider, preset: Preset | None, endpoints: Iterable[Endpoint]
) -> tuple[Account | None, str | None]:
    """(the account, what is wrong)."""
    given = {name for name in ("aws", "google", "entra") if getattr(wire, name) is not None}
    if given and wire.api_key is not None:
        return None, f"api_key and {' and '.join(sorted(given))} stand side by side; write one of them."
    if len(given) > 1:
        return None, f"{' and '.join(sorted(given))} stand side by side; write one of them."
    if wire.api_key is not None or wire.auth is not None:
        return None, None
    kind = next(iter(given), preset.account if preset is not None else None)
    if kind == "aws":
        return _aws(wire, endpoints)
    if kind == "google":
        return GoogleAccount(credentials=wire.google.credentials if wire.google is not None else None), None
    if wire.entra is not None:
        return EntraAccount(**wire.entra.model_dump()), None
    return None, None


def _aws(wire: doc.Provider, endpoints: Iterable[Endpoint]) -> tuple[Account | None, str | None]:
    given = wire.aws or doc.AwsAccount()
    if (given.access_key_id is None) != (given.secret_access_key is None):
        return None, "aws: access_key_id and secret_access_key go together."
    if given.access_key_id is not None and given.profile is not None:
        return None, "aws: keys and a profile stand side by side; write one of them."
    region = given.region or wire.parameters.get(REGION) or _region_in(endpoints)
    if region is None:
        return None, "aws: the region is missing. Write parameters: { region: us-east-1 } with your own."
    return (
        AwsAccount(
            region=region,
            access_key_id=given.access_key_id,
            secret_access_key=given.secret_access_key,
            session_token=given.session_token,
            profile=given.profile,
        ),
        None,
    )


def _region_in(endpoints: Iterable[Endpoint]) -> str | None:
    for endpoint in endpoints:
        found = _HOST.search(endpoint.origin.host)
        if found is not None:
            return found[1]
    return None
