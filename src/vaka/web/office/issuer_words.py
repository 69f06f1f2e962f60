# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the lines of an issuer are called (``vaka.identity.trust_lines``)."""

from collections.abc import Mapping
from typing import Any

from vaka.web.portal.words import ALL_NAMES as LOG_NAMES
from vaka.web.texts import LANGUAGES, Language, mark, texts_in

REALMS: Mapping[str, str] = {
    "operator": mark("The desk"),
    "authority": mark("The authority's portal"),
    "administrator": mark("The office"),
}
LINES: Mapping[str, str] = {
    "protocol": mark("Protocol"),
    "issuer": mark("Issuer, as it names itself"),
    "title_sv": mark("Name in Swedish"),
    "title_en": mark("Name in English"),
    "realm": mark("For signing in to"),
    "level": mark("Accepted level"),
    "evidence": mark("Evidence"),
    "expires": mark("Evidence holds until"),
    "subject_attribute": mark("What names a person"),
    "matching_attribute": mark("What an invitation has to match"),
    "organisation_attribute": mark("What names the organisation"),
    "organisation": mark("Organisation it may speak of"),
    "client_id": mark("What it calls us"),
    "authorization_endpoint": mark("Where browsers are sent"),
    "token_endpoint": mark("Where tokens are fetched"),
    "client_audience": mark("Whom our proof is made out to"),
    "back_channel_logout": mark("May sign its people out here"),
    "end_session_endpoint": mark("Where browsers are sent to sign out"),
    "sign_out_answer": mark("Where browsers are sent with the answer when it signs somebody out"),
    "algorithm": mark("Signed with"),
    "key": mark("Key, with its fingerprint"),
    "metadata": mark("Fingerprint of the metadata"),
    "metadata_certificate": mark("Certificate of who vouches for the metadata"),
    "metadata_certificate_until": mark("That certificate holds until"),
    "metadata_refused": mark("The metadata are not verified"),
    "metadata_until": mark("Metadata hold until"),
    "sign_in": mark("Where browsers are sent"),
    "certificate": mark("Certificate it signs with"),
    "certificate_until": mark("The certificate holds until"),
    "whole": mark("Fingerprint of all of it"),
}


def names_in(language: Language) -> dict[str, Any]:
    """Return what templates of the office may call, in one language."""
    gettext = texts_in(language).gettext
    return {
        **LOG_NAMES[language],
        "issuer_line_word": lambda what: gettext(LINES[what]),
        "issuer_realm_word": lambda realm: gettext(REALMS[realm]),
    }


ALL_NAMES: Mapping[Language, Mapping[str, Any]] = {language: names_in(language) for language in LANGUAGES}
