from __future__ import annotations

import pytest

from plexus.domain.account import Account, AwsAccount, EntraAccount, GoogleAccount


@pytest.mark.parametrize(
    "account",
    [
        AwsAccount(region="r", access_key_id="AK", secret_access_key="s3cret", session_token="s3cret"),
        GoogleAccount(credentials='{"private_key": "s3cret"}'),
        EntraAccount(tenant_id="t", client_id="c", client_secret="s3cret", scope="s", authority="a"),
    ],
)
def test_an_account_never_shows_its_secret(account: Account) -> None:
    assert "s3cret" not in f"{account!r} {account} {[account]}"
    assert hash(account) == hash(type(account)(**{name: getattr(account, name) for name in account.__struct_fields__}))
