# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka authority`: takes authorities in, and says who answers for their areas and whom the desk calls."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import Result
from psycopg.rows import dict_row

from tests.commands.test_maintenance import APPLY, ENTRIES, vaka
from tests.keys.running import running_keyholder
from vaka.commands import authority_register, receipts
from vaka.commands.data_directory import DataDirectory
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.keys.personal import sealed_columns
from vaka.ledger.signer import hold_memories

pytestmark = pytest.mark.database

TENANT = "vaka_t_ekbacka"
NEW = "vaka_t_norrvik"
HEADING = "unit;phone;area;from;until\n"
CARE = "Hemtjänst Norr;08-465 004 71;Norra;07:00;21:30\n"
NIGHT = "Nattpatrullen;08-465 004 72;Norra;21:30;07:00\n"
SOUTH = "Hemtjänst Syd;+46 8 465 004 73;Södra;00:00;24:00\n"
PHONES = ("465 004 7", "4650047")


@pytest.fixture(scope="module")
def house(made: DataDirectory) -> Iterator[tuple[DataDirectory, Result]]:
    """An installation that took an authority in while it was stopped, and what that said; then its database runs."""
    (made.root / "vaka.toml").write_text("")  # devices come over TLS, so that trial alarms do
    about = ("--data", made.root)
    with made.locked():
        made.cluster.start()
        try:
            # What a first command makes of keys is accepted, as of an installation that has run.
            first = vaka("policy", "set", *about, "--authority", "ekbacka", *APPLY, "ring_all_after_seconds=45")
            accepted = vaka("settings", "accept", *about, *APPLY)
        finally:
            made.cluster.stop()
    assert (first.exit_code, accepted.exit_code) == (0, 0), first.output + accepted.output
    done = register(made, "norrvik", "Norrviks kommun", *APPLY)
    assert not made.cluster.is_running()
    with made.locked():
        made.cluster.start()
        try:
            with running_keyholder(made.root):
                yield made, done
        finally:
            made.cluster.stop()


@pytest.fixture
def data(house: tuple[DataDirectory, Result]) -> DataDirectory:
    return house[0]


@pytest.fixture
def sheet(data: DataDirectory, tmp_path: Path) -> Callable[..., Result]:
    """Says who answers, by a sheet's lines."""

    def bring(*lines: str, heading: str = HEADING, options: tuple[str, ...] = APPLY) -> Result:
        file = tmp_path / "units.csv"
        file.write_text(heading + "".join(lines))
        return vaka("authority", "units", "--data", data.root, "--authority", "ekbacka", *options, file)

    return bring


def register(data: DataDirectory, slug: str, name: str, *options: str) -> Result:
    return vaka("authority", "register", "--data", data.root, "--name", name, *options, slug)


@contextmanager
def database(data: DataDirectory, name: str = TENANT) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    conninfo = data.cluster.server.conninfo(SUPERUSER, name)
    with closing(psycopg.connect(conninfo, autocommit=True, row_factory=dict_row)) as connection:
        yield connection


def ask(data: DataDirectory, statement: str, name: str = TENANT) -> list[tuple[Any, ...]]:
    with database(data, name) as connection:
        return [tuple(row.values()) for row in connection.execute(statement.encode()).fetchall()]


def entries(data: DataDirectory, name: str) -> list[dict[str, Any]]:
    with database(data, name) as connection:
        return connection.execute(ENTRIES).fetchall()


def answering(data: DataDirectory) -> list[tuple[Any, ...]]:
    return ask(
        data,
        "select area, from_minute, until_minute, name, phone from vaka.unit u"
        " join vaka.unit_hours h on h.unit_id = u.id order by area, from_minute",
    )


def test_an_authority_is_taken_in_while_all_is_stopped(house: tuple[DataDirectory, Result]) -> None:
    data, done = house
    assert done.exit_code == 0, done.output
    assert "Norrviks kommun (norrvik) is taken in." in done.stdout
    assert "vaka authority units SHEET --authority norrvik" in done.stdout
    assert "Its receipt is" in done.stdout
    directory = "select slug, name, kind, state from vaka.authority order by slug"
    assert ask(data, directory, PLATFORM_DATABASE)[1] == ("norrvik", "Norrviks kommun", "authority", "active")
    assert "authority.registered" in {one["event"] for one in entries(data, PLATFORM_DATABASE)}
    # Its own log has begun, and is sealed.
    assert ask(data, "select count(*) > 0 from ledger.log_entry", NEW) == [(True,)]
    assert "policy.changed" in {one["event"] for one in entries(data, NEW)}
    for name in (NEW, PLATFORM_DATABASE):
        assert "row.changed_by_hand" not in {one["event"] for one in entries(data, name)}
    assert ask(data, "select count(*) from vaka.trial_device", NEW) == [(1,)]
    assert (data.credentials / "trial-norrvik.secret").is_file(), "and what it proves itself by"
    shown = vaka("settings", "show", "--data", data.root)
    assert shown.stdout == "Everything is as it was accepted.\n"


