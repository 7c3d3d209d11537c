"""Z1: nothing answers that is not in the matrix, and the matrix names nothing else."""

from collections import defaultdict

import pytest
from django.test import Client

from chat.access import RULES
from chat.intents import _TYPES
from tests.access import matrix
from tests.access.asks import ask_of
from tests.access.matrix import METHODS, Row
from tests.access.table import DOCUMENT, document
from tests.access.world import NOWHERE, World, world
from tests.chat.pages import client_of

GROUPED = {"admin"}
# A function of allauth's that names no method; the last test asks it for the others.
UNDECLARED = {"account_email_verification_sent": {"GET"}}


def listed_methods() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in matrix.room_rows() + matrix.site_rows() + matrix.entrance_rows():
        found[row.name].add(row.method)
    return found


def test_z1_every_address_and_method_is_in_the_matrix_and_no_other() -> None:
    there = {
        one.name: set(one.methods) or UNDECLARED.get(one.name)
        for one in matrix.addresses()
        if one.group not in GROUPED
    }
    assert listed_methods() == there
    assert len(there) > 40


def test_z1_every_address_has_a_name_of_its_own_or_belongs_to_a_listed_group() -> None:
    names = [one.name for one in matrix.addresses() if one.group not in GROUPED]
    assert "" not in names
    assert len(names) == len(set(names))
    groups = {one.group for one in matrix.addresses()} - {""}
    assert groups == GROUPED
    assert all(matrix.group_row(group).cells for group in groups)


def test_z1_every_intent_is_in_the_matrix_and_no_other() -> None:
    rows = matrix.intent_rows() + matrix.site_intent_rows()
    assert {row.name for row in rows} == set(_TYPES)


def test_z1_every_rule_of_access_is_in_the_matrix_and_no_other() -> None:
    rows = matrix.room_rows() + matrix.intent_rows()
    assert {row.action for row in rows} - {""} == set(RULES)


@pytest.mark.django_db
def test_z1_a_method_that_is_not_in_the_matrix_is_refused() -> None:
    """Of allauth's views Django itself says so, after their own redirects."""
    here = world()
    client = client_of(here.users["RA"])
    entrance = {row.name for row in matrix.entrance_rows()} - set(UNDECLARED)
    answers = {
        (name, method): status_of(client, Row(name, method, *rest_of(name)), here)
        for name, methods in listed_methods().items()
        for method in METHODS - methods
        if name not in entrance
    }
    assert {key: got for key, got in answers.items() if got != 405} == {}
    assert len(answers) > 90


def rest_of(name: str) -> tuple[str, str, str, dict[str, str]]:
    rows = matrix.room_rows() + matrix.site_rows() + matrix.entrance_rows()
    one = next(row for row in rows if row.name == name)
    return one.whose, "", one.privacy, {}


def status_of(client: Client, row: Row, here: World) -> int:
    ask = ask_of(row, here, "RA", NOWHERE)
    return client.generic(row.method, ask.path).status_code


def test_the_document_shows_the_matrix() -> None:
    assert DOCUMENT.read_text() == document(), "run python -m tests.access.table"
