# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is said of an issuer that is believed: strict data, in one canonical form whose SHA-256 is what is approved.

Addresses and keys are part of it. Nothing is looked up at the issuer: whoever could change what it publishes could
otherwise become everybody. An issuer that is about to change its keys is proposed anew with the old and the new ones.
"""

import hashlib
import json
import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from cryptography import x509
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import ErrorDetails

from vaka.errors import Category, Sentence, VakaError
from vaka.identity.levels import DEMO, LEVELS, is_too_low
from vaka.identity.saml_metadata import read_metadata
from vaka.identity.saml_xml import SamlRefusedError
from vaka.identity.sessions import Realm
from vaka.ledger.wording import seems_personal

SIGNING_ALGORITHMS = ("ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512")
"""What an ID token may be signed with. Never ``none``, and nothing with a shared secret (HS…)."""
SMALLEST_RSA_BITS = 2048
LONGEST_EVIDENCE_DAYS = 400
"""Evidence about an issuer is looked at anew every year."""
LARGEST_CONTENT = 48_000  # characters
LARGEST_METADATA = 40_000  # characters
NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")
"""What an issuer is called here."""
NAME_ID = "NameID"
"""As ``subject_attribute`` of a SAML issuer: not an attribute, but the persistent identifier of the subject itself."""


class UnusableTrustError(VakaError):
    """What was proposed about an issuer cannot be believed by anybody; the sentence names every fault."""

    def __init__(self, *faults: Sentence) -> None:
        sv, en = ("; ".join(said) for said in zip(*((one.sv, one.en) for one in faults), strict=True))
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"Det som sägs om utfärdaren går inte att använda: {sv}. Inget har ändrats.",
                en=f"What is said of the issuer cannot be used: {en}. Nothing was changed.",
            ),
        )


class _FaultError(ValueError):
    """What is wrong with one field, as the reader is told: the model that reads the data carries it along."""

    def __init__(self, sv: str, en: str) -> None:
        super().__init__(en)
        self.sentence = Sentence(sv, en)


_WITHOUT_TLS = Sentence("en adress börjar med https://", "an address begins with https://")
_PLAIN_FAULTS = {"missing": "fältet saknas", "extra_forbidden": "fältet finns inte; ta bort det"}
"""What the model itself finds most often, in Swedish; it says the rest in English."""


def is_on_this_machine(url: str) -> bool:
    """Whether an address without TLS is of this machine: allowed in a demo alone."""
    return url.startswith(("http://localhost:", "http://127.0.0.1:", "http://[::1]:"))


def _address(text: str) -> str:
    """Return an address as it was written, where it is one that a browser or we may be sent to. Raises ValueError."""
    parts = urlsplit(text)
    if not text.isascii() or any(sign <= " " or sign in '"<>\\' for sign in text):
        raise _FaultError(
            "en adress har ett tecken som ingen adress har", "an address holds a sign that no address has"
        )
    if not parts.hostname or parts.username is not None or parts.password is not None or "#" in text:
        raise _FaultError(
            "skriv https://värd/sökväg, utan namn, lösenord och #",
            "write https://host/path, without a name, a password or a fragment",
        )
    if parts.scheme != "https" and not is_on_this_machine(text):
        raise _FaultError(_WITHOUT_TLS.sv, _WITHOUT_TLS.en)
    _ = parts.port  # raises ValueError where it is none
    return text


def _impersonal(text: str) -> str:
    if seems_personal(text):
        raise _FaultError("skriv inget personnummer", "write no personal number")
    return text


def _key(key: dict[str, Any]) -> dict[str, Any]:
    """Return a public JWK that can verify. Raises ValueError."""
    if set(key) & {"d", "p", "q", "dp", "dq", "qi", "k"} or key.get("kty") not in ("RSA", "EC"):
        raise _FaultError("en nyckel är en publik RSA- eller EC-nyckel", "a key is a public RSA or EC key")
    if key.get("use", "sig") != "sig":
        raise _FaultError("en nyckel är för signaturer (use: sig)", "a key is for signatures (use: sig)")
    try:
        imported = JWKRegistry.import_key(key)
        size = getattr(imported.raw_value, "key_size", SMALLEST_RSA_BITS) if key["kty"] == "RSA" else SMALLEST_RSA_BITS
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise _FaultError("en nyckel går inte att läsa", "a key cannot be read") from error
    if size < SMALLEST_RSA_BITS:
        raise _FaultError(
            f"en RSA-nyckel har minst {SMALLEST_RSA_BITS} bitar", f"an RSA key has {SMALLEST_RSA_BITS} bits or more"
        )
    return key


def _certificate(text: str) -> str:
    try:
        x509.load_pem_x509_certificate(text.encode("ascii"))
    except ValueError as error:
        raise _FaultError(
            "metadatans certifikat är ett enda certifikat (PEM)", "the metadata certificate is one certificate (PEM)"
        ) from error
    return text


Address = Annotated[str, Field(min_length=8, max_length=500), AfterValidator(_address)]
Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_impersonal)]
Attribute = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.:/-]{0,119}$")]
Key = Annotated[dict[str, Any], AfterValidator(_key)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class AcceptedLevel(_Data):
    """One level that is accepted of this issuer, and why."""

    level: Literal[3, 4]
    evidence: Annotated[str, Field(min_length=10, max_length=500), AfterValidator(_impersonal)]
    """What was reviewed: which decision, which list, which report, of which day."""
    expires: Annotated[date, Field(strict=False)]
    """The last day on which the evidence is believed (UTC)."""


class _Issuer(_Data):
    issuer: Annotated[str, Field(min_length=8, max_length=500)]
    """As its assertions name it, to the letter."""
    title_sv: Word
    title_en: Word
    realms: Annotated[list[Realm], Field(min_length=1, max_length=3)]
    levels: Annotated[dict[str, AcceptedLevel], Field(max_length=10)]
    """By URI. What is not here is refused."""
    subject_attribute: Attribute = "sub"
    """What names a person, always the same and never another's."""
    matching_attribute: Attribute
    """What an invitation must match, and what may never change for a known person."""
    organisation_attribute: Attribute | None = None
    organisations: Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=50)] = []
    """Of which organisations it may assert anything. Empty only where no organisation is asserted."""

    def title_in(self, language: str) -> str:
        """Return what it is called to those who sign in by it."""
        return self.title_sv if language == "sv" else self.title_en

    @model_validator(mode="after")
    def _levels_are_levels(self) -> Self:
        if not self.levels:
            raise _FaultError(
                "en utfärdare står med de nivåer som godtas från den; ingen är angiven",
                "an issuer is listed with the levels that are accepted of it; none is given",
            )
        for uri, accepted in self.levels.items():
            if is_too_low(uri):
                raise _FaultError(
                    f"{uri} är under nivå 3 och godtas aldrig; ta bort den",
                    f"{uri} is below level 3 and never accepted; take it away",
                )
            if uri not in LEVELS:
                raise _FaultError(
                    f"{uri[:100]} är ingen känd nivå; skriv den som utfärdaren gör, till exempel {next(iter(LEVELS))}",
                    f"{uri[:100]} is no known level; write it as the issuer does, for example {next(iter(LEVELS))}",
                )
            if accepted.level != LEVELS[uri]:
                raise _FaultError(f"{uri} är nivå {LEVELS[uri]}", f"{uri} is level {LEVELS[uri]}")
        if bool(self.organisations) != (self.organisation_attribute is not None):
            raise _FaultError(
                "organisations och organisation_attribute anges tillsammans",
                "organisations and organisation_attribute are given together",
            )
        return self


