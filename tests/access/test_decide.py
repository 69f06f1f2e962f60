# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The one question: may this principal do that here? Said again as a table; what is not in it is no."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import START
from vaka.access import decide
from vaka.access.decide import NotAllowedError, NothingHereError, authorities_where, holds_somewhere, may, require
from vaka.access.permissions import FALLBACK, MENDING, PRIVILEGED, Permission
from vaka.access.principal import Grant, Principal, Training
from vaka.access.roles import ROLES, Role
from vaka.errors import Category, Sentence
from vaka.identity.sessions import Session

HERE, THERE = uuid4(), uuid4()
GIVES = {
    "operator": "desk.see_queue desk.handle_alarm desk.read_person desk.see_history desk.own_keys desk.own_sessions"
    " desk.read_rules",
    "shift_leader": "desk.see_queue desk.handle_alarm desk.read_person desk.see_history desk.take_over"
    " desk.bulk_close desk.adopt_device desk.declare_outage desk.own_keys desk.own_sessions"
    " desk.read_rules",
    "device_technician": "desk.see_queue desk.see_history desk.adopt_device desk.own_keys desk.own_sessions"
    " desk.read_rules",
    "quality_reviewer": "desk.see_history desk.own_keys desk.own_sessions desk.read_rules",
    "log_reviewer": "portal.read_log portal.find_person portal.export_log portal.own_receipt"
    " portal.verify_log"
    " portal.see_terms portal.own_keys portal.own_sessions portal.own_clients",
    "records_officer": "portal.erase portal.export_authority portal.end_authority portal.own_receipt"
    " portal.see_terms portal.own_keys portal.own_sessions",
    "contract_officer": "portal.set_retention portal.set_removal portal.approve_removal portal.own_receipt"
    " portal.see_terms portal.own_keys portal.own_sessions portal.see_access portal.designate_role"
    " portal.set_activation portal.approve_activation portal.own_clients"
    " portal.set_notices portal.ask_supplier portal.exclude_term portal.handle_cases portal.ask_exercise"
    " portal.publish_rules portal.read_cases",
    "archivist": "portal.set_removal portal.approve_removal portal.hold_person portal.own_receipt"
    " portal.see_terms portal.own_keys portal.own_sessions",
    "auditor": "portal.read_log portal.see_access portal.see_terms portal.audit portal.own_keys portal.own_sessions"
    " portal.read_cases",
    "access_approver": "portal.see_access portal.designate_role portal.approve_access portal.set_notices"
    " portal.see_terms portal.own_keys portal.own_sessions portal.set_activation portal.approve_activation"
    " portal.own_clients",
    "care_manager": "portal.register_people portal.keep_people portal.own_clients portal.see_terms"
    " portal.own_receipt portal.own_keys portal.own_sessions",
    "administrator": "office.see_accounts office.ask_account office.decide_account office.set_issuers"
    " office.handle_cases"
    " office.declare_outage office.run_commands office.own_keys office.own_sessions office.see_terms"
    " office.see_registers office.keep_registers office.decide_registers office.answer_authorities"
    " office.keep_exercises",
}
OFFICE = frozenset(name for name, role in ROLES.items() if role.realm == "administrator")


def principal(*grants: tuple[str, UUID | None], kind: str = "user", realm: str = "operator") -> Principal:
    session = Session(uuid4(), uuid4(), realm, START, START + timedelta(hours=12), "Olga", kind, "sv")
    return Principal(session, tuple(Grant(role, authority_id, None) for role, authority_id in grants))


def test_every_role_is_in_the_table() -> None:
    assert set(GIVES) == set(ROLES)
    assert all(ROLES[name].name == name for name in ROLES)


@pytest.mark.parametrize(("role", "permission"), list(product(sorted(OFFICE), Permission)))
def test_what_a_role_of_administrators_gives_at_the_suppliers(role: str, permission: Permission) -> None:
    who = principal((role, None), kind="administrator", realm="administrator")
    expected = permission.value in GIVES[role].split()
    assert may(who, permission, None) is expected
    assert holds_somewhere(who, permission) is expected
    assert not may(who, permission, HERE)
    assert authorities_where(who, permission) == frozenset()
    for other in (principal((role, None), realm="administrator"), principal((role, None), realm="operator"),
                  principal((role, None), kind="administrator", realm="operator")):  # fmt: skip
        assert not holds_somewhere(other, permission)


