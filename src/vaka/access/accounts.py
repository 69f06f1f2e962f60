# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Joiners and leavers (terms 8 and 13): one administrator asks for an account, another human approves exactly that.

Whoever is asked about, or asked for it, never approves it, with whichever of his accounts. What is approved is done in
the same transaction. Deactivating waits for nobody: it only keeps somebody out.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.access.decide import require
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import RandomBytes
from vaka.identity.accounts import LANGUAGES, LONGEST_NAME
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.expected import KINDS as IDENTITIES
from vaka.identity.expected import require_expected, show_wanted, split_wanted
from vaka.identity.invitations import Code, make_code
from vaka.identity.leaving import LastApproverError, put_out_account
from vaka.identity.sessions import LIFETIMES, Realm
from vaka.identity.undertaking import undertaking_told_by
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing

QUERIES = load_queries("vaka.access")

ANSWER_WITHIN = timedelta(days=14)
"""A request that nobody has answered by then lapses."""

Kind = Literal[
    "create", "reactivate", "remove", "first_key", "rename", "emergency_key", "emergency_key_removal", "identity",
    "second_identity",
]  # fmt: skip
Verdict = Literal["approved", "refused", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for."""

    kind: Kind
    account_id: UUID
    """Of an account that is to be made, the one it will be."""
    human: UUID
    reason: str
    display_name: str = ""
    realm: Realm | None = None
    """Where its human works, of an account to be made or linked; administrators' are a class of their own."""
    language: str | None = None
    ends_at: datetime | None = None
    expects: str = ""
    """Who is expected (`Expected.text`) of an account that is to be made, where that is known: its first invitation."""

    @property
    def text(self) -> str:
        """What it is to be called, who is expected, or both, as it stands in a request until that is decided."""
        return f"{self.display_name}\n{self.expects}" if self.expects else self.display_name

    @property
    def shown(self) -> str:
        """What it is to be called, or who is expected, as people read it."""
        return show_wanted(self.text)

    @property
    def digest(self) -> bytes:
        """SHA-256 over all of it, as the database computes it (``account_request_digest``)."""
        ends = "-" if self.ends_at is None else self.ends_at.astimezone(UTC).isoformat(timespec="seconds")
        said = (
            "vaka account request 1", self.kind, str(self.account_id), str(self.human), self.text,
            self.realm or "-", self.language or "-", ends, self.reason,
        )  # fmt: skip
        return hashlib.sha256("\n".join(said).encode()).digest()

    @property
    def object(self) -> str:
        """How entries name what it is about."""
        return f"account:{self.account_id}"


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """What was asked for, and what became of it."""

    id: UUID
    kind: str
    account_id: UUID
    human: UUID
    display_name: str
    """Of one to be made or called something else; who is expected (`read_expected`), after a name in a line of its own.
    Until it is decided."""
    realm: Realm | None
    language: str | None
    ends_at: datetime | None
    reason: str
    digest: bytes
    requested_by: UUID
    requester: UUID
    """The human who asked."""
    requested_at: datetime
    answer_by: datetime
    state: str
    decided_by: UUID | None
    decided_at: datetime | None
    decision: str
    invites: bool = False
    """Whether approving the account makes its first invitation as well."""

    @property
    def name(self) -> str:
        """What an account that is to be made is to be called."""
        return split_wanted(self.display_name)[0]

    @property
    def expected(self) -> str:
        """Who is expected of the account (`read_expected`); nothing where it says nothing of that."""
        return split_wanted(self.display_name)[1] if self.kind == "create" else self.display_name

    @property
    def shown_expected(self) -> str:
        """Who is expected, as people read it."""
        return show_wanted(self.expected)

    @property
    def is_invitation(self) -> bool:
        """Whether approving it makes an invitation."""
        return self.invites or self.kind in IDENTITIES

    @property
    def shown(self) -> str:
        """What it is to be called, or who is expected, as people read it."""
        return show_wanted(self.display_name)

    @property
    def object(self) -> str:
        """How entries name what it is about."""
        return f"account:{self.account_id}"


class AccountRequestError(VakaError):
    """It cannot be asked for or decided like this; says why."""

    @classmethod
    def of(cls, said: str) -> "AccountRequestError":
        """Return what a word of the database's functions means."""
        return cls(*_REFUSALS[said])


_GONE = Sentence(
    "Det är redan avgjort, eller så har kontot ändrats sedan dess. Inget har ändrats.",
    "It has been decided already, or the account has changed since. Nothing was changed.",
)
_REFUSALS = {
    "gone": (Category.CONFLICT, _GONE),
    "changed": (
        Category.CONFLICT,
        Sentence(
            "Det är inte det som du har sett. Inget har ändrats. Läs sidan en gång till.",
            "It is not what you have seen. Nothing was changed. Read the page once more.",
        ),
    ),
    "own": (
        Category.FORBIDDEN,
        Sentence(
            "Ingen godkänner sitt eget konto, eller det som man själv har begärt. Inget har ändrats. Be en kollega.",
            "Nobody approves his own account, or what he himself has asked for. Nothing was changed. Ask a colleague.",
        ),
    ),
    "stranger": (
        Category.FORBIDDEN,
        Sentence(
            "Det kontot är inget aktivt administratörskonto med rollen administratör. Inget har ändrats.",
            "That account is no active administrator's with the role administrator. Nothing was changed.",
        ),
    ),
    "same": (
        Category.CONFLICT,
        Sentence(
            "Kontot heter redan så. Inget har ändrats.", "The account is called so already. Nothing was changed."
        ),
    ),
    "taken": (
        Category.CONFLICT,
        Sentence(
            "Människan har redan ett konto av det slaget, eller så är identifieraren redan använd. Ett av varje slag "
            "är det mesta som någon kan ha, och ett borttaget konto kommer aldrig tillbaka. Inget har ändrats.",
            "That human has an account of this kind already, or the identifier was used before. Nobody has more than "
            "one of each, and a removed account never comes back. Nothing was changed.",
        ),
    ),
    "unlinked": (
        Category.CONFLICT,
        Sentence(
            "Kontot är ännu ingens, så det finns ingen identitet att lägga en till bredvid. Inget har ändrats. Begär "
            "vem det är till för.",
            "The account is nobody's yet, so there is no identity to put another beside. Nothing was changed. Ask for "
            "whom it is for.",
        ),
    ),
    "waiting": (
        Category.CONFLICT,
        Sentence(
            "Något om kontot väntar redan på beslut. Inget har ändrats. Avgör det först.",
            "Something about the account waits for a decision already. Nothing was changed. Decide that first.",
        ),
    ),
}  # fmt: skip


class UnusableRequestError(VakaError):
    """What was filled in makes no account."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"Ett konto behöver ett namn på 1–{LONGEST_NAME} tecken, var dess människa ska arbeta, språket sv "
                "eller en, och ett slut som inte har varit. Inget har ändrats.",
                en=f"An account needs a name of 1–{LONGEST_NAME} characters, where its human will work, the language "
                "sv or en, and an end that has not been. Nothing was changed.",
            ),
        )


class UnusableNameError(VakaError):
    """Nobody is called that."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"Ett namn är 1–{LONGEST_NAME} tecken på en rad. Inget har ändrats.",
                en=f"A name is 1–{LONGEST_NAME} characters on one line. Nothing was changed.",
            ),
        )


