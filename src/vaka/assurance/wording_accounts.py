# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is wrong with accounts, their roles and sessions, and whom issuers are believed of, as authorities read it."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.errors import Sentence

OF_ACCOUNTS: Mapping[tuple[str, str], Sentence] = MappingProxyType(
    {
        ("conflicting-roles", "held"): Sentence(
            sv="{count} par av roller som inte går ihop innehas av samma människa.",
            en="{count} [pair|pairs] of roles that conflict [is|are] held by one human.",
        ),
        ("duty-exceptions", "over"): Sentence(
            sv="{count} undantag är över, och det som [det|de] tillät pågår.",
            en="{count} [exception is|exceptions are] over while what [it|they] allowed goes on.",
        ),
        ("accounts-of-humans", "shared"): Sentence(
            sv="{count} [konto eller identitet|konton eller identiteter] hör inte till exakt en människa.",
            en="{count} [account or identity does|accounts or identities do] not belong to exactly one human.",
        ),
        ("identities-reused", "reused"): Sentence(
            sv="{count} [identitet av en borttagen person|identiteter av borttagna personer] leder till någon annan.",
            en="{count} [identity of somebody who was removed leads|identities of people who were removed lead] to "
            "somebody else.",
        ),
        ("designated-roles", "unapproved"): Sentence(
            sv="{count} [utpekad roll|utpekade roller] har tilldelats utan myndighetens godkännande. [Den|De] har "
            "ingen verkan.",
            en="{count} designated [role was|roles were] given without the authority's approval. [It has|They have] "
            "no effect.",
        ),
        ("emergency-grants", "unanswered"): Sentence(
            sv="{count} [nödtilldelning|nödtilldelningar] har inte godkänts i tid.",
            en="{count} emergency [grant was|grants were] not approved in time.",
        ),
        ("left-open", "open"): Sentence(
            sv="{count} [session hör till ett konto som inte är aktivt|sessioner hör till konton som inte är aktiva].",
            en="{count} [session belongs to an account that is|sessions belong to accounts that are] not active.",
        ),
        ("ended-accounts", "active"): Sentence(
            sv="{count} [konto är aktivt fast dess|konton är aktiva fast deras] sista dag har passerat.",
            en="{count} [account is active although its|accounts are active although their] last day has passed.",
        ),
        ("session-levels", "low"): Sentence(
            sv="{count} [session|sessioner] vilar inte på en utfärdare och nivå 3.",
            en="{count} [session does|sessions do] not rest on an issuer and level 3.",
        ),
        ("emergency-reviews", "unreviewed"): Sentence(
            sv="{count} [nödåtkomst|nödåtkomster] har inte gåtts igenom i tid.",
            en="{count} emergency [access has|accesses have] not been gone through in time.",
        ),
        ("administrator-class", "misplaced"): Sentence(
            sv="{count} [roll|roller] står på fel slag av konto.",
            en="{count} [role is|roles are] on an account of the wrong class.",
        ),
        ("holder-notices", "undelivered"): Sentence(
            sv="{count} besked om administratörer har inte kommit fram i tid.",
            en="{count} [notice|notices] about administrators [has|have] not arrived in time.",
        ),
        ("machine-logins", "shared"): Sentence(
            sv="{count} [inloggning|inloggningar] på maskinerna som root eller med ett delat konto de senaste 30 "
            "dagarna.",
            en="{count} [sign-in|sign-ins] to the machines as root or by a shared account in the last 30 days.",
        ),
        ("machine-logins", "differ"): Sentence(
            sv="Maskinernas konton är inte de som administratörerna ska ha.",
            en="The machines' accounts are not those that administrators are to have.",
        ),
        ("invitations", "long"): Sentence(
            sv="{count} [inbjudan|inbjudningar] gällde längre än ett dygn, eller togs efter sin tid.",
            en="{count} [invitation|invitations] held for longer than a day, or [was|were] taken after [its|their] "
            "time.",
        ),
        ("accounts-by-hand", "by_hand"): Sentence(
            sv="{count} [rad|rader] om konton, roller eller nycklar har ändrats för hand de senaste 30 dagarna.",
            en="{count} [row|rows] of accounts, roles or keys [was|were] changed by hand in the last 30 days.",
        ),
        ("trust-registry", "undecided"): Sentence(
            sv="{count} utfärdare litas på utan två personers beslut i loggen.",
            en="{count} [issuer is|issuers are] believed without two people's decision in the log.",
        ),
        ("trust-registry", "expired"): Sentence(
            sv="{count} utfärdare har underlag som har gått ut.",
            en="{count} [issuer has|issuers have] evidence that has expired.",
        ),
    }
)
