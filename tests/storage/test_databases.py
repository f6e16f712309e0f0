"""What tests of other parts get when they need a database."""

from __future__ import annotations

import pytest
from tests.databases import default_url, fresh_database
from tests.sample_records import record

from plexus.storage.records import add_records, get_record


@pytest.mark.parametrize("url", ["sqlite://:memory:", pytest.param("", marks=pytest.mark.postgres)])
async def test_each_has_a_database_of_its_own(
    url: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("PLEXUS_TEST_DB_URL", url or request.getfixturevalue("server_url"))
    for _ in range(2):
        async with fresh_database() as database:
            assert await database.read(lambda connection: get_record(connection, record(1).id)) is None
            await database.write(lambda connection: add_records(connection, [record(1)]))
            assert await database.read(lambda connection: get_record(connection, record(1).id)) == record(1)


def test_in_memory_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLEXUS_TEST_DB_URL", raising=False)
    assert default_url() == "sqlite://:memory:"
