# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where copies are made beside an installation: a WAL archive, base backups, a browser that is open all the time.

Somebody is erased while all of them are made. What makes her known, what her device said, and what an operator wrote
stands in none of them, neither in those from before nor in those from after (term 6, proof 1).
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_workstation import browsing
from tests.end_to_end.house import House
from tests.end_to_end.test_erasure import QUICKLY, SLUG, binary, wait_for_certificate, words_of
from tests.end_to_end.test_nothing_told import SPOKEN, alarm_of, people_of, say, sign_in
from tests.people import with_keys
from tests.secrets.profiles import contents_of
from tests.secrets.traces import Searcher
from tests.signing_in import sign_in_as
from tests.waiting import wait_for
from vaka.clock import SystemClock
from vaka.database.cluster import server_account
from vaka.database.connections import open_connection
from vaka.database.server import SUPERUSER, tenant_role
from vaka.keys.keyring import Keyring
from vaka.tenants.people import Contact, Note, Person
from vaka.tenants.person_changes import change_people

pytestmark = [pytest.mark.end_to_end, pytest.mark.browser]

WRITTEN = "Skrivmarkör Pärlemor"
"""What the operator writes."""
CARE, CONTACT, NOTED = "Vårdmarkör Kastrull", "Kontaktina Kvistmarkör", "Anteckningsmarkör Zebra"
"""What the register says of her, written anew while the write-ahead log is archived."""
CONTROL = "Kontrollmarkör Bergkristall"
"""What stands in clear in a table, so that it is known that a search finds what is there."""


@dataclass
class Copies:
    """Everything that was copied while somebody was erased."""

    house: House
    archive: Path
    sets: Path
    profile: Path
    searcher: Searcher


@pytest.fixture(scope="module")
def copies(own_house: House, new_port_base: Callable[[], int]) -> Copies:
    house, base = own_house, str(new_port_base())
    archive, sets, profile = (house.root.with_name(name) for name in ("archive", "sets", "profile"))
    demo = ("demo", "--no-traffic", "--people", "7", "--port-base", base)
    house.start(*demo)
    archive.mkdir()
    give_to_server(archive)
    with house.tenant(SLUG, "superuser") as superuser:
        superuser.execute("alter system set archive_mode = on")
        superuser.execute(f"alter system set archive_command = 'cp %p {archive}/%f'".encode())
    assert house.stop() == 0
    with (house.root / "vaka.toml").open("a") as settings:
        settings.write(QUICKLY)
    house.start(*demo)
    with house.tenant(SLUG, "superuser") as superuser:
        superuser.execute("create table public.control (marker text)")
        superuser.execute("insert into public.control values (%s)", (CONTROL,))
    device = house.draw_device("udp", "network", authority=SLUG)
    say(house, alarm_of(device, "EC1", SPOKEN))
    wait_for(lambda: house.messages(device, "EC1") != [])
    people = people_of(house, SLUG)
    her = next(one for one in people if one["id"] == house.alarm(device, "EC1")["person_id"])
    write_anew(house, her)
    searcher = Searcher({}, {SPOKEN, WRITTEN, CARE, CONTACT, NOTED, *words_of(her, people)})
    copy_base(house, sets / "before")
    with browsing(profile, crash=True) as desk:
        work_at_the_desk(desk, house, house.alarm(device, "EC1")["id"], her)
        portal = desk.context.new_page()
        erase_in_the_browser(portal, house, her)
        for page in (desk, portal):  # whoever looks again after all this sees nobody
            page.reload()
            assert searcher.find(page.content().encode()) == set()
    copy_base(house, sets / "after")
    archive_everything(house, archive)
    return Copies(house, archive, sets, profile, searcher)


def give_to_server(path: Path) -> None:
    """Let the database's account write there, whose archive_command it is."""
    account = server_account()
    if account is not None:
        import pwd

        entry = pwd.getpwnam(account)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def write_anew(house: House, her: dict[str, Any]) -> None:
    """Change what the register says of her, as setup does."""
    authority, now = house.authority(SLUG), SystemClock().now()
    columns = {name: value for name, value in her.items() if name in Person.__slots__}
    person = replace(
        Person(**columns), care_notes=CARE, risks=tuple(her["risks"]), contacts=(Contact(CONTACT, "070-174 06 62"),),
        notes=(Note(UUID(int=77), NOTED, now),),
    )  # fmt: skip

    async def change(keyring: Keyring) -> None:
        role = tenant_role(authority.database_name, "setup")
        async with await open_connection(house.server, role, authority.database_name, application="test") as tenant:
            assert await change_people(tenant, keyring.of(authority.id), [person], actor="setup", now=now) == 1

    with_keys(house.server, change)


def copy_base(house: House, to: Path) -> None:
    """A base backup, as one makes it beside a WAL archive."""
    password = {**os.environ, "PGPASSFILE": str(house.server.credential_file(SUPERUSER))}
    subprocess.run(
        [binary("pg_basebackup"), "-h", house.server.host, "-U", SUPERUSER, "-D", to, "-X", "stream", "-c", "fast"],
        env=password, check=True,
    )  # fmt: skip


