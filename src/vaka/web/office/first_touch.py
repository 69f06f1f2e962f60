# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an administrator does before anything else in a session: touch a key of his own, or add the first (term 15).

Signing in at an issuer says who somebody is; the touch says that he has his key, which proves its model and cannot be
copied. Which sessions were confirmed so is remembered here and nowhere else: whoever starts the process again touches
again, and no row that anybody writes confirms a session.
"""

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.identity.ceremonies import SignInAgainError
from vaka.identity.confirming import Act
from vaka.identity.invitations import LONGEST_CODE, read_code
from vaka.identity.refusing import KeyRefusedError
from vaka.identity.security_keys import LONGEST_NAME, UnusableNameError
from vaka.identity.undertaking import UndertakingMissingError
from vaka.ledger.events import Event
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.office import Office, explain
from vaka.web.office.touching import confirm, key_frame
from vaka.web.routes import Address
from vaka.web.touching import Confirming

TOUCH, FIRST_KEY = "/touch", "/first-key"
FIRST = frozenset({TOUCH, FIRST_KEY, f"{FIRST_KEY}/enrol"})
"""The addresses that are open before a key was touched."""


class TouchForm(Form):
    """What a key said."""

    answer: KeyAnswer = ""


class CodeForm(Form):
    """The code that one administrator asked for and another approved."""

    code: Annotated[str, Field(max_length=LONGEST_CODE)] = ""


class NewForm(TouchForm):
    """What the first key is to be called."""

    name: str = ""


async def lead_first(office: Office, asker: Asker, address: Address) -> Response | None:
    """Return the page that has to come first, or None where this session was confirmed."""
    session = asker.session
    # Two custodians touched their keys to open it; that they did is bound to the session (``is_genuine``).
    if session.break_glass is not None:
        return None
    # A locked session is unlocked first, and what asks by itself gets its own answer.
    if session.id in office.confirmed or address.path in FIRST or address.while_locked or address.unasked:
        return None
    has_key = await office.security_keys.has_any(session.account_id)
    if not has_key and office.step_up != "required":
        return None
    return RedirectResponse(TOUCH if has_key else FIRST_KEY, 303)


async def show_touch(office: Office, request: Request, asker: Asker) -> Response:
    """GET /touch: the page on which a key is touched for this session."""
    return await _touch(office, asker, "")


async def take_touch(office: Office, request: Request, asker: Asker) -> Response:
    """POST /touch: confirm this session with a key."""
    return await _touch(office, asker, (await read_form(request, TouchForm)).answer)


async def show_first_key(office: Office, request: Request, asker: Asker) -> Response:
    """GET /first-key: what somebody without a key needs, and the form for the code."""
    if await office.security_keys.has_any(asker.session.account_id):
        return RedirectResponse(TOUCH, 303)
    return office.page(asker, "office_first_key.html", "keys", FIRST_KEY, longest_code=LONGEST_CODE)


async def take_code(office: Office, request: Request, asker: Asker) -> Response:
    """POST /first-key: spend the code, and show the page on which the key is made."""
    form = await read_form(request, CodeForm)
    try:
        options = await office.security_keys.ask_for_first_key(asker.session, read_code(form.code))
    except (KeyRefusedError, SignInAgainError, UndertakingMissingError) as error:
        status, message = explain(asker, error)
        return office.page(asker, "office_first_key.html", "keys", FIRST_KEY, status, longest_code=LONGEST_CODE,
                           message=message)  # fmt: skip
    shown = {"page": "keys", "here": FIRST_KEY, "action": f"{FIRST_KEY}/enrol", "options": options,
             "longest_name": LONGEST_NAME}  # fmt: skip
    return key_frame(office, asker).render("key_new.html", FIRST_KEY, 200, shown)


async def enrol(office: Office, request: Request, asker: Asker) -> Response:
    """POST /first-key/enrol: enrol the key that was made. The session is confirmed by touching it."""
    form = await read_form(request, NewForm)
    try:
        await office.security_keys.enrol(asker.session, form.name, form.answer)
    except (KeyRefusedError, UnusableNameError) as error:
        status, message = explain(asker, error)
        return office.page(asker, "office_first_key.html", "keys", FIRST_KEY, status, longest_code=LONGEST_CODE,
                           message=message)  # fmt: skip
    return RedirectResponse(TOUCH, 303)


async def _touch(office: Office, asker: Asker, answer: str) -> Response:
    session = asker.session
    if not await office.security_keys.has_any(session.account_id):
        return RedirectResponse(FIRST_KEY, 303)
    act = Act(Event.SESSION_STARTED.value, None, f"session:{session.id}", {"realm": session.realm})
    done = await confirm(office, asker, Confirming(act, TOUCH, "/", "keys"), answer)
    if isinstance(done, Response):
        return done
    office.confirmed.add(session.id, session.expires_at)
    return RedirectResponse("/", 303)
