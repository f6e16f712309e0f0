"""Signature Version 4, against AWS's published test suite and against what botocore signs."""

from __future__ import annotations

import msgspec
import pytest

from plexus.canonical.headers import Field
from plexus.providers.sigv4 import AwsKeys, Scope, Signable, sign

KEYS = AwsKeys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
NOW = 1440938160.0
"""2015-08-30T12:36:00Z, when the test suite signs."""
FORM: Field = (b"content-type", b"application/x-www-form-urlencoded")
JSON: Field = (b"content-type", b"application/json")
CONVERSE = Signable(
    host="bedrock-runtime.us-east-1.amazonaws.com",
    target=b"/model/us.anthropic.claude-3-7-sonnet-20250219-v1%3A0/converse-stream",
    headers=(JSON,),
    body=b'{"messages":[]}',
)
BEDROCK = Scope("us-east-1", "bedrock")


def signature(request: Signable, scope: Scope = BEDROCK, keys: AwsKeys = KEYS, now: float = NOW) -> str:
    return dict(sign(request, keys, scope, now))[b"authorization"].decode().rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "expected"),
    [
        (b"GET", b"/", (), b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        (
            b"GET",
            b"/?Param2=value2&Param1=value1",
            (),
            b"",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (b"POST", b"/", (), b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            b"POST",
            b"/",
            (FORM,),
            b"Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
    ids=["get-vanilla", "get-vanilla-query-order-key-case", "post-vanilla", "post-x-www-form-urlencoded"],
)
def test_aws_own_test_suite(
    method: bytes, target: bytes, headers: tuple[Field, ...], body: bytes, expected: str
) -> None:
    """https://docs.aws.amazon.com/general/latest/gr/signature-v4-test-suite.html"""
    request = Signable(method=method, host="example.amazonaws.com", target=target, headers=headers, body=body)
    assert signature(request, Scope("us-east-1", "service")) == expected


def test_a_call_of_converse_is_signed_as_botocore_does() -> None:
    """Its path is escaped once on the wire, and once more in what is signed. (botocore 1.44.8, SigV4Auth.)"""
    date, authorization = sign(CONVERSE, KEYS, BEDROCK, NOW)
    assert date == (b"x-amz-date", b"20150830T123600Z")
    assert authorization[0] == b"authorization"
    assert authorization[1] == (
        b"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request, "
        b"SignedHeaders=content-type;host;x-amz-date, "
        b"Signature=f1b0bcc9445e98748090d604b8bed7480cf24cfd12b0dbc4dbcdfe21d4e6bc3c"
    )


def test_keys_that_expire_are_signed_with_their_token() -> None:
    keys = AwsKeys(KEYS.access_key_id, KEYS.secret_access_key, "session/token==")
    _, token, authorization = sign(CONVERSE, keys, BEDROCK, NOW)
    assert token == (b"x-amz-security-token", b"session/token==")
    assert b"SignedHeaders=content-type;host;x-amz-date;x-amz-security-token" in authorization[1]
    assert authorization[1].endswith(b"63b62a02ad54695400255ce58024b7ee2b1cb073cc8cc3cb463771905e8578ba")


@pytest.mark.parametrize(
    "changed",
    [
        {"method": b"PUT"},
        {"host": "other.amazonaws.com"},
        {"target": b"/model/other/converse"},
        {"target": CONVERSE.target + b"?a=1"},
        {"headers": (FORM,)},
        {"body": b"{}"},
    ],
)
def test_everything_that_is_covered_changes_the_signature(changed: dict[str, object]) -> None:
    assert signature(msgspec.structs.replace(CONVERSE, **changed)) != signature(CONVERSE)


def test_so_do_the_keys_the_place_and_the_time() -> None:
    signatures = {
        signature(CONVERSE),
        signature(CONVERSE, keys=AwsKeys("AKIDEXAMPLE", "other")),
        signature(CONVERSE, Scope("eu-west-1", "bedrock")),
        signature(CONVERSE, Scope("us-east-1", "s3")),
        signature(CONVERSE, now=NOW + 1),
    }
    assert len(signatures) == 5


def test_white_space_in_headers_is_folded() -> None:
    one = msgspec.structs.replace(CONVERSE, headers=((b"x-amz-meta", b"a  b "),))
    other = msgspec.structs.replace(CONVERSE, headers=((b"X-Amz-Meta", b"a b"),))
    assert signature(one) == signature(other)


def test_keys_do_not_show_themselves() -> None:
    assert "wJalr" not in repr(KEYS)
