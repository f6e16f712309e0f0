"""What is typed into editors."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from plexus.clients.client import Client, Wish
from plexus.clients.editors import EDITORS

WISH = Wish(url="http://gw", key="sk-1", model="big", small_model="small")


@pytest.mark.parametrize("client", EDITORS, ids=lambda client: client.name)
def test_address_key_and_model_are_named(client: Client) -> None:
    connection = client.connect(WISH)
    said = "\n".join((connection.code, *connection.notes))
    for word in ("http://gw/v1", "sk-1", "big"):
        assert word in said
    assert connection.changes == ()


def test_the_entry_for_continue_is_yaml() -> None:
    (client,) = (one for one in EDITORS if one.name == "continue")
    read = YAML(typ="safe").load(client.connect(WISH).code)
    assert read == {
        "models": [
            {"name": "big", "provider": "openai", "model": "big", "apiBase": "http://gw/v1", "apiKey": "sk-1"},
        ]
    }
