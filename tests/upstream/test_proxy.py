from __future__ import annotations

import pytest

from plexus.upstream.proxy import ProxyRules

BASE = {"HTTP_PROXY": "http://plain:3128", "https_proxy": "secure:8080"}


@pytest.mark.parametrize(
    ("no_proxy", "host", "direct"),
    [
        ("", "api.openai.com", False),
        ("*", "api.openai.com", True),
        ("openai.com", "api.openai.com", True),
        (".openai.com", "openai.com", True),
        ("openai.com", "notopenai.com", False),
        ("localhost,127.0.0.1", "127.0.0.1", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("::1", "::1", True),
    ],
)
def test_no_proxy(no_proxy: str, host: str, direct: bool) -> None:
    rules = ProxyRules({**BASE, "NO_PROXY": no_proxy})
    assert (rules.find(host, secure=True) is None) == direct


def test_each_scheme_has_its_own_and_all_proxy_stands_in() -> None:
    rules = ProxyRules(BASE)
    plain, secure = rules.find("x", secure=False), rules.find("x", secure=True)
    assert plain is not None
    assert secure is not None
    assert (plain.host, plain.port, secure.host, secure.port) == ("plain", 3128, "secure", 8080)
    everything = ProxyRules({"ALL_PROXY": "http://both:1"}).find("x", secure=True)
    assert everything is not None
    assert everything.host == "both"
    assert ProxyRules({}).find("x", secure=True) is None


def test_a_cgi_environment_cannot_choose_the_proxy() -> None:
    assert ProxyRules({"HTTP_PROXY": "http://evil:1", "REQUEST_METHOD": "GET"}).find("x", secure=False) is None


def test_other_kinds_of_proxy_are_refused_and_credentials_do_not_show() -> None:
    with pytest.raises(ValueError, match="socks5"):
        ProxyRules({"ALL_PROXY": "socks5://x:1"})
    assert "secret" not in repr(ProxyRules({"ALL_PROXY": "http://me:secret@x:1"}).find("y", secure=True))
