"""Checks a signature (Signature Version 4) as AWS does: from what came over the wire, and the secret that both know.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import quote

from plexus.mock_provider.call import MockCall
from plexus.mock_provider.errors import Refused

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([a-z0-9-]+)/bedrock/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)


def is_signed(call: MockCall) -> bool:
    """Whether ``call`` comes with a signature, and not with a key."""
    return (call.headers.text(b"authorization") or "").startswith("AWS4-HMAC-SHA256")


def check_signature(call: MockCall, secret: str | None) -> None:
    """Raises Refused for a signature that is not complete, or not made with ``secret`` (None: nobody knows it)."""
    found = _HEADER.fullmatch(call.headers.text(b"authorization") or "")
    date = call.headers.text(b"x-amz-date") or ""
    if found is None or not {"host", "x-amz-date"} <= set(found[4].split(";")) or not date.startswith(found[2]):
        raise _refusal("Authorization header requires 'Credential', 'SignedHeaders' and 'Signature'.", "Incomplete")
    token = call.headers.get(b"x-amz-security-token")
    if token is not None and "x-amz-security-token" not in found[4].split(";"):
        raise _refusal("'x-amz-security-token' must be a signed header.", "Invalid")
    if secret is None:
        return
    key = f"AWS4{secret}".encode()
    for part in (found[2], found[3], "bedrock", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    digest = hashlib.sha256(_canonical(call, found[4].split(";")).encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{date}\n{found[2]}/{found[3]}/bedrock/aws4_request\n{digest}"
    if hmac.new(key, text.encode(), hashlib.sha256).hexdigest() != found[5]:
        raise _refusal(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
            "and signing method.",
            "Invalid",
        )


def _canonical(call: MockCall, names: list[str]) -> str:
    headers = "".join(
        f"{name}:{','.join(' '.join(value.decode().split()) for value in call.headers.all(name.encode()))}\n"
        for name in names
    )
    query = "&".join(sorted(call.query.split("&")))
    path = "/".join(quote(part, safe="~") for part in call.path.split("/"))
    body = hashlib.sha256(call.body).hexdigest()
    return "\n".join([call.method, path, query, headers, ";".join(names), body])


def _refusal(message: str, word: str) -> Refused:
    return Refused(message, kind="authentication", code=f"{word}SignatureException", status=403)
