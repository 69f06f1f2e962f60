# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Why somebody does not get in: a code for the ledger, and a sentence that says what to do."""

from enum import Enum

from vaka.errors import Sentence

_AGAIN = Sentence(
    sv="Inloggningen påbörjades inte i den här webbläsaren, har redan använts eller tog längre tid än tio minuter. "
    "Börja om från inloggningssidan.",
    en="The sign-in was not begun in this browser, was used already or took longer than ten minutes. Begin anew at the "
    "sign-in page.",
)
_ISSUER = Sentence(
    sv="Den inloggningen är inte godkänd här just nu. Välj en annan, eller kontakta den som ansvarar för inloggningen "
    "hos er.",
    en="That way to sign in is not approved here at the moment. Choose another, or turn to whoever is responsible for "
    "sign-in with you.",
)
_CANCELLED = Sentence(
    sv="Inloggningen avbröts hos utfärdaren. Börja om när du vill.",
    en="The sign-in was cancelled at the issuer. Begin anew when you like.",
)
_UNREACHABLE = Sentence(
    sv="Utfärdaren svarar inte som den ska. Försök igen om en stund, eller välj en annan inloggning.",
    en="The issuer does not answer as it should. Try again in a while, or choose another way to sign in.",
)
_UNTRUSTED = Sentence(
    sv="Svaret från utfärdaren gick inte att lita på, och du är inte inloggad. Börja om. Händer det igen, kontakta den "
    "som ansvarar för inloggningen hos er.",
    en="The issuer's answer could not be trusted, and you are not signed in. Begin anew. If it happens again, turn to "
    "whoever is responsible for sign-in with you.",
)
_LEVEL = Sentence(
    sv="Legitimationen du använde räcker inte: här krävs tillitsnivå 3. Börja om och använd en legitimation på den "
    "nivån.",
    en="The identity you used is not enough: level of assurance 3 is needed here. Begin anew with an identity of that "
    "level.",
)
_UNKNOWN = Sentence(
    sv="Ingen här är kopplad till den legitimationen. Har du en inbjudan, ange koden på inloggningssidan först. Annars "
    "kontakta den som bjuder in hos er.",
    en="Nobody here is linked to that identity. If you have an invitation, enter its code at the sign-in page first. "
    "Otherwise turn to whoever invites people with you.",
)
_INVITATION = Sentence(
    sv="Inbjudan gäller inte: den är använd, för gammal eller ställd till någon annan. Be om en ny.",
    en="The invitation does not hold: it was used, is too old or is meant for somebody else. Ask for a new one.",
)
_UNDERTAKING = Sentence(
    sv="Din tystnadsförbindelse är inte införd i registret än, och utan den släpps ingen in. Koden gäller "
    "fortfarande. Be den som bjöd in dig att lägga in förbindelsen, och börja sedan om.",
    en="Your undertaking of secrecy is not in the register yet, and nobody is let in without. The code still holds. "
    "Ask whoever invited you to enter the undertaking, and begin anew then.",
)
_ACCOUNT = Sentence(
    sv="Det går inte att logga in med det kontot här. Kontakta den som ansvarar för konton hos er.",
    en="That account cannot sign in here. Turn to whoever is responsible for accounts with you.",
)
_REVIEW = Sentence(
    sv="En uppgift om dig hos utfärdaren har ändrats, och någon måste se över kopplingen. Kontakta den som ansvarar "
    "för konton hos er.",
    en="Something that the issuer says of you has changed, and somebody has to look at the link. Turn to whoever is "
    "responsible for accounts with you.",
)
_ISSUER_ANSWERS = Sentence(
    sv="Utfärdaren av din e-legitimation svarar, och då gäller inte reservinloggningen. Logga in med e-legitimationen. "
    "Svarar den inte för dig, säg till den som ansvarar för inloggningen hos er.",
    en="The issuer of your electronic identity answers, so the fallback does not hold. Sign in with your electronic "
    "identity. If it does not answer you, tell whoever is responsible for sign-in with you.",
)
_NO_KEY = Sentence(
    sv="Ingen säkerhetsnyckel svarade. Reservinloggningen kräver en nyckel som du har lagt till på ditt konto när du "
    "var inloggad. Börja om, eller gå över till en kollega som är inloggad.",
    en="No security key answered. The fallback needs a key that you added to your account while you were signed in. "
    "Begin anew, or turn to a colleague who is signed in.",
)
_WRONG_REALM = Sentence(
    sv="Reservinloggningen är bara för larmoperatörer. Vänta tills utfärdaren svarar igen.",
    en="The fallback is for alarm operators alone. Wait until the issuer answers again.",
)
_SAME_CUSTODIAN = Sentence(
    sv="Två olika människor behövs, var och en med sin nyckel för nödåtkomst. Ingen session öppnades. Börja om "
    "tillsammans med den andra nyckelinnehavaren.",
    en="It takes two different people, each with a key for emergency access of his own. No session was opened. Begin "
    "anew together with the other custodian.",
)
_EMERGENCY_AGAIN = Sentence(
    sv="Nödåtkomsten påbörjades inte i den här webbläsaren, har redan använts eller tog för lång tid: två minuter för "
    "varje nyckel och fem för båda. Ingen session öppnades. Börja om.",
    en="The emergency access was not begun in this browser, was used already or took too long: two minutes for each "
    "key and five for both. No session was opened. Begin anew.",
)
_NO_WHY = Sentence(
    sv="Skriv varför, med högst 200 tecken på en rad. Ingen session öppnades. Börja om.",
    en="Say why, in at most 200 characters on one line. No session was opened. Begin anew.",
)
_NO_CUSTODIANS = Sentence(
    sv="Nödåtkomst går inte att använda här: det behövs två nyckelinnehavare, och en webbadress som nycklarna gäller "
    "för. Vänta tills utfärdaren svarar igen.",
    en="Emergency access cannot be used here: it takes two custodians, and a web address that keys are good for. Wait "
    "until the issuer answers again.",
)