def require_usable(wanted: Wanted, now: datetime) -> Wanted:
    """Return what may be asked for, its words tidied.

    Raises UnusableRequestError, UnusableNameError, UnusableIdentityError, UnusableReasonError.
    """
    reason, name = require_reason(wanted.reason), " ".join(wanted.display_name.split())
    if not reason.isprintable():
        raise UnusableRequestError
    named = 1 <= len(name) <= LONGEST_NAME and name.isprintable()
    if wanted.kind in IDENTITIES:
        expected = require_expected(wanted.display_name, wanted.realm)
        return Wanted(wanted.kind, wanted.account_id, wanted.human, reason, expected.text, wanted.realm)
    if wanted.kind == "rename":
        if not named:
            raise UnusableNameError
        return Wanted(wanted.kind, wanted.account_id, wanted.human, reason, name)
    if wanted.kind == "create":
        sound = named and wanted.realm in LIFETIMES and wanted.language in LANGUAGES
        if not sound or (wanted.ends_at is not None and wanted.ends_at <= now):
            raise UnusableRequestError
        expects = require_expected(wanted.expects, wanted.realm).text if wanted.expects else ""
        return Wanted(
            wanted.kind, wanted.account_id, wanted.human, reason, name, wanted.realm, wanted.language, wanted.ends_at,
            expects,
        )  # fmt: skip
    return Wanted(wanted.kind, wanted.account_id, wanted.human, reason)


def request_act(wanted: Wanted) -> Act:
    """Return the act that asking for it is, as a key confirms it."""
    return Act(Event.ACCOUNT_REQUESTED.value, None, wanted.object, {"kind": wanted.kind, "digest": wanted.digest.hex()})


def decision_act(request: AccountRequest, verdict: Verdict, reason: str) -> Act:
    """Return the act that deciding it is."""
    event = Event.ACCOUNT_APPROVED if verdict == "approved" else Event.ACCOUNT_REFUSED
    said = {"kind": request.kind, "digest": request.digest.hex(), "verdict": verdict}
    return Act(event.value, None, request.object, {**said, "reason": reason.strip()} if reason.strip() else said)


