from __future__ import annotations

from plexus.canonical.errors import ClientError, ErrorKind, ProviderError, bad_request


def test_a_repr_never_shows_the_operators_hint() -> None:
    error = ProviderError(ErrorKind.UPSTREAM_AUTH, "refused", status=401, hint="host internal.example")
    assert "internal.example" not in repr(error)
    assert "internal.example" not in str(error)


def test_bad_request_is_the_clients_fault() -> None:
    error = bad_request("say this", param="model")
    assert isinstance(error, ClientError)
    assert (error.kind, error.param, error.status) == (ErrorKind.BAD_REQUEST, "model", None)