def work_at_the_desk(page: Page, house: House, alarm: str, her: dict[str, Any]) -> None:
    """Take her alarm, write a note, look at everything about her; the record stays on the screen."""
    sign_in_as(page, house.settings.signin.origin, "operator")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    place = f"/alarm/{house.authority(SLUG).id}/{alarm}"
    page.goto(f"{house.settings.desk.origin}{place}")
    page.keyboard.press("Space")
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}'][data-state=taken]")
    for word in (her["street"], CARE, CONTACT, NOTED):
        expect(page.locator("#screen")).to_contain_text(word)
    page.locator("#screen").press("n")
    page.locator("#body").fill(WRITTEN)
    # Where the screen changed by itself just before, the key does nothing and says so: then one presses again.
    wait_for(lambda: WRITTEN in write(page))
    with house.tenant(SLUG, "superuser") as superuser:
        superuser.execute(
            "update alarm set state = 'closed', closed_at = now(), closed_by = 'account:' || holder, holder = null,"
            " escalate_at = null where id = %s",
            (alarm,),
        )
    page.goto(f"{house.settings.desk.origin}/history/{house.authority(SLUG).id}/{alarm}")
    expect(page.locator("body")).to_contain_text(her["street"])


def write(page: Page) -> str:
    """Press what sends a form, where one is still there; return what the screen says then."""
    if page.locator("#body").count():
        page.keyboard.press("Control+Enter")
    page.wait_for_timeout(500)
    return page.locator("#screen").inner_text()


def erase_in_the_browser(page: Page, house: House, her: dict[str, Any]) -> None:
    """One officer orders it in this browser and stays signed in; another approves it elsewhere."""
    sign_in_as(page, house.settings.signin.origin, "records_officer_ekbacka")
    page.wait_for_url(f"{house.settings.portal.origin}/**")
    where = f"/log/{SLUG}/erasure"
    page.goto(f"{house.settings.portal.origin}{where}")
    page.locator("main input[name=text]").fill(her["personal_number"])
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.locator("input[name=decision]").fill("SN 2026/124")
    page.locator("form input[name=sure]").check()
    with page.expect_navigation():
        page.locator(f"form[action='{where}'] button").click()
    page.goto(f"{house.settings.portal.origin}{where}")
    expect(page.locator("main")).to_contain_text(her["family_name"])
    with house.tenant(SLUG, "superuser") as superuser:
        row = superuser.execute("select id from erasure_order").fetchone()
    assert row is not None
    rakel = sign_in(house, "second_records_officer_ekbacka", portal=True)
    done = rakel.ask("POST", f"{where}/decide", order=str(row["id"]), verdict="approved", sure="true")
    assert done.status_code == 303, done.text
    wait_for_certificate(house, rakel, f"{where}/{row['id']}/certificate")


def archive_everything(house: House, archive: Path) -> None:
    """End the segment that is being written, and wait until it lies in the archive."""
    with house.tenant(SLUG, "superuser") as superuser:
        superuser.execute("checkpoint")
        row = superuser.execute("select pg_walfile_name(pg_current_wal_lsn()) as name, pg_switch_wal()").fetchone()
    assert row is not None
    wait_for(lambda: (archive / row["name"]).exists())


def files_below(place: Path) -> Iterator[Path]:
    return (path for path in place.rglob("*") if path.is_file() and not path.is_symlink())


def found_in(copies: Copies, place: Path) -> tuple[dict[str, set[str]], bool]:
    """What stands in which file of a copy, and whether what is there in clear was found there."""
    files = list(files_below(place))
    control = Searcher({}, [CONTROL])
    return copies.searcher.find_in_files(files), control.find_in_files(files) != {}


def test_term_06_1_no_marker_is_in_the_archive_of_the_write_ahead_log(copies: Copies) -> None:
    assert len(list(files_below(copies.archive))) >= 2
    assert found_in(copies, copies.archive) == ({}, True)


@pytest.mark.parametrize("name", ["before", "after"])
def test_term_06_1_no_marker_is_in_a_base_backup(copies: Copies, name: str) -> None:
    assert (copies.sets / name / "backup_manifest").exists()
    assert found_in(copies, copies.sets / name) == ({}, True)


def test_term_06_1_no_marker_is_in_the_profile_of_a_browser_that_was_open_all_the_time(copies: Copies) -> None:
    """It was killed with both sessions open: nobody signed out, and what it would restore holds nobody."""
    contents = dict(contents_of(copies.profile))
    assert len(contents) > 20
    assert {name: found for name, content in contents.items() if (found := copies.searcher.find(content))} == {}


def test_term_06_1_search_finds_her_where_she_is_in_clear(copies: Copies, tmp_path: Path) -> None:
    for number, word in enumerate((SPOKEN, WRITTEN, CARE, CONTACT, NOTED)):
        (tmp_path / str(number)).write_bytes(bytes(100) + word.encode() + bytes(100))
    assert len(copies.searcher.find_in_files(tmp_path.iterdir())) == 5
