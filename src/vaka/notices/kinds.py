# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The kinds of notices, as data: which entries of the log make one, and what it says. Another kind is another row here
and in ``notice_event``, by a migration; a test compares the two.

A notice that leaves the platform names nobody: it says what kind of thing happened, and where in the portal it stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vaka.errors import Sentence
from vaka.ledger.events import Event


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notice."""

    name: str
    subject: Sentence
    """What a mail is headed by."""
    text: Sentence
    """What it says."""
    page: str
    """The page of the portal, below the authority's own address, that shows it."""
    events: tuple[Event, ...]
    """The entries it is made of."""
    says_more: bool = False
    """Whether each says more than its kind does."""
    of_office: bool = False
    """Whether it is for the supplier alone, and its page one of the office."""


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(
                "holders",
                Sentence("Administratörsrättigheter har ändrats", "Administrator rights have changed"),
                Sentence(
                    "Listan över vem som har administratörsrättigheter hos er har ändrats, eller någon försökte ändra "
                    "den för hand. Vem och vad det gäller står i portalen.",
                    "The list of who holds administrator rights with you has changed, or somebody tried to change it "
                    "by hand. Whom and what it concerns stands in the portal.",
                ),
                "holders",
                (
                    Event.ACCOUNT_CREATED, Event.ACCOUNT_INVITED, Event.ACCOUNT_LINKED, Event.ACCOUNT_CHANGED,
                    Event.ACCOUNT_DEACTIVATED, Event.ACCOUNT_REACTIVATED, Event.ACCOUNT_REMOVED, Event.ROLE_REQUESTED,
                    Event.ROLE_APPROVED, Event.ROLE_REFUSED, Event.ROLE_GRANTED, Event.ROLE_REVOKED, Event.ROLE_LAPSED,
                    Event.ROLE_SUSPENDED, Event.ROLE_RESTORED,
                    Event.ROLE_DESIGNATED, Event.ROLE_RELEASED, Event.ROLE_UNAUTHORISED, Event.SECURITY_KEY_ENROLLED,
                    Event.SECURITY_KEY_REMOVED, Event.ROW_CHANGED_BY_HAND,
                    Event.ACCOUNT_REQUESTED, Event.ACCOUNT_APPROVED, Event.ACCOUNT_REFUSED, Event.ACCOUNT_RENAMED,
                    Event.ROLE_PROPOSED, Event.ROLE_AGREED, Event.ROLE_DECLINED,
                    Event.SECURITY_KEY_ALLOWED, Event.HOST_SIGNED_IN, Event.HOST_ACCOUNTS_DIFFER,
                ),
            ),
            Kind(
                "cases",
                Sentence("Ett ärende berör er", "A case touches you"),
                Sentence(
                    "I ett ärende om en incident eller en sårbarhet har något skrivits som berör er, eller så har "
                    "ingen kvitterat i tid. Vad det gäller står i portalen. Säg där att ni har sett det.",
                    "In a case about an incident or a vulnerability something was written that touches you, or nobody "
                    "has acknowledged it in time. What it is about stands in the portal. Say there "
                    "that you have seen it.",
                ),
                "cases",
                (Event.CASE_WRITTEN, Event.CASE_ESCALATED),
            ),
            Kind(
                "log_check",
                Sentence("Något är fel med er logg", "Something is wrong with your log"),
                Sentence(
                    "Er loggranskare har kontrollerat loggen och säger att något är fel med den. Vad står i portalen.",
                    "Your log reviewer has verified the log and says that something is wrong with it. What it is "
                    "stands in the portal.",
                ),
                "checks",
                (Event.LOG_DOUBTED,),
            ),
            Kind(
                "log_check_own",
                Sentence("Något är fel med en myndighets logg", "Something is wrong with an authority's log"),
                Sentence(
                    "En myndighet har kontrollerat sin logg och säger att något är fel med den. Vilken och vad står på "
                    "kontoret.",
                    "An authority has verified its log and says that something is wrong with it. Which one and what "
                    "stands in the office.",
                ),
                "/log-checks",
                (),
                of_office=True,
            ),
            Kind(
                "terms",
                Sentence("Ett villkor uppfylls inte längre", "A term is met no more"),
                Sentence(
                    "Underlag för ett villkor har visat att något inte längre är som det ska, till exempel att en "
                    "accepterad brist har gått ut. Vilket villkor och vad det är står i portalen. Om samma sak får ni "
                    "veta högst en gång om dygnet.",
                    "Evidence of a term has shown that something is no longer as it should be, such as that an "
                    "accepted shortcoming has run out. Which term and what it is stands in the portal. Of the same you "
                    "are told at most once a day.",
                ),
                "terms",
                (Event.EVIDENCE_CHANGED,),
            ),
            Kind(
                "terms_own",
                Sentence("Ett villkor uppfylls inte längre", "A term is met no more"),
                Sentence(
                    "Underlag för ett villkor har visat att något inte längre är som det ska hos en myndighet. Vilken "
                    "och vad står på kontoret.",
                    "Evidence of a term has shown that something is no longer as it should be with an authority. Which "
                    "one and what stands in the office.",
                ),
                "/terms",
                (),
                of_office=True,
            ),
            Kind(
                "contract",
                Sentence("Avtalets text om villkoren har lästs in", "The contract's text of the terms was taken in"),
                Sentence(
                    "Det som avtalet självt säger om de 37 villkoren har lästs in, eller lästs in på nytt i en annan "
                    "lydelse. Det står bredvid vart och ett av villkoren i portalen. Jämför filens fingeravtryck med "
                    "det avtal som ni har.",
                    "What the contract itself says of the 37 terms was taken in, or taken in anew in another wording. "
                    "It stands beside each of the terms in the portal. Compare the fingerprint of its file with the "
                    "contract that you have.",
                ),
                "terms",
                (Event.CONTRACT_IMPORTED,),
                says_more=True,
            ),
            Kind(
                "fallback",
                Sentence("Larmoperatörer är reservinloggade", "Alarm operators are signed in by the fallback"),
                Sentence(
                    "En utfärdare av e-legitimationer svarar inte, eller är förklarad ur bruk. Larmoperatörer som "
                    "arbetar för er loggar in med bara sin säkerhetsnyckel, med färre rättigheter. Ni får veta det "
                    "högst en gång i timmen; varje inloggning står i loggen.",
                    "An issuer of electronic identities does not answer, or is declared out of use. Alarm operators "
                    "who work for you sign in with their security keys alone, with fewer rights. You are told at most "
                    "once an hour; each sign-in stands in the log.",
                ),
                "notices",
                (Event.SIGN_IN_FALLBACK,),
            ),
            Kind(
                "break_glass",
                Sentence("Leverantören använder nödåtkomst", "The supplier uses emergency access"),
                Sentence(
                    "Två av leverantörens administratörer har öppnat systemet med nycklar för nödåtkomst, utan "
                    "e-legitimation, eller så är den åtkomsten slut. Den varar högst en timme. Varför den öppnades och "
                    "vad som gjordes står i loggen i portalen.",
                    "Two of the supplier's administrators have opened the system with keys for emergency access, "
                    "without electronic identities, or that access is over. It lasts an hour at most. Why it was "
                    "opened and what was done stands in the log in the portal.",
                ),
                "notices",
                (Event.BREAK_GLASS_OPENED, Event.BREAK_GLASS_ENDED),
            ),
            Kind(
                "outage",
                Sentence("Ett avbrott hos en utfärdare har förklarats", "An outage of an issuer was declared"),
                Sentence(
                    "En arbetsledare och en administratör hos leverantören har tillsammans förklarat att ingen kommer "
                    "in med en viss e-legitimation, eller så har de avslutat det. Under tiden får larmoperatörer som "
                    "arbetar för er logga in med bara sin säkerhetsnyckel, med färre rättigheter. Vilka, varför och "
                    "hur länge står i loggen.",
                    "A shift leader and an administrator of the supplier have declared together that nobody gets in by "
                    "a certain electronic identity, or have ended that. Meanwhile alarm operators who work for you may "
                    "sign in with their security keys alone, with fewer rights. Who, why and for how long stands in "
                    "the log.",
                ),
                "notices",
                (Event.OUTAGE_DECLARED, Event.OUTAGE_ENDED),
            ),
            Kind(
                "reminder",
                Sentence("Påminnelse om något som ska göras", "A reminder of something to be done"),
                Sentence("Det här ska göras:", "This is to be done:"),
                "tasks",
                (Event.REMINDER_TOLD,),
                says_more=True,
            ),
            Kind(
                "digest",
                Sentence("Veckan: så står villkoren, och det som väntar", "The week: how the terms stand, what waits"),
                Sentence("Så står det den här veckan.", "This is how it stands this week."),
                "tasks",
                (Event.DIGEST_TOLD,),
                says_more=True,
            ),
        )
    }
)  # fmt: skip
