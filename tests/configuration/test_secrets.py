from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plexus.configuration import secrets
from plexus.configuration.secrets import RootKeyError, derive, key_digest, load_or_make_root_key


def test_derive_is_hkdf_sha256() -> None:
    """RFC 5869 appendix A.3: no salt, no info; its first 32 of 42 bytes."""
    assert derive(b"\x0b" * 22, "").hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"


def test_every_label_has_its_own_key() -> None:
    keys = {derive(b"r" * 32, label) for label in ("", "a", "b", secrets.KEYS, secrets.SEAL)}
    assert len(keys) == 5
    assert {len(key) for key in keys} == {32}


def test_the_digest_depends_on_secret_and_pepper() -> None:
    assert key_digest("secret", b"p" * 32) == key_digest("secret", b"p" * 32)
    assert len({key_digest(secret, pepper) for secret in ("a", "b") for pepper in (b"p", b"q")}) == 4
    # RFC 4231 section 4.3, test case 2
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert key_digest("what do ya want for nothing?", b"Jefe").hex() == expected


def test_a_root_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "config" / "secret.key"
    made = load_or_make_root_key(path)
    assert len(made) == 32
    assert load_or_make_root_key(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_or_make_root_key(tmp_path / "secret.key"), range(32)))
    assert len(keys) == 1


@pytest.mark.parametrize("content", [b"", b"abcd", b"zz" * 32, b"\xff" * 64, b"00" * 33])
def test_a_damaged_root_key_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    with pytest.raises(RootKeyError, match=r"secret\.key"):
        load_or_make_root_key(path)
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file")
    with pytest.raises(RootKeyError):
        load_or_make_root_key(tmp_path / "config" / "secret.key")