def deactivation_act(account_id: UUID) -> Act:
    """Return the act that putting somebody out is."""
    return Act(Event.ACCOUNT_DEACTIVATED.value, None, f"account:{account_id}")


async def ask_for_account(
    connection: Connection, principal: Principal, request: UUID, wanted: Wanted, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Ask for it, on the office's connection. Nothing is done before it is approved.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UnusableRequestError, UnusableReasonError,
    AccountRequestError, LedgerStandsStillError.
    """
    require(principal, Permission.OFFICE_ASK_ACCOUNT, None)
    sound = require_usable(wanted, now)
    confirmation.require(request_act(sound))
    await file_request(
        connection,
        request,
        sound,
        by=principal.account_id,
        actor=principal.actor,
        step_up=confirmation.step_up,
        now=now,
    )


async def file_request(
    connection: Connection, request: UUID, wanted: Wanted, *, by: UUID, actor: str, step_up: str | None, now: datetime
) -> None:
    """Put a request where somebody approves it (as office; as setup for a named administrator).

    Raises AccountRequestError, LedgerStandsStillError.
    """
    facts = {
        "request": request, "kind": wanted.kind, "account_id": wanted.account_id, "human": wanted.human,
        "display_name": wanted.text, "realm": wanted.realm, "language": wanted.language,
        "ends_at": wanted.ends_at, "reason": wanted.reason, "by": by, "actor": actor, "step_up": step_up,
        "answer_by": now + ANSWER_WITHIN, "now": now,
    }  # fmt: skip
    async with connection.transaction():
        query = QUERIES["request_identity" if wanted.kind in IDENTITIES else "request_account"]
        _require_done(await (await connection.execute(query, facts)).fetchone())
        await require_standing(connection, now)


async def list_account_requests(connection: Connection, account_id: UUID | None = None) -> list[AccountRequest]:
    """Return what was asked for, of one account or of all; what waits first, then the newest (as office)."""
    async with connection.cursor(row_factory=class_row(AccountRequest)) as cursor:
        await cursor.execute(QUERIES["list_account_requests"], {"account_id": account_id})
        return await cursor.fetchall()


async def decide_account(
    connection: Connection, principal: Principal, request: AccountRequest, verdict: Verdict, *, reason: str,
    now: datetime, confirmation: Confirmation, random_bytes: RandomBytes = os.urandom,
) -> Code | None:  # fmt: skip
    """Approve or refuse exactly what was shown, or take back what one asked for; what is approved is done.

    Of a first key that is approved the code is returned; it is stored nowhere. Raises NotAllowedError,
    NothingHereError, NotConfirmedError, UnusableReasonError (a refusal without a reason), AccountRequestError,
    LastApproverError, UndertakingMissingError, LedgerStandsStillError.
    """
    require(principal, Permission.OFFICE_DECIDE_ACCOUNT, None)
    confirmation.require(decision_act(request, verdict, reason))
    why = require_reason(reason) if verdict == "refused" or reason.strip() else ""
    code = make_code(random_bytes=random_bytes) if request.kind == "first_key" and verdict == "approved" else None
    facts = {
        "request": request.id, "digest": request.digest, "verdict": verdict, "by": principal.account_id, "reason": why,
        "step_up": confirmation.step_up, "code_hash": code and code.digest, "now": now,
    }  # fmt: skip
    try:
        async with connection.transaction():
            _require_done(await (await connection.execute(QUERIES["decide_account_request"], facts)).fetchone())
            await require_standing(connection, now)
    except psycopg.errors.UniqueViolation:
        raise AccountRequestError.of("taken") from None
    except psycopg.errors.ObjectNotInPrerequisiteState as error:
        if error.diag.message_detail == "last_approver":
            raise LastApproverError from None
        said = error.diag.message_detail
        raise AccountRequestError.of(said if said == "own" else "gone") from None
    except psycopg.errors.CheckViolation as error:
        raise undertaking_told_by(error) or error from None
    return code


async def put_out(
    connection: Connection, principal: Principal, account_id: UUID, *, now: datetime, confirmation: Confirmation
) -> None:
    """Deactivate an account at once, on the office's connection. One administrator is enough to close a door.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, NotChangeableError.
    """
    require(principal, Permission.OFFICE_ASK_ACCOUNT, None)
    confirmation.require(deactivation_act(account_id))
    await put_out_account(connection, account_id, actor=principal.actor, now=now)


def _require_done(row: tuple[str] | None) -> None:
    said = row[0] if row else "gone"
    if said != "done":
        raise AccountRequestError.of(said)
