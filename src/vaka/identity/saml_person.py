# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom a verified assertion is about, and of which organisation."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vaka.identity.reasons import Reason
from vaka.identity.saml_xml import ASSERTION, Element, SamlRefusedError
from vaka.identity.trust_content import NAME_ID, SamlIssuer

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
LONGEST_VALUE = 255
MOST_ATTRIBUTES = 100


def read_attributes(assertion: Element) -> Mapping[str, list[str]]:
    """Return what is said of somebody, by attribute name. Raises SamlRefusedError (CLAIMS)."""
    found: dict[str, list[str]] = {}
    for statement in assertion.all(ASSERTION, "AttributeStatement"):
        if any(not one.name.endswith("}Attribute") for one in statement.children):
            raise SamlRefusedError(Reason.CLAIMS)
        for attribute in statement.all(ASSERTION, "Attribute"):
            name = attribute.attributes.get("Name", "")
            if not name or name in found or len(found) >= MOST_ATTRIBUTES:
                # What is said twice might be believed in halves.
                raise SamlRefusedError(Reason.CLAIMS)
            # An attribute that we do not ask for may hold whole documents; only plain texts are kept.
            found[name] = [one.text.strip() for one in attribute.all(ASSERTION, "AttributeValue") if not one.children]
    return found


def read_subject(assertion: Element, attributes: Mapping[str, list[str]], name: str) -> str:
    """Return what names the person: an attribute, or a NameID that is the same each time. Raises SamlRefusedError."""
    if name != NAME_ID:
        return read_word(attributes, name)
    identifier = assertion.one(ASSERTION, "Subject").one(ASSERTION, "NameID", Reason.CLAIMS)
    if identifier.attributes.get("Format") != PERSISTENT:
        raise SamlRefusedError(Reason.CLAIMS)
    return _usable(identifier.word())


@dataclass(frozen=True, slots=True)
class AtIssuer:
    """What a provider calls somebody, and his session with it: for signing out alone."""

    name: str = field(repr=False)
    """The NameID; as personal as a subject."""
    form: str
    """Its format; empty where none was said."""
    session: str = field(repr=False)
    """The SessionIndex; empty where none was said."""


def read_at_issuer(assertion: Element, statement: Element) -> AtIssuer | None:
    """Return what signing out takes; None where the provider names nobody, or in a way that cannot be said back."""
    names = assertion.one(ASSERTION, "Subject").all(ASSERTION, "NameID")
    if len(names) != 1 or names[0].children:
        return None
    found = AtIssuer(
        names[0].word(), names[0].attributes.get("Format", ""), statement.attributes.get("SessionIndex", "")
    )  # fmt: skip
    words = (found.name, found.form, found.session)
    return found if found.name and all(len(one) <= LONGEST_VALUE for one in words) else None


def read_word(attributes: Mapping[str, list[str]], name: str) -> str:
    """Return the only value of an attribute. Raises SamlRefusedError (CLAIMS)."""
    values = attributes.get(name, [])
    if len(values) != 1:
        raise SamlRefusedError(Reason.CLAIMS)
    return _usable(values[0])


def read_organisation(attributes: Mapping[str, list[str]], issuer: SamlIssuer) -> str | None:
    """Return the organisation, if the issuer may assert anything of it. Raises SamlRefusedError (ORGANISATION).

    Of a scoped value (``somebody@SE5590000000``) the scope counts.
    """
    if issuer.organisation_attribute is None:
        return None
    values = attributes.get(issuer.organisation_attribute, [])
    if len(values) != 1:
        raise SamlRefusedError(Reason.ORGANISATION)
    organisation = values[0].rpartition("@")[2]
    if organisation not in issuer.organisations:
        raise SamlRefusedError(Reason.ORGANISATION)
    return organisation


def _usable(value: str) -> str:
    if not value or len(value) > LONGEST_VALUE:
        raise SamlRefusedError(Reason.CLAIMS)
    return value
