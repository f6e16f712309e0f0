from __future__ import annotations

from plexus.configuration.secrets import derive, digester


def test_derived_keys_are_apart_and_stable() -> None:
    root = bytes(range(32))
    assert derive(root, "a") == derive(root, "a") != derive(root, "b")
    assert len(derive(root, "a")) == 32


def test_hkdf_agrees_with_rfc_5869() -> None:
    """Test case 3 of the RFC's appendix A: no salt, no info, the first 32 bytes."""
    assert derive(b"\x0b" * 22, "").hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"


def test_digests_depend_on_the_root_key() -> None:
    one, two = digester(b"1" * 32), digester(b"2" * 32)
    assert one("secret") == one("secret")
    assert one("secret") != two("secret")
    assert one("secret") != one("Secret")