class OidcIssuer(_Issuer):
    """An OpenID provider, and what we are to it."""

    protocol: Literal["oidc"]
    issuer: Address
    client_id: Annotated[str, Field(pattern=r"^[!-~]{1,200}$")]
    authorization_endpoint: Address
    token_endpoint: Address
    client_audience: Literal["issuer", "token_endpoint"] = "issuer"
    """Whom our proof of being this client is made out to. Some know only the older way, the token endpoint."""
    algorithms: Annotated[list[Literal[SIGNING_ALGORITHMS]], Field(min_length=1, max_length=4)]  # type: ignore[valid-type]
    keys: Annotated[list[Key], Field(min_length=1, max_length=10)]
    back_channel_logout: bool = False
    """Whether it may end the sessions that it asserted, by a logout token, when somebody signs out with it."""
    end_session_endpoint: Address | None = None
    """Where a browser is sent to sign out there as well (RP-Initiated Logout); None where it has no such place."""

    @model_validator(mode="after")
    def _names_people_alike(self) -> Self:
        if self.back_channel_logout and self.subject_attribute != "sub":
            raise ValueError("with back_channel_logout subject_attribute is sub: logout tokens name nobody else")
        return self


class SamlIssuer(_Issuer):
    """A SAML identity provider, by its signed metadata."""

    protocol: Literal["saml"]
    subject_attribute: Attribute = NAME_ID
    metadata: Annotated[str, Field(min_length=1, max_length=LARGEST_METADATA)]
    """The whole document, with the signature of whoever vouches for it."""
    metadata_certificate: Annotated[str, Field(max_length=10_000), AfterValidator(_certificate)]
    """Whose signature that is (PEM)."""
    single_logout: bool = False
    """Whether it may end the sessions that it asserted, and its people are offered to sign out there too."""