@pytest.mark.parametrize(("role", "permission"), list(product(sorted(set(GIVES) - OFFICE), Permission)))
def test_what_a_role_gives(role: str, permission: Permission) -> None:
    who = principal((role, HERE), realm=ROLES[role].realm)
    expected = permission.value in GIVES[role].split()
    assert may(who, permission, HERE) is expected
    assert authorities_where(who, permission) == (frozenset({HERE}) if expected else frozenset())
    # A role here is nothing there, and nothing at the supplier's own premises.
    assert not may(who, permission, THERE)
    assert not may(who, permission, None)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize(
    "who",
    [
        principal(),
        principal(("operator", None)),
        principal(("superuser", HERE)),
        principal(("", HERE)),
        *(principal((role, HERE), kind="administrator") for role in ROLES),
        *(principal((role, HERE), kind="administrator", realm="administrator") for role in ROLES),
        *(principal((role, HERE), realm="administrator") for role in ROLES),
        *(principal((name, HERE), realm="authority") for name, role in ROLES.items() if role.realm != "authority"),
        *(principal((name, HERE), realm="operator") for name, role in ROLES.items() if role.realm != "operator"),
    ],
)
def test_no_rule_means_no(who: Principal, permission: Permission) -> None:
    assert not may(who, permission, HERE)
    assert authorities_where(who, permission) == frozenset()
    with pytest.raises(NothingHereError):
        require(who, permission, HERE)


def test_the_suppliers_premises_are_not_everywhere() -> None:
    who = principal(("shift_leader", None))
    assert not may(who, Permission.DESK_SEE_QUEUE, HERE)
    assert authorities_where(who, Permission.DESK_SEE_QUEUE) == frozenset()
    assert not holds_somewhere(who, Permission.DESK_SEE_QUEUE)


def test_a_role_without_permissions_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = Role("empty", Sentence("Tom", "Empty"), "operator", frozenset())
    monkeypatch.setattr(decide, "ROLES", {"empty": empty})
    assert not any(may(principal(("empty", HERE)), permission, HERE) for permission in Permission)


def test_refusal_depends_on_whether_one_is_known_there() -> None:
    who = principal(("quality_reviewer", HERE))
    with pytest.raises(NotAllowedError) as forbidden:
        require(who, Permission.DESK_HANDLE_ALARM, HERE)
    assert forbidden.value.category is Category.FORBIDDEN
    with pytest.raises(NothingHereError) as missing:
        require(who, Permission.DESK_HANDLE_ALARM, THERE)
    assert missing.value.category is Category.MISSING
    require(who, Permission.DESK_SEE_HISTORY, HERE)


def test_roles_add_up() -> None:
    who = principal(("quality_reviewer", HERE), ("device_technician", HERE), ("operator", THERE))
    assert may(who, Permission.DESK_SEE_HISTORY, HERE)
    assert may(who, Permission.DESK_ADOPT_DEVICE, HERE)
    assert not may(who, Permission.DESK_HANDLE_ALARM, HERE)
    assert authorities_where(who, Permission.DESK_SEE_HISTORY) == {HERE, THERE}
    assert authorities_where(who, Permission.DESK_HANDLE_ALARM) == {THERE}


KEPT = "desk.see_queue desk.handle_alarm desk.read_person desk.own_sessions"


@pytest.mark.parametrize("permission", Permission)
def test_a_fallback_session_keeps_what_answers_alarms_and_nothing_else(permission: Permission) -> None:
    """Whoever holds every role there is has of each permission what stands in one set; new permissions do not."""
    for realm in ("operator", "authority", "administrator"):
        kind = "administrator" if realm == "administrator" else "user"
        everything = [(role, HERE) for role in ROLES] + [(role, None) for role in ROLES]
        who = principal(*everything, kind=kind, realm=realm)
        reduced = replace(who, session=replace(who.session, fallback=True))
        for where in (HERE, THERE, None):
            expected = permission.value in KEPT.split() and may(who, permission, where)
            assert may(reduced, permission, where) is expected
        assert holds_somewhere(reduced, permission) is (permission.value in KEPT.split() and realm == "operator")
    assert permission not in FALLBACK & PRIVILEGED


def test_a_fallback_session_is_told_why() -> None:
    who = principal(("shift_leader", HERE))
    reduced = replace(who, session=replace(who.session, fallback=True))
    require(who, Permission.DESK_TAKE_OVER, HERE)
    with pytest.raises(NotAllowedError) as refused:
        require(reduced, Permission.DESK_TAKE_OVER, HERE)
    assert "reservinloggad" in refused.value.sentence.sv


