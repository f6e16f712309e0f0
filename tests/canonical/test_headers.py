from __future__ import annotations

from plexus.canonical.headers import Headers


def test_names_fold_to_lower_case_and_the_first_value_wins() -> None:
    headers = Headers([(b"X-Api-Key", b"one"), (b"x-api-key", b"two"), (b"Via", b"a")])
    assert headers.get(b"x-api-key") == b"one"
    assert headers.all(b"x-api-key") == [b"one", b"two"]
    assert headers.text(b"via") == "a"
    assert headers.get(b"absent") is None
    assert b"via" in headers
    assert len(headers) == 3
    assert [name for name, _ in headers] == [b"X-Api-Key", b"x-api-key", b"Via"]


def test_a_repr_shows_names_only() -> None:
    assert "secret" not in repr(Headers([(b"authorization", b"secret")]))