Content = OidcIssuer | SamlIssuer
_SAID_LATER = ("back_channel_logout", "end_session_endpoint", "single_logout")
"""What rows do not hold where it is not so."""
_CONTENT: TypeAdapter[Content] = TypeAdapter(Annotated[Content, Field(discriminator="protocol")])


def require_name(name: str) -> str:
    """Return what an issuer may be called here. Raises UnusableTrustError."""
    if not NAME.fullmatch(name):
        raise UnusableTrustError(Sentence(
            "namnet är 2–31 tecken a–z, 0–9 och -, och börjar med en bokstav, som i freja-ekbacka",
            "the name is 2–31 characters a–z, 0–9 and -, and begins with a letter, as in freja-ekbacka",
        ))  # fmt: skip
    return name


def read_content(text: str) -> Content:
    """Read what a file, or a row, says of an issuer. Raises UnusableTrustError with every fault; quotes no value."""
    if len(text) > LARGEST_CONTENT:
        raise UnusableTrustError(
            Sentence(f"det är längre än {LARGEST_CONTENT} tecken", f"it is longer than {LARGEST_CONTENT} characters")
        )
    try:
        return _CONTENT.validate_json(text)
    except ValidationError as error:
        raise UnusableTrustError(*map(_say, error.errors(include_input=False, include_url=False))) from None


def _say(fault: ErrorDetails) -> Sentence:
    """Return where a fault is and what to do, without the value that is wrong."""
    where = ".".join(str(part) for part in fault["loc"][1:])
    raised = fault.get("ctx", {}).get("error")
    if isinstance(raised, _FaultError):
        said = raised.sentence
    else:
        plain = fault["msg"].removeprefix("Value error, ")
        said = Sentence(_PLAIN_FAULTS.get(fault["type"], plain), plain)
    return Sentence(f"{where or 'det hela'}: {said.sv}", f"{where or 'the whole'}: {said.en}")


