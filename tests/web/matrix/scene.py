# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who walks, and what there is to be found: an account for every role in each authority, and real objects in both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from tests.auditing import engage as engage_auditor
from tests.platform import make_account, platform_as
from tests.web.browsers import Answer, Browser
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from tests.web.matrix.applications import Application, Opened
from tests.web.matrix.samples import AUTHORITY, Named, Sample, Value
from vaka.access.grants import grant_role
from vaka.access.roles import ROLES, WITH_AUTHORITIES
from vaka.access.time_boxes import TIME_BOXED, usual_end
from vaka.identity.sessions import Realm, open_session
from vaka.web.asker import COOKIES

PLACES = ("ekbacka", "norrvik")
"""Authority A and authority B."""
A, B = PLACES


@dataclass(frozen=True, slots=True)
class Walker:
    """An account with one role in one authority, or at the supplier's own premises; or with none."""

    account: UUID
    kind: str
    role: str | None = None
    place: str | None = None

    @property
    def realms(self) -> tuple[Realm, ...]:
        """To which realms the account can sign in."""
        return ("administrator",) if self.kind == "administrator" else ("operator", "authority")

    def __str__(self) -> str:
        return f"{self.kind} without role" if self.role is None else f"{self.role} in {self.place or 'no authority'}"


@dataclass
class Cast:
    """Everybody who walks, and their sessions."""

    installation: Installation
    walkers: Sequence[Walker]
    _tokens: dict[tuple[UUID, str], str] = field(default_factory=dict)

    def who(self, role: str, place: str) -> Walker:
        """Return who holds a role in a place; a role of administrators' is held in none."""
        return next(one for one in self.walkers if one.role == role and one.place in (place, None))

    async def browser(self, application: Application, opened: Opened, walker: Walker, realm: Realm) -> Browser:
        """Return a browser in which somebody is signed in to a realm, before an application."""
        known = (walker.account, realm)
        if known not in self._tokens:
            self._tokens[known] = await self._open(walker, realm)
        cookies = {COOKIES[realm]: self._tokens[known]}
        return Browser(opened.app, application.origin, cookies, str(walker.account))

    async def new_session(self, application: Application) -> dict[str, str]:
        """Return the cookie of a new session of somebody without any role; it may be ended."""
        nobody = next(one for one in self.walkers if one.role is None and application.realm in one.realms)
        return {COOKIES[application.realm]: await self._open(nobody, application.realm)}

    async def _open(self, walker: Walker, realm: Realm) -> str:
        signin = await self.installation.signing_in()
        return await open_session(signin, walker.account, realm, "walk", datetime.now(UTC))


async def engage(installation: Installation) -> Cast:
    """Make an account for every role in each of the two authorities, and two with none."""
    walkers: list[Walker] = []
    now = datetime.now(UTC)
    roles: list[tuple[str, str | None]] = [(role, place) for role in WITH_AUTHORITIES for place in PLACES]
    roles += [(role, None) for role in ROLES if role not in WITH_AUTHORITIES]
    async with platform_as(installation.server, "setup") as setup:
        for kind in ("user", "administrator"):
            account = await make_account(installation.server, f"Vandrare {kind}", kind=kind, now=now)
            walkers.append(Walker(account, kind))
        for number, (role, place) in enumerate(roles):
            kind = "administrator" if place is None else "user"
            account = await make_account(installation.server, f"Vandrare {number}", kind=kind, now=now)
            where = None if place is None else installation.authorities[place].id
            end = usual_end(role, now)
            await grant_role(setup, account, role, where, actor="setup", now=now, valid_until=end)
            if role in TIME_BOXED and where is not None:
                engage_auditor(installation.server, where, account, now=now)
            walkers.append(Walker(account, kind, role, place))
    return Cast(installation, walkers)


def nowhere(name: str) -> str:
    """Return what an object that exists nowhere could be called: something new each time."""
    if name in ("person_name", "personal_number"):
        return {"person_name": "Ingen Alls", "personal_number": "19320212-9809"}[name]
    return str(uuid4())


def fill(
    sample: Sample, authority: str, find: Callable[[str], str], other: Mapping[tuple[str, str], str] | None = None
) -> tuple[str, dict[str, str]]:
    """Return path and form of a sample about an authority's objects; ``other`` says what stands in a slot instead."""

    def value(where: str, name: str, of: Value) -> str:
        if other and (where, name) in other:
            return other[where, name]
        if not isinstance(of, Named):
            return of
        return authority if of == AUTHORITY else find(of.name)

    path = sample.path
    for name, of in sample.parts.items():
        path = path.replace(f"{{{name}}}", value("path", name, of))
    return path, {name: value("form", name, of) for name, of in sample.fields.items()}


async def ask(browser: Browser, method: str, path: str, fields: Mapping[str, str]) -> Answer:
    """Send a request as a page of ours would; of a stream, only how it begins is waited for."""
    if path.endswith("/stream"):
        async with browser.stream(path) as stream:
            return Answer(stream.status, [], b"")
    return await (browser.get(path) if method == "GET" else browser.post(path, fields))


def is_sent_to_sign_in(method: str, answer: Answer) -> bool:
    """Whether the answer is what strangers get."""
    where = answer.header("location")
    led = method == "GET" and answer.status == 303 and where.startswith(SETTINGS.signin.origin)
    return led or answer.status == 401
