"""Where the keys of an AWS account are found: in the configuration, the environment, or the files that AWS's own tools use.

In AWS's order (https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html), but for what needs a network
or runs a program: metadata services of containers and instances, SSO and ``credential_process``.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.domain.account import AwsAccount
from plexus.providers.sigv4 import AwsKeys

BEARER = "AWS_BEARER_TOKEN_BEDROCK"


def bearer_token(account: AwsAccount, environ: Mapping[str, str]) -> str | None:
    """A Bedrock API key of the environment, where the configuration names no keys of its own."""
    if account.access_key_id is not None or account.profile is not None:
        return None
    return environ.get(BEARER) or None


class AwsFiles:
    """Reads the shared files, again when they have changed: tools renew keys in them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._known: dict[Path, tuple[tuple[int, int], configparser.RawConfigParser]] = {}

    def find_keys(self, account: AwsAccount) -> AwsKeys:
        """The keys that sign for ``account``. Raises ProviderError(UPSTREAM_AUTH) where there are none."""
        if account.access_key_id is not None and account.secret_access_key is not None:
            return AwsKeys(account.access_key_id, account.secret_access_key, account.session_token)
        environ = self._environ
        known = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
        if account.profile is None and known[0] and known[1]:
            return AwsKeys(known[0], known[1], environ.get("AWS_SESSION_TOKEN") or None)
        profile = account.profile or environ.get("AWS_PROFILE") or "default"
        home = Path(environ.get("HOME", "~")).expanduser() / ".aws"
        files = (
            (Path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials"), profile),
            (Path(environ.get("AWS_CONFIG_FILE") or home / "config"), f"profile {profile}"),
            (Path(environ.get("AWS_CONFIG_FILE") or home / "config"), profile),
        )
        for path, section in files:
            keys = self._read(path, section)
            if keys is not None:
                return keys
        raise ProviderError(
            ErrorKind.UPSTREAM_AUTH,
            "The provider's credential is missing.",
            hint=f"no AWS keys: neither under aws:, nor in the environment, nor as profile {profile!r} of the shared files",
        )

    def _read(self, path: Path, section: str) -> AwsKeys | None:
        try:
            stat = path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                parser = configparser.RawConfigParser(default_section="\0")
                parser.read_string(path.read_text(encoding="utf-8"))
                known = self._known[path] = (stamp, parser)
        except (OSError, ValueError, configparser.Error):
            return None
        found = known[1][section] if known[1].has_section(section) else {}
        key, secret = found.get("aws_access_key_id"), found.get("aws_secret_access_key")
        return AwsKeys(key, secret, found.get("aws_session_token")) if key and secret else None
