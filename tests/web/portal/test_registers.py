# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an authority is shown of the supplier's registers: nothing by default, and never another's or a name."""

from collections.abc import Iterator
from hashlib import sha256

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import enter
from tests.web.portal.shelf import Shelf
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/registers"


@pytest.fixture
async def beata(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's access approver."""
    return await enter(portal, installation, "beata")


@pytest.fixture
def shelf(installation: Installation) -> Iterator[Shelf]:
    shelf = Shelf(installation)
    yield shelf
    shelf.execute("truncate register_version, register_acknowledgement, register_showing, attachment")


async def test_nothing_is_shown_by_default(beata: Browser, shelf: Shelf) -> None:
    """Rule 4 of the terms: the list of what may be seen is empty, whatever stands in the registers."""
    shelf.put("documents", "in_force", title="Hemlig rutin", purpose="procedure")
    page = await beata.get(HERE)
    assert page.status == 200
    assert "Leverantören visar er inget register än." in page.text
    assert "Hemlig rutin" not in page.text
    assert f'href="{HERE}"' in (await beata.get("/log/ekbacka/terms")).text


async def test_what_is_shown_is_what_holds_and_concerns_it(
    beata: Browser, shelf: Shelf, installation: Installation
) -> None:
    """Another authority's shortcoming is not there, a draft is not, and people stand without their names."""
    ekbacka, other = (installation.authorities[name].id for name in ("ekbacka", "norrvik"))
    owner = str(installation.accounts["adam"])
    shelf.put("documents", "in_force", title="Rutin som gäller", purpose="procedure")
    shelf.put("documents", "draft", title="Rutin som väntar", purpose="procedure")
    shelf.put("findings", "open", [ekbacka], title="Egen brist", severity="high", owner=owner, due="2026-01-01")
    shelf.put("findings", "open", [other], title="Annans brist", severity="high")
    shelf.put("findings", "open", [], title="Ingens brist", severity="high")
    for register in ("documents", "findings"):
        shelf.show(register, "ekbacka", "entries")
    page = (await beata.get(HERE)).text
    for seen in ("Rutin som gäller", "Egen brist", "Rutin för en process", "Hög", owner[-8:], "00" * 32):
        assert seen in page
    for hidden in ("Rutin som väntar", "Annans brist", "Ingens brist", "Adam", owner):
        assert hidden not in page


async def test_of_staff_there_are_numbers(beata: Browser, shelf: Shelf, installation: Installation) -> None:
    """Also where somebody wrote more than that into the row that decides: nobody's name is in what is shown."""
    who = str(installation.accounts["olga"])
    for _ in range(3):
        shelf.put("undertakings", "noted", person=who, customers="yes", signed="2024-01-01")
    for how in ("counts", "entries"):
        shelf.show("undertakings", "ekbacka", how)
        page = (await beata.get(HERE)).text
        assert "Tystnadsförbindelser" in page
        assert 'Antecknad: <span class="figures">3</span>' in page
        assert "Olga" not in page
        assert who not in page
        assert who[-8:] not in page


async def test_what_another_authority_is_shown_is_not_shown_here(beata: Browser, shelf: Shelf) -> None:
    shelf.put("documents", "in_force", title="Rutin för andra", purpose="procedure")
    shelf.show("documents", "norrvik", "entries")
    assert "Rutin för andra" not in (await beata.get(HERE)).text


async def test_files_are_handed_out_where_their_entry_is_shown(
    beata: Browser, shelf: Shelf, installation: Installation
) -> None:
    """And nowhere else: by default, of another authority's entry, of numbers, or with other bytes than were told of."""
    other, body = installation.authorities["norrvik"].id, "Nyckelskåpet".encode()
    entry = shelf.put("documents", "in_force", title="Rutin", purpose="procedure")
    file = shelf.attach(entry, "Rutin åäö.txt", body)
    theirs = shelf.attach(shelf.put("findings", "open", [other], title="Annans brist"), "Annans.txt", b"x")
    draft = shelf.attach(shelf.put("documents", "draft", title="Utkast", purpose="procedure"), "Utkast.txt", b"x")
    staff = shelf.attach(shelf.put("undertakings", "noted", customers="yes"), "Personal.txt", b"x")
    assert (await beata.get(f"{HERE}/files/{file}")).status == 404
    for register in ("documents", "findings", "undertakings"):
        shelf.show(register, "ekbacka", "entries")
    page = (await beata.get(HERE)).text
    assert f'href="{HERE}/files/{file}"' in page
    assert "Rutin åäö.txt" in page
    assert sha256(body).hexdigest() in page
    assert "Adam" not in page
    answer = await beata.get(f"{HERE}/files/{file}")
    assert (answer.status, answer.body) == (200, body)
    assert answer.header("content-disposition").startswith("attachment; ")
    assert "sandbox" in answer.header("content-security-policy")
    for hidden in (theirs, draft, staff, "nothing"):
        assert str(hidden) not in page
        assert (await beata.get(f"{HERE}/files/{hidden}")).status == 404
    shelf.execute("update attachment set body = %s where id = %s", bytes(len(body)), file)
    assert (await beata.get(f"{HERE}/files/{file}")).status == 404
    shelf.show("documents", "ekbacka", "counts")
    assert (await beata.get(f"{HERE}/files/{file}")).status == 404