class Reason(Enum):
    """Every reason, by the code that stands in the ledger."""

    NO_PENDING = ("no_pending", _AGAIN)  # no cookie of a sign-in that was begun here
    STATE = ("state", _AGAIN)  # the answer belongs to another browser's sign-in, or to none
    PENDING_SPENT = ("pending_spent", _AGAIN)  # used before, or older than ten minutes
    ISSUER_NOT_APPROVED = ("issuer_not_approved", _ISSUER)
    ISSUER_MIXED = ("issuer_mixed", _UNTRUSTED)  # the answer names another issuer than was asked
    CLIENT_KEY = ("client_key", _ISSUER)  # the key that we prove ourselves with is not there
    CANCELLED = ("cancelled", _CANCELLED)
    ISSUER_REFUSED = ("issuer_refused", _UNREACHABLE)  # it answered with an error
    ANSWER = ("answer", _UNTRUSTED)  # not what an issuer answers
    TOKEN_UNREACHABLE = ("token_unreachable", _UNREACHABLE)
    TOKEN_REFUSED = ("token_refused", _UNREACHABLE)  # the code was used before, say
    TOKEN_ANSWER = ("token_answer", _UNTRUSTED)  # too large, a redirect, no JSON
    TOKEN_FORM = ("token_form", _UNTRUSTED)  # no signed token
    ALGORITHM = ("algorithm", _UNTRUSTED)
    SIGNATURE = ("signature", _UNTRUSTED)
    ISSUER = ("issuer", _UNTRUSTED)
    AUDIENCE = ("audience", _UNTRUSTED)
    AUTHORISED_PARTY = ("authorised_party", _UNTRUSTED)
    EXPIRED = ("expired", _UNTRUSTED)
    NOT_YET = ("not_yet", _UNTRUSTED)
    NONCE = ("nonce", _UNTRUSTED)
    ACCESS_HASH = ("access_hash", _UNTRUSTED)
    CLAIMS = ("claims", _UNTRUSTED)  # what a claim has to look like it does not
    AUTHENTICATION_TIME = ("authentication_time", _UNTRUSTED)  # not authenticated anew
    RESPONSE_FORM = ("response_form", _UNTRUSTED)  # no SAML response, or one that is too large or ambiguous
    DOCUMENT_TYPE = ("document_type", _UNTRUSTED)  # XML that declares entities
    UNSIGNED = ("unsigned", _UNTRUSTED)
    SIGNATURE_FORM = ("signature_form", _UNTRUSTED)  # it signs something else than what would be read
    NOT_ENCRYPTED = ("not_encrypted", _UNTRUSTED)
    DECRYPTION = ("decryption", _UNTRUSTED)  # not for our key
    DESTINATION = ("destination", _UNTRUSTED)
    RECIPIENT = ("recipient", _UNTRUSTED)
    IN_RESPONSE_TO = ("in_response_to", _UNTRUSTED)  # of another sign-in
    REPLAYED = ("replayed", _UNTRUSTED)  # an assertion that was here before
    LIBRARY = ("library", _UNTRUSTED)  # the library refuses what the guard accepted
    METADATA = ("metadata", _ISSUER)  # of the issuer, not signed by whom it should be
    XMLSEC = ("xmlsec", _ISSUER)  # the program that verifies signatures is not there
    LEVEL_MISSING = ("level_missing", _LEVEL)
    LEVEL_TOO_LOW = ("level_too_low", _LEVEL)
    LEVEL_UNKNOWN = ("level_unknown", _LEVEL)
    LEVEL_EXPIRED = ("level_expired", _ISSUER)  # the evidence for it has
    ORGANISATION = ("organisation", _ACCOUNT)
    UNKNOWN_PERSON = ("unknown_person", _UNKNOWN)
    INVITATION = ("invitation", _INVITATION)
    UNDERTAKING = ("undertaking", _UNDERTAKING)  # invited, and the register holds none of his that is in force
    IDENTIFIER_CHANGED = ("identifier_changed", _REVIEW)
    ACCOUNT = ("account", _ACCOUNT)  # not active, or not of this realm's class
    ISSUER_ANSWERS = ("issuer_answers", _ISSUER_ANSWERS)  # the fallback, while it is not needed
    NO_KEY = ("no_key", _NO_KEY)  # the fallback, and no key said anything
    WRONG_REALM = ("wrong_realm", _WRONG_REALM)  # the fallback, and no account of an operator
    SAME_CUSTODIAN = ("same_custodian", _SAME_CUSTODIAN)  # an emergency, and one key twice, or one human
    EMERGENCY_SPENT = ("emergency_spent", _EMERGENCY_AGAIN)  # not begun here, used before, or too old
    NO_WHY = ("no_why", _NO_WHY)  # an emergency without a reason that can be kept
    NO_CUSTODIANS = ("no_custodians", _NO_CUSTODIANS)  # fewer than two people have a key for emergencies

    def __init__(self, code: str, sentence: Sentence) -> None:
        self.code = code
        self.sentence = sentence