TRAINING = Training("Informationssäkerhet", START, rests=True)
MENDS = "office.see_registers office.keep_registers office.own_keys office.own_sessions"


@pytest.mark.parametrize("permission", Permission)
def test_term_05_1_while_a_role_rests_only_what_mends_it_is_left(permission: Permission) -> None:
    who = principal(("administrator", None), kind="administrator", realm="administrator")
    resting, warned = (replace(who, training=replace(TRAINING, rests=rests)) for rests in (True, False))
    assert may(resting, permission, None) is (permission.value in MENDS.split())
    assert may(warned, permission, None) is may(who, permission, None)


def test_term_05_1_who_is_refused_is_told_which_course_and_where_it_is_entered() -> None:
    who = principal(("administrator", None), kind="administrator", realm="administrator")
    with pytest.raises(NotAllowedError) as refused:
        require(replace(who, training=TRAINING), Permission.OFFICE_DECIDE_ACCOUNT, None)
    for said in refused.value.sentence.sv, refused.value.sentence.en:
        assert TRAINING.title in said
    assert "Register, Genomförda utbildningar" in refused.value.sentence.sv


GRANTS = st.lists(st.tuples(st.sampled_from(sorted(ROLES)), st.sampled_from([HERE, THERE, None])), max_size=6)


@given(
    grants=GRANTS, kind=st.sampled_from(["user", "administrator"]),
    realm=st.sampled_from(["operator", "authority", "administrator"]), fallback=st.booleans(),
    rests=st.booleans(), where=st.sampled_from([HERE, THERE, None]),
    permission=st.sampled_from(sorted(Permission, key=str)),
)  # fmt: skip
def test_no_lock_closes_what_answers_alarms_or_opens_anything(
    grants: list[tuple[str, UUID | None]], kind: str, realm: str, fallback: bool, rests: bool, where: UUID | None,
    permission: Permission,
) -> None:  # fmt: skip
    """Whatever somebody holds: a lock takes nothing that answers alarms from anybody, and gives nobody anything."""
    free = principal(*grants, kind=kind, realm=realm)
    free = replace(free, session=replace(free.session, fallback=fallback))
    locked = replace(free, training=replace(TRAINING, rests=rests))
    if permission in FALLBACK or realm != "administrator":
        assert may(locked, permission, where) is may(free, permission, where)
    assert may(free, permission, where) or not may(locked, permission, where)


def test_what_is_left_while_a_role_rests_is_enough_to_mend_it_and_commands_nobody() -> None:
    assert ROLES["administrator"].permissions > MENDING > {Permission.OFFICE_KEEP_REGISTERS}
    assert not MENDING & PRIVILEGED
    assert not MENDING & FALLBACK


def test_permissions_are_named_after_where_they_hold() -> None:
    assert {permission.value.split(".")[0] for permission in Permission} == {"desk", "portal", "office"}
    for role in ROLES.values():
        place = {"operator": "desk", "authority": "portal", "administrator": "office"}[role.realm]
        assert {permission.value.split(".")[0] for permission in role.permissions} == {place}
    assert len({permission.value for permission in Permission}) == len(Permission)


IN_EMERGENCY = "office.see_accounts office.ask_account office.decide_account office.set_issuers office.own_sessions"


@pytest.mark.parametrize("permission", Permission)
def test_an_emergency_session_keeps_accounts_and_issuers_and_nothing_else(permission: Permission) -> None:
    everything = [(role, HERE) for role in ROLES] + [(role, None) for role in ROLES]
    who = principal(*everything, kind="administrator", realm="administrator")
    reduced = replace(who, session=replace(who.session, break_glass=uuid4()))
    for where in (HERE, THERE, None):
        expected = permission.value in IN_EMERGENCY.split() and may(who, permission, where)
        assert may(reduced, permission, where) is expected
    assert holds_somewhere(reduced, permission) is (permission.value in IN_EMERGENCY.split())


def test_an_emergency_session_is_told_why() -> None:
    who = principal(("administrator", None), kind="administrator", realm="administrator")
    reduced = replace(who, session=replace(who.session, break_glass=uuid4()))
    require(who, Permission.OFFICE_RUN_COMMANDS, None)
    with pytest.raises(NotAllowedError) as refused:
        require(reduced, Permission.OFFICE_RUN_COMMANDS, None)
    assert "nödåtkomst" in refused.value.sentence.sv