def require_current(content: Content, now: datetime, *, demo: bool) -> None:
    """Refuse a proposal that nobody could sign in by, or that is believed too long. Raises UnusableTrustError."""
    today = now.astimezone(UTC).date()
    for uri, accepted in content.levels.items():
        if not 0 <= (accepted.expires - today).days <= LONGEST_EVIDENCE_DAYS:
            raise UnusableTrustError(Sentence(
                f"underlaget för {uri} går ut inom {LONGEST_EVIDENCE_DAYS} dagar från i dag, och har inte gått ut; "
                "granska utfärdaren på nytt och skriv det nya underlaget med sin sista dag",
                f"the evidence for {uri} expires within {LONGEST_EVIDENCE_DAYS} days from today, and has not expired; "
                "review the issuer anew, and write the new evidence with its last day",
            ))  # fmt: skip
    if isinstance(content, SamlIssuer):
        _require_vouched_for(content, now)
    if not demo and DEMO in content.levels:
        raise UnusableTrustError(Sentence(f"{DEMO} är en nivå bara i en demo", f"{DEMO} is a level in a demo alone"))
    if not demo and is_of_a_demo(content):
        raise UnusableTrustError(_WITHOUT_TLS)


def require_own_realm(content: Content, *, of_authority: bool) -> None:
    """Refuse an authority's issuer that is to let in others than the authority's people. Raises UnusableTrustError."""
    if of_authority and list(content.realms) != ["authority"]:
        raise UnusableTrustError(Sentence(
            'en myndighets utfärdare släpper in myndighetens egna och inga andra; skriv realms = ["authority"]',
            'an authority\'s issuer lets in the authority\'s own people and nobody else; write realms = ["authority"]',
        ))  # fmt: skip


def is_of_a_demo(content: Content) -> bool:
    """Whether it can be believed in a demo alone: its level is a demo's, or it is on this machine and without TLS."""
    if isinstance(content, OidcIssuer):
        addresses = [content.issuer, content.authorization_endpoint, content.token_endpoint]
        addresses += [content.end_session_endpoint] if content.end_session_endpoint else []
    else:
        try:
            provider = read_metadata(content.metadata, content.metadata_certificate)
            addresses = [content.issuer, provider.sign_in]
            addresses += [one for one in (provider.sign_out, provider.sign_out_answer) if one is not None]
        except SamlRefusedError:
            addresses = [content.issuer]  # nobody signs in by it
    return DEMO in content.levels or any(is_on_this_machine(address) for address in addresses)


def write_content(content: Content) -> str:
    """Return the canonical text: the same bytes for the same meaning, also of rows from before it could all be said."""
    said = content.model_dump(mode="json")
    for name in _SAID_LATER:
        if not said.get(name):
            said.pop(name, None)
    return json.dumps(said, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def digest_of(identifier: UUID, authority_id: UUID | None, name: str, content: str) -> str:
    """Return what an approval is bound to: SHA-256 (hex) over which row it is, whose, its name and its content."""
    stated = f"vaka trust v1\n{identifier}\n{authority_id or 'supplier'}\n{name}\n{content}"
    return hashlib.sha256(stated.encode()).hexdigest()


def _require_vouched_for(content: SamlIssuer, now: datetime) -> None:
    """Refuse metadata that are not signed as said, hold no more, are another issuer's, or lead to no address."""
    try:
        provider = read_metadata(content.metadata, content.metadata_certificate)
    except SamlRefusedError as refused:
        raise UnusableTrustError(Sentence(
            f"metadatan går inte att lita på ({refused.reason.code}); hämta den på nytt, och stäm av certifikatet med "
            "den som signerar den",
            f"the metadata are refused ({refused.reason.code}); fetch them anew, and compare the certificate with "
            "whoever signs them",
        )) from None  # fmt: skip
    if provider.entity_id != content.issuer:
        raise UnusableTrustError(Sentence("metadatan är en annan utfärdares", "the metadata are another issuer's"))
    if provider.valid_until is not None and provider.valid_until <= now:
        raise UnusableTrustError(Sentence(
            "metadatan gäller inte längre (validUntil); hämta den på nytt",
            "the metadata do not hold any more (validUntil); fetch them anew",
        ))  # fmt: skip
    try:
        _address(provider.sign_in)
    except ValueError as error:
        said = error.sentence if isinstance(error, _FaultError) else Sentence(str(error), str(error))
        raise UnusableTrustError(
            Sentence(f"adressen att logga in på: {said.sv}", f"the address to sign in at: {said.en}")
        ) from None
