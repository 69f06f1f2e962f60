# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Nothing is said of an issuer that whoever approves it is not shown (term 2)."""

import json
from typing import Any

import pytest

from tests.identity.house import LOA4, content, key
from vaka.identity.trust_content import OidcIssuer, read_content
from vaka.identity.trust_lines import changed, compare

ANOTHER: dict[str, Any] = {
    "issuer": "http://127.0.0.1:2",
    "title_sv": "En annan",
    "title_en": "Another",
    "realms": ["operator", "authority"],
    "levels": {**content()["levels"], LOA4: {**next(iter(content()["levels"].values())), "level": 4}},
    "subject_attribute": "person",
    "matching_attribute": "mail",
    "organisation_attribute": "place",
    "organisations": ["SE-prov-1", "SE-prov-2"],
    "client_id": "another",
    "authorization_endpoint": "http://127.0.0.1:1/elsewhere",
    "token_endpoint": "http://127.0.0.1:1/elsewhere",
    "client_audience": "token_endpoint",
    "algorithms": ["ES256", "PS256"],
    "keys": [key("another").as_dict(private=False)],
    "back_channel_logout": True,
    "end_session_endpoint": "https://idp.example/end",
}
"""By field, something else than `content` says."""


def test_each_field_has_another_value_here() -> None:
    assert ANOTHER.keys() | {"protocol"} == OidcIssuer.model_fields.keys()


@pytest.mark.parametrize("field", ANOTHER)
def test_a_field_that_differs_is_a_line_that_differs(field: str) -> None:
    before, after = (read_content(json.dumps(content(**said))) for said in ({}, {field: ANOTHER[field]}))
    differing = {one.what for one in changed(compare(before, after))}
    assert len(differing) > 1, "the fingerprint of the whole says that something does, and not what"
    assert "whole" in differing