def test_whoever_looks_sees_them(data: DataDirectory) -> None:
    shown = vaka("authority", "list", "--data", data.root)
    assert shown.exit_code == 0, shown.output
    today = ask(data, "select to_char(created_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD') from vaka.authority"
                      " order by slug", PLATFORM_DATABASE)  # fmt: skip
    assert shown.stdout.splitlines() == [
        f"ekbacka  Ekbacka kommun   authority  {today[0][0]}  active",
        f"norrvik  Norrviks kommun  authority  {today[1][0]}  active",
    ]


def test_where_there_is_none_it_says_how_to_take_the_first_in(data: DataDirectory) -> None:
    with database(data, PLATFORM_DATABASE) as platform:
        platform.execute("set session_replication_role = replica")
        platform.execute("create temporary table kept as select * from vaka.authority")
        platform.execute("delete from vaka.authority")
        try:
            shown = vaka("authority", "list", "--data", data.root)
        finally:
            platform.execute("insert into vaka.authority select * from kept")
    assert "No authority is taken in yet." in shown.stdout
    assert "vaka authority register SHORT-NAME" in shown.stdout


def test_taking_it_in_again_finishes_it_and_changes_nothing_else(data: DataDirectory) -> None:
    before = ask(data, "select * from vaka.authority order by slug", PLATFORM_DATABASE)
    told = register(data, "norrvik", "Norrviks kommun")
    assert "is taken in already" in told.stdout
    assert "Nothing was changed. Do it with --apply." in told.stdout
    trial = data.credentials / "trial-norrvik.secret"
    trial.unlink()
    done = register(data, "norrvik", "Norrviks kommun", *APPLY)
    assert done.exit_code == 0, done.output
    assert "Norrviks kommun (norrvik) was taken in already." in done.stdout
    assert trial.is_file(), "as after a crash between the two"
    assert ask(data, "select * from vaka.authority order by slug", PLATFORM_DATABASE) == before


@pytest.mark.parametrize(
    ("slug", "name", "options", "sentence"),
    [
        ("Norrvik", "Norrvik", (), "The short name is 2–31 lower-case letters"),
        ("n", "Norrvik", (), "The short name is 2–31 lower-case letters"),
        ("norrvik_restored", "Norrvik", (), "are those of restored databases"),
        ("norrvik_before_20260314_020000", "Norrvik", (), "are those of restored databases"),
        ("norrvik2", "x" * 101, (), "An authority needs a name of 1–100 characters"),
        ("norrvik2", " ", (), "An authority needs a name of 1–100 characters"),
        ("norrvik", "Södervik", (), "norrvik exists already: Norrviks kommun, of the kind authority."),
        ("norrvik", "Norrviks kommun", ("--kind", "intake"), "norrvik exists already"),
    ],
)
def test_names_that_cannot_be_are_told(
    data: DataDirectory, slug: str, name: str, options: tuple[str, ...], sentence: str
) -> None:
    for more in ((), APPLY):
        told = register(data, slug, name, *options, *more)
        assert (told.exit_code, told.stdout) == (1, ""), told.output
        assert sentence in told.stderr
    assert ask(data, f"select count(*) from pg_database where datname = 'vaka_t_{slug.lower()}2'") == [(0,)]


def test_there_is_one_intake_and_a_second_leaves_nothing_behind(data: DataDirectory) -> None:
    foretold = register(data, "mottagning", "Mottagningen", "--kind", "intake")
    assert "would get the database vaka_t_mottagning" in foretold.stdout
    done = register(data, "mottagning", "Mottagningen", "--kind", "intake", *APPLY)
    assert done.exit_code == 0, done.output
    assert "people in care" not in done.stdout, "nobody is in its care"
    told = register(data, "mottagning2", "Mottagningen", "--kind", "intake", *APPLY)
    assert (told.exit_code, "There is already a reception for unknown senders." in told.stderr) == (1, True)
    assert ask(data, "select count(*) from pg_database where datname = 'vaka_t_mottagning2'") == [(0,)]


