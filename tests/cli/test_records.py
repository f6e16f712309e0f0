from __future__ import annotations

import asyncio
import json

import pytest
from tests.cli.running import Shell

from plexus.canonical.usage import usage
from plexus.cli.records import row
from plexus.domain.record import Record
from plexus.settings import database_url
from plexus.storage.database import open_database
from plexus.storage.migrate import upgrade
from plexus.storage.records import add_records


def record(number: int, **members: object) -> Record:
    base: dict[str, object] = {
        "id": f"r{number}", "started_at": 1_770_000_000_000_000 + number, "protocol": "openai_chat", "operation": "generate",
        "model": "m", "status": 200, "key": "team",
    }  # fmt: skip
    return Record(**{**base, **members})  # type: ignore[arg-type]


RECORDS = [
    record(
        1, provider="p", target_model="x", lane="pass", usage=usage(input=3, output=2), finish="stop", duration_us=1500
    ),
    record(2, status=429, error="rate_limit", key="guest", label="ci"),
    record(3, model="other", stream=True, first_token_us=900_000),
]


@pytest.fixture
def filled(shell: Shell) -> Shell:
    async def fill() -> None:
        database = open_database(database_url(f"sqlite:///{shell.config.parent / 'usage.sqlite'}"))
        await upgrade(database)
        async with database.write() as connection:
            await add_records(connection, RECORDS)
        await database.close()

    asyncio.run(fill())
    return shell


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ([], ["r3", "r2", "r1"]),
        (["--limit", "2"], ["r3", "r2"]),
        (["--key", "team"], ["r3", "r1"]),
        (["--model", "other"], ["r3"]),
        (["--failed"], ["r2"]),
        (["--good"], ["r3", "r1"]),
        (["--key", "nobody"], []),
    ],
)
def test_the_newest_first(filled: Shell, arguments: list[str], ids: list[str]) -> None:
    found = json.loads(filled.run("records", *arguments, "--json").stdout)
    assert [each["id"] for each in found] == ids


def test_a_table_for_people(filled: Shell) -> None:
    text = filled.run("records").stdout
    for words in ("guest:ci", "rate_limit", "p/x", "other", "stop"):
        assert words in text


def test_an_empty_database(shell: Shell) -> None:
    shell.run("db", "upgrade")
    assert json.loads(shell.run("records", "--json").stdout) == []
    shell.run("records")


def test_a_database_without_tables_is_told_in_a_line(shell: Shell) -> None:
    result = shell.run("records", status=1)
    assert result.stderr.startswith("the database cannot be read: ")


@pytest.mark.parametrize("limit", ["0", "1001", "-1"])
def test_limits_have_limits(shell: Shell, limit: str) -> None:
    assert "--limit" in shell.run("records", "--limit", limit, status=2).output


def test_a_row() -> None:
    assert [row(each) for each in RECORDS] == [
        ["02-02 02:40:00", "team", "m", "p/x", "pass", "3", "2", "2", "", "200", "stop"],
        ["02-02 02:40:00", "guest:ci", "m", "", "", "", "", "0", "", "429", "rate_limit"],
        ["02-02 02:40:00", "team", "other", "", "", "", "", "0", "900", "200", ""],
    ]
