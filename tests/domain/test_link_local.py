from __future__ import annotations

import pytest

from plexus.domain.link_local import is_link_local


@pytest.mark.parametrize(
    ("host", "refused"),
    [
        ("169.254.169.254", True),
        ("169.254.0.1", True),
        ("169.253.255.255", False),
        ("fe80::1", True),
        ("fe80::1%eth0", True),
        ("FEBF::1", True),
        ("fec0::1", False),
        ("fd00:ec2::254", True),
        ("fd00:ec2::253", False),
        ("::ffff:169.254.169.254", True),
        ("64:ff9b::a9fe:a9fe", True),
        ("64:ff9b::0808:0808", False),
        ("metadata.google.internal", True),
        ("Metadata.Google.Internal.", True),
        ("metadata.google.internal.example.com", False),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("api.openai.com", False),
    ],
)
def test_link_local(host: str, refused: bool) -> None:
    assert is_link_local(host) is refused
