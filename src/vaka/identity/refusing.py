# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Why a security key was not accepted: a code for the ledger, a sentence for the person."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from vaka.errors import Category, Sentence, VakaError


class Reason(Enum):
    """Each thing that can be wrong. The comment says what was seen."""

    MALFORMED = "malformed"  # no answer of a browser, or of a key, looks like this
    CEREMONY = "ceremony"  # an answer to the other question: made where one should be used, or the other way round
    CHALLENGE_UNKNOWN = "challenge_unknown"  # nobody asked this
    CHALLENGE_USED = "challenge_used"  # it was answered before: a replay
    CHALLENGE_EXPIRED = "challenge_expired"  # it was asked too long ago
    CHALLENGE_ELSEWHERE = "challenge_elsewhere"  # another session was asked, or for another purpose
    OTHER_ACT = "other_act"  # the key was touched for an act with other parameters
    ORIGIN = "origin"  # another page's address
    CROSS_ORIGIN = "cross_origin"  # the page stood inside another's
    SITE = "site"  # a key that was made for another site
    NOT_PRESENT = "not_present"  # nobody touched it
    NOT_VERIFIED = "not_verified"  # the key did not ask who touches it (PIN, finger)
    SYNCED = "synced"  # a key that can be copied, where that is not allowed
    BACKUP_CHANGED = "backup_changed"  # it could be copied and now cannot, or the other way round
    ALGORITHM = "algorithm"  # signs with what the cryptographic policy does not name
    ATTESTATION = "attestation"  # it does not prove what model it is
    MODEL = "model"  # a model that is not on the installation's list
    COUNTER = "counter"  # it has counted backwards: there may be a copy
    UNKNOWN_KEY = "unknown_key"  # no enrolled key, or no longer
    KEY_OF_ANOTHER = "key_of_another"  # somebody else's key
    KEY_BY_HAND = "key_by_hand"  # its row was not written, or not left, as this program does
    SIGNATURE = "signature"  # the signature is not the key's
    NOT_INVITED = "not_invited"  # a first key without a code that two other administrators gave, or with a spent one
    ENROLLED_ALREADY = "enrolled_already"  # the key is somebody's, perhaps one's own
    OTHER_PURPOSE = "other_purpose"  # a key for emergencies where an own one is asked for, or the other way round
    TOO_MANY = "too_many"  # the account has as many keys as it may


_GENERAL = Sentence(
    sv="Säkerhetsnyckeln godtogs inte. Inget har ändrats. Försök igen.",
    en="The security key was not accepted. Nothing was changed. Try again.",
)
_AGAIN = Sentence(
    sv="Bekräftelsen gäller inte längre. Inget har ändrats. Försök igen, och rör vid nyckeln inom två minuter.",
    en="The confirmation no longer holds. Nothing was changed. Try again, and touch the key within two minutes.",
)
_UNLISTED = Sentence(
    sv="Nyckeln är inte av en modell som är godkänd här. Inget har ändrats. Använd en nyckel av en godkänd modell.",
    en="The key is not of a model that is approved here. Nothing was changed. Use a key of an approved model.",
)
_NOT_YOURS = Sentence(
    sv="Den nyckeln är inte tillagd på ditt konto. Inget har ändrats. Använd en av dina egna nycklar.",
    en="That key is not enrolled on your account. Nothing was changed. Use one of your own keys.",
)

SENTENCES: Mapping[Reason, Sentence] = MappingProxyType(
    {
        Reason.CHALLENGE_UNKNOWN: _AGAIN,
        Reason.CHALLENGE_USED: _AGAIN,
        Reason.CHALLENGE_EXPIRED: _AGAIN,
        Reason.CHALLENGE_ELSEWHERE: _AGAIN,
        Reason.OTHER_ACT: Sentence(
            sv="Det som skickades är inte det som nyckeln bekräftade. Inget har ändrats. Läs igenom det en gång till.",
            en="What was sent is not what the key confirmed. Nothing was changed. Read it through once more.",
        ),
        Reason.NOT_VERIFIED: Sentence(
            sv="Nyckeln frågade inte vem som rörde den. Inget har ändrats. Ställ in en PIN-kod eller ett fingeravtryck "
            "på nyckeln och försök igen.",
            en="The key did not ask who touched it. Nothing was changed. Set a PIN or a fingerprint on the key and "
            "try again.",
        ),
        Reason.SYNCED: Sentence(
            sv="Nyckeln kan kopieras mellan enheter, och det är inte tillåtet för ditt konto. Inget har ändrats. "
            "Använd en nyckel som inte kan lämna sin enhet.",
            en="The key can be copied between devices, which is not allowed for your account. Nothing was changed. "
            "Use a key that cannot leave its device.",
        ),
        Reason.ATTESTATION: _UNLISTED,
        Reason.MODEL: _UNLISTED,
        Reason.ALGORITHM: Sentence(
            sv="Nyckeln signerar på ett sätt som inte är tillåtet här. Inget har ändrats. Använd en annan nyckel.",
            en="The key signs in a way that is not allowed here. Nothing was changed. Use another key.",
        ),
        Reason.COUNTER: Sentence(
            sv="Nyckeln kan ha kopierats: den räknade bakåt. Inget har ändrats. Ta bort nyckeln och säg till den som "
            "ansvarar för säkerheten.",
            en="The key may have been copied: it counted backwards. Nothing was changed. Remove the key and tell "
            "whoever is in charge of security.",
        ),
        Reason.UNKNOWN_KEY: _NOT_YOURS,
        Reason.KEY_OF_ANOTHER: _NOT_YOURS,
        Reason.ENROLLED_ALREADY: Sentence(
            sv="Nyckeln är redan tillagd. Inget har ändrats.", en="The key is enrolled already. Nothing was changed."
        ),
        Reason.NOT_INVITED: Sentence(
            sv="Koden gäller inte: den är fel, använd, för gammal eller för någon annan. Inget har ändrats. Be två "
            "andra administratörer om en ny.",
            en="The code does not hold: it is wrong, used, too old, or somebody else's. Nothing was changed. Ask two "
            "other administrators for a new one.",
        ),
        Reason.OTHER_PURPOSE: Sentence(
            sv="Den nyckeln är inte till för det här: nycklar för nödåtkomst öppnar bara den, och andra nycklar öppnar "
            "den inte. Inget har ändrats. Använd den andra nyckeln.",
            en="That key is not for this: keys for emergency access open nothing else, and other keys do not open it. "
            "Nothing was changed. Use the other key.",
        ),
        Reason.TOO_MANY: Sentence(
            sv="Kontot har redan så många nycklar som det får ha. Inget har ändrats. Ta bort en först.",
            en="The account has as many keys as it may have. Nothing was changed. Remove one first.",
        ),
    }
)  # fmt: skip


class KeyRefusedError(VakaError):
    """A security key, or what it signed, was not accepted."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(Category.FORBIDDEN, SENTENCES.get(reason, _GENERAL))
        self.reason = reason
