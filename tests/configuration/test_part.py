from __future__ import annotations

from collections import Counter

from plexus.configuration import document, later
from plexus.configuration.document import Document, ProviderPart
from plexus.configuration.part import all_parts, names_of, spellings


def test_names_of_a_member() -> None:
    names = names_of(ProviderPart)
    assert names["base_url"] == ("base_url", "api_base_url")
    assert names["api_key"] == ("api_key",)


def test_a_spelling_belongs_to_one_member_of_a_part() -> None:
    for part in all_parts():
        counted = Counter(name for names in names_of(part).values() for name in names)
        assert counted.most_common(1)[0][1] == 1, part


def test_spellings_lead_back() -> None:
    found = spellings()
    assert found["adminKey"] == frozenset({"admin_key"})
    assert found["admin_key"] == frozenset({"adminKey"})
    assert all(name in found[other] for name, others in found.items() for other in others)


def test_all_parts_are_found() -> None:
    parts = set(all_parts())
    assert Document in parts
    assert {part.__module__ for part in parts} == {document.__name__, later.__name__}
