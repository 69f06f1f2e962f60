# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: F811 - a fixture that is imported and asked for
"""The root key is replaced by two people (term 18): one runs the command, another confirms the same run; all real."""

from pathlib import Path

import anyio
import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.office.test_command_touches import behind, since  # noqa: F401
from tests.web.office.test_commands import HERE, ended, runtime, waiting  # noqa: F401
from tests.web.portal.conftest import Logs
from vaka.commands.touches import BY_TWO, TOUCHED
from vaka.identity.command_logins import hash_code

pytestmark = [pytest.mark.anyio, pytest.mark.database]

EMERGENCY = """
    insert into vaka.break_glass (id, first_account, first_key, begun_at, second_account, second_key, session_id,
                                  opened_at, expires_at, reason, binding, review_by)
    select gen_random_uuid(), '{one}', gen_random_uuid(), at, '{other}', gen_random_uuid(), gen_random_uuid(), at,
           at + interval '1 hour', 'Prov', decode(repeat('00', 32), 'hex'), at + interval '2 days'
    from (select now() - interval '1 minute' as at) this"""
ROTATE = ("key", "rotate-root", "--apply", "--change", "C-41", "--reason", "Byte av rotnyckel")


async def test_term_18_4_root_key_is_replaced_by_two_people_and_by_nobody_alone(
    behind: Browser, ada: Browser, installation: Installation, runtime: Path, logs: Logs
) -> None:
    adam, mark = behind, logs.mark("platform")
    meant = {"sure": "yes"}
    async with waiting(installation, runtime, *ROTATE) as (code, process):
        assert (await ada.post(HERE, {"code": code})).status == 400, "whose it is comes first"
        page = await adam.post(HERE, {"code": code})
        assert "Det kräver två personer" in page.text
        done = await adam.post(HERE, {"code": code, **meant})
        assert (done.status, done.header("location")) == (303, f"{HERE}?done=first")
        assert "nu skriver en annan administratör samma kod" in (await adam.get(f"{HERE}?done=first")).text
        assert (await adam.post(HERE, {"code": code, **meant})).status == 400, "nobody is both"
        # Nor are the two custodians of one emergency; nor is his own entry, put there by somebody with the database.
        [first] = since(logs, mark, "command.confirmed")
        logs.execute("platform", EMERGENCY.format(one=adam.account, other=ada.account), unguarded=True)
        assert (await ada.post(HERE, {"code": code, **meant})).status == 400
        logs.execute("platform", "delete from vaka.break_glass", unguarded=True)
        put = f"second_account = '{ada.account}', second_entry = {first['id']}"
        ours = f"where code_hash = '\\x{hash_code(code).hex()}'"
        logs.execute("platform", f"update vaka.command_confirmation set {put} {ours}", unguarded=True)
        await anyio.sleep(3)
        assert process.poll() is None
        away = "second_account = null, second_entry = null"
        logs.execute("platform", f"update vaka.command_confirmation set {away} {ours}", unguarded=True)
        assert since(logs, mark, "key.rotated") == []
        page = await ada.post(HERE, {"code": code})
        for said in ("asks you to be the second person", "vaka key rotate-root", "C-41", "Byte av rotnyckel"):
            assert said in page.text, said
        done = await ada.post(HERE, {"code": code, **meant})
        assert (done.status, done.header("location")) == (303, f"{HERE}?done=second")
        assert "goes on where it was started" in (await ada.get(f"{HERE}?done=second")).text
        status, _, err = await ended(process)
        assert (status, "Confirmed." in err) == (0, True), err
    one, two = since(logs, mark, "command.confirmed")
    assert (one["actor"], two["actor"]) == (f"account:{adam.account}", f"account:{ada.account}")
    assert one["object"] == two["object"]
    assert one["detail"]["digest"] == two["detail"]["digest"], "both confirmed the very same run"
    [replaced] = since(logs, mark, "key.rotated")
    assert (replaced["actor"], replaced["object"].startswith("key:root:")) == (f"account:{adam.account}", True)


async def test_the_database_decides_what_takes_two_by_the_same_names(logs: Logs) -> None:
    decides = "select generation_expression as said from information_schema.columns where column_name = 'by_two'"
    [decided] = logs.ask("platform", decides)
    named = "select %(name)s::text as command, %(said)s::text as arguments"
    of = f"select ({decided['said']}) as by_two from ({named}) this"
    for name in TOUCHED:
        asked = {"name": name.replace(" ", "."), "said": "apply=True authority=ekbacka"}
        assert logs.ask("platform", of, asked) == [{"by_two": name in BY_TWO}], name
    # As the release before this one asked for it.
    [by_its_former_name] = logs.ask("platform", of, {"name": "key.rotate", "said": "apply=True root=True"})
    assert by_its_former_name["by_two"]