def test_what_was_begun_is_said_and_one_that_is_closed_stays_so(data: DataDirectory) -> None:
    with database(data) as connection:
        connection.execute("create database vaka_t_halva")
    try:
        assert "was begun: its database vaka_t_halva is there" in register(data, "halva", "Halva").stdout
    finally:
        with database(data) as connection:
            connection.execute("drop database vaka_t_halva")
    closed = "update vaka.authority set state = '{}' where slug = 'norrvik'"
    with database(data, PLATFORM_DATABASE) as platform:
        platform.execute("set session_replication_role = replica")
        platform.execute(closed.format("closed").encode())
        try:
            assert "norrvik was here and is closed." in register(data, "norrvik", "Norrviks kommun").stderr
        finally:
            platform.execute(closed.format("active").encode())


def test_a_log_that_nobody_keeps_is_told(data: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sequencer holds the logs, and does not get to the new one in time."""
    secret = data.credentials / f"{NEW}.log.key"
    kept = secret.read_bytes()
    secret.unlink()
    monkeypatch.setattr(authority_register, "LOG_SECONDS", 0.5)
    monkeypatch.setattr(receipts, "WAIT_SECONDS", 0.5)
    try:
        with hold_memories(data.root / "ledger"):
            told = register(data, "norrvik", "Norrviks kommun", *APPLY)
    finally:
        secret.write_bytes(kept)
        secret.chmod(0o600)
    assert told.exit_code == 1
    assert "The sequencer does not keep the log of norrvik yet" in told.stderr


def test_who_answers_is_what_the_sheet_says(data: DataDirectory, sheet: Callable[..., Result]) -> None:
    foretold = sheet(CARE, NIGHT, options=())
    assert foretold.stdout.splitlines() == [
        "new      Hemtjänst Norr", "         answers  Norra 07:00–21:30",
        "new      Nattpatrullen", "         answers  Norra 21:30–07:00",
        "Nothing was changed. Do it with --apply.",
    ]  # fmt: skip
    assert answering(data) == []
    assert sheet(CARE, NIGHT).exit_code == 0
    assert answering(data) == [
        ("Norra", 420, 1290, "Hemtjänst Norr", "08-465 004 71"), ("Norra", 1290, 420, "Nattpatrullen", "08-465 004 72"),
    ]  # fmt: skip
    assert "It is all so already." in sheet(CARE, NIGHT, options=()).stdout
    # An hour moves, a number changes, an area comes, and with commas, another order and the mark that Excel puts.
    later = CARE.replace("07:00", "8:00"), NIGHT.replace("07:00", "8:00").replace("72", "79"), SOUTH
    done = sheet(*[line.replace(";", ",") for line in later], heading="\ufeff" + HEADING.replace(";", ","))
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[:9] == [
        "changed  Hemtjänst Norr", "         no more  Norra 07:00–21:30", "         answers  Norra 08:00–21:30",
        "new      Hemtjänst Syd", "         answers  Södra all day",
        "changed  Nattpatrullen", "         another number", "         no more  Norra 21:30–07:00",
        "         answers  Norra 21:30–08:00",
    ]  # fmt: skip
    assert answering(data) == [
        ("Norra", 480, 1290, "Hemtjänst Norr", "08-465 004 71"), ("Norra", 1290, 480, "Nattpatrullen", "08-465 004 79"),
        ("Södra", 0, 0, "Hemtjänst Syd", "+46 8 465 004 73"),
    ]  # fmt: skip
    whole = CARE.replace("07:00;21:30", "06:15;06:15"), SOUTH
    done = sheet(*whole)
    assert "removed  Nattpatrullen\n         no more  Norra 21:30–08:00\n" in done.stdout
    assert [line[3] for line in answering(data)] == ["Hemtjänst Norr", "Hemtjänst Syd"]
    assert ask(data, "select count(*) from vaka.unit") == [(2,)]
    log = entries(data, TENANT)
    about = [one["event"] for one in log if one["object"].startswith("unit:")]
    assert sorted(set(about)) == ["unit.changed", "unit.registered", "unit.removed"]
    assert "row.changed_by_hand" not in {one["event"] for one in log}
    everything = str(log) + str(entries(data, PLATFORM_DATABASE))
    for word in (*PHONES, "Nattpatrullen", "Norra"):
        assert word not in everything


@pytest.mark.parametrize(
    ("lines", "faults"),
    [
        ((CARE,), ["line 2: nobody answers for its area 21:30–07:00: add a line, or let another end at 07:00"]),
        ((CARE, NIGHT.replace("21:30", "22:00")), ["line 2: nobody answers for its area 21:30–22:00"]),
        ((CARE, NIGHT.replace("07:00", "07:15")), ["line 3: somebody answers for the area at the same time in line 2"]),
        ((CARE, NIGHT, CARE), ["line 4: somebody answers for the area at the same time in line 2"]),
        ((CARE, NIGHT.replace("21:30", "21.30")), ["line 3: from is no time such as 07:30"]),
        ((SOUTH.replace("24:00", "25:00"),), ["line 2: until is no time such as 07:30"]),
        ((SOUTH.replace("00:00;", "24:00;"),), ["line 2: from is no time such as 07:30"]),
        ((SOUTH.replace("+46 8 465 004 73", "växeln"),), ["line 2: phone is no telephone number"]),
        ((SOUTH.replace("+46 8 465 004 73", ""),), ["line 2: phone is no telephone number"]),
        ((CARE, NIGHT.replace("Nattpatrullen", "Hemtjänst Norr")), ["line 3: the unit has another phone in line 2"]),
        ((SOUTH.replace("Södra", ""),), ["line 2: area is not 1-100 characters"]),
        ((SOUTH.replace(";Södra", ";Södra;x"),), ["line 2: more fields than columns"]),
        ((), ["it has no line"]),
    ],
)
def test_a_sheet_that_leaves_nobody_to_call_is_refused(
    data: DataDirectory, sheet: Callable[..., Result], lines: tuple[str, ...], faults: list[str]
) -> None:
    before = answering(data)
    for options in ((), APPLY):
        told = sheet(*lines, options=options)
        assert (told.exit_code, told.stdout) == (1, "")
        for fault in faults:
            assert fault in told.stderr
        assert not [word for word in PHONES if word in told.stderr]
    assert answering(data) == before


def test_columns_and_authorities_that_are_none_are_told(data: DataDirectory, sheet: Callable[..., Result]) -> None:
    assert "the column until is missing" in sheet(heading="unit;phone;area;from\n").stderr
    told = vaka("authority", "units", "--data", data.root, "--authority", "nowhere", __file__)
    assert "There is no authority 'nowhere'. Those there are: ekbacka, " in told.stderr
    told = vaka("authority", "units", "--data", data.root, "--authority", "ekbacka", "nowhere.csv")
    assert "nowhere.csv cannot be read" in told.stderr


def test_an_area_that_people_belong_to_keeps_somebody_to_call(
    data: DataDirectory, sheet: Callable[..., Result]
) -> None:
    assert sheet(SOUTH).exit_code == 0
    sealed, columns = "'\\x01' || decode(repeat('00', 94), 'hex')", list(sealed_columns("person"))
    with database(data) as tenant:
        tenant.execute("set session_replication_role = replica")
        for number, area in enumerate(("Södra", "Västra"), 1):
            values = ", ".join([sealed] * len(columns))
            tenant.execute(
                f"insert into vaka.person (id, address, area, {', '.join(columns)}) values"
                f" ('018f0000-0000-7000-8000-00000000000{number}', sha256('x'), '{area}', {values})".encode()
            )
    try:
        told = sheet(CARE, NIGHT)
        assert told.exit_code == 1
        assert "people belong to Södra, for which it names nobody" in told.stderr
        kept = sheet(SOUTH, CARE, NIGHT, options=())
        assert "Nobody answers for Västra, which people belong to" in kept.stdout, "as it was before"
    finally:
        with database(data) as tenant:
            tenant.execute("set session_replication_role = replica")
            tenant.execute("delete from vaka.person")


def test_whom_the_desk_calls_is_set_and_stands_nowhere_else(data: DataDirectory) -> None:
    about = ("authority", "on-call", "--data", data.root, "--authority", "ekbacka")
    assert "Ekbacka kommun has no on-call telephone" in vaka(*about).stdout
    phones = ("08-465 004 81", "+46 8  465 004 82")
    for phone in phones:
        done = vaka(*about, *APPLY, typed=f"{phone}\n")
        assert done.exit_code == 0, done.output
        assert "the desk calls this number now" in done.stdout
        assert "465" not in done.output
    assert "it was that number already" in vaka(*about, *APPLY, typed="+46 8 465 004 82").stdout
    assert ask(data, "select on_call_phone from vaka.policy") == [("+46 8 465 004 82",)]
    assert "Ekbacka kommun has an on-call telephone." in vaka(*about).stdout
    for wrong in ("", "växeln\n", "0-----\n", "19320212-9809 x\n"):
        told = vaka(*about, *APPLY, typed=wrong)
        assert told.exit_code == 1
        assert "That is no telephone number." in told.stderr
    assert ask(data, "select on_call_phone from vaka.policy") == [("+46 8 465 004 82",)]
    log = entries(data, TENANT)
    assert [one["event"] for one in log if "on_call_phone" in str(one["detail"])] == ["policy.changed"] * 2
    assert "row.changed_by_hand" not in {one["event"] for one in log}
    written = "".join(path.read_text(errors="replace") for path in data.logs.glob("*"))
    everything = str(log) + str(entries(data, PLATFORM_DATABASE)) + written
    for word in ("465 004 8", "4650048"):
        assert word not in everything
