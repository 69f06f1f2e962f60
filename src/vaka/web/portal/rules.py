# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The authority's own rules (term 5): published by its contract officer, with how many of the readers have read them.

Numbers alone are shown: who is behind is for the supplier to find out.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID, uuid4

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.authority_rules import (
    LONGEST_TITLE,
    LONGEST_WORDS,
    Draft,
    PublishedRule,
    list_published,
    publish_rule,
    publishing_act,
    require_day,
)
from vaka.access.permissions import Permission
from vaka.database.connections import transaction
from vaka.errors import Category, VakaError
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.touching import confirm
from vaka.web.refusals import STATUS
from vaka.web.times import LOCAL
from vaka.web.touching import Confirming

MAY_PUBLISH = Permission.PORTAL_PUBLISH_RULES


class RuleForm(Form):
    """A version to publish: of which rule, what it says, and from which day on it holds."""

    rule: UUID
    number: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}$")] = "1"
    title: Annotated[str, Field(max_length=LONGEST_TITLE)] = ""
    words: Annotated[str, Field(max_length=LONGEST_WORDS)] = ""
    file: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{64})?$")] = ""
    day: date
    answer: KeyAnswer = ""

    @property
    def draft(self) -> Draft:
        """What was filled in; whether it is sound is for whoever publishes it."""
        file = bytes.fromhex(self.file) if self.file else None
        return Draft(self.rule, int(self.number), self.title, self.words, file, self.day)


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /rules: the page of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_PUBLISH, "rules")


async def show_rules(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/rules: what is published, how many have acknowledged it, and the form.

    With ``?rule=`` the form is filled with that rule, for its next version.
    """
    authority = await require_authority(portal, request, asker, MAY_PUBLISH)
    return await _show(portal, asker, authority, changes=request.query_params.get("rule", ""))


async def publish(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/rules: publish a version, confirmed with a security key."""
    authority = await require_authority(portal, request, asker, MAY_PUBLISH)
    form, here = await read_form(request, RuleForm), f"/log/{authority.slug}/rules"
    try:
        require_day(form.day, portal.clock.now(), LOCAL)
        asked = Confirming(
            publishing_act(authority.id, form.draft), here, here, "rules",
            {"rule": str(form.rule), "number": form.number, "title": form.title, "words": form.words,
             "file": form.file, "day": form.day.isoformat()},
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform:
            await publish_rule(
                platform, asker.principal, authority.id, form.draft, LOCAL, now=portal.clock.now(),
                confirmation=confirmed,
            )  # fmt: skip
    except VakaError as error:
        if error.category not in (Category.INVALID, Category.CONFLICT, Category.FORBIDDEN):
            raise
        return await _show(portal, asker, authority, form, error)
    return RedirectResponse(here, 303)


async def _show(
    portal: Portal, asker: Asker, authority: Authority, form: RuleForm | None = None, error: VakaError | None = None,
    changes: str = "",
) -> Response:  # fmt: skip
    now = portal.clock.now()
    async with transaction(portal.platform) as platform:
        versions = await list_published(platform, authority.id, now)
    rules: dict[UUID, list[PublishedRule]] = {}
    for one in versions:
        rules.setdefault(one.rule, []).append(one)
    status, message = 200, None
    if error is not None:
        status, message = STATUS[error.category], Message(error.sentence.in_language(asker.preferences.language))
    today = now.astimezone(LOCAL).date()
    shown = sorted(rules.values(), key=lambda history: history[0].published_at, reverse=True)
    return portal.page(
        asker, "portal_rules.html", authority, f"/log/{authority.slug}/rules", status, page="rules", rules=shown,
        today=today, message=message, longest_title=LONGEST_TITLE, longest_words=LONGEST_WORDS,
        form=form or _next_version(versions, changes, today),
    )  # fmt: skip


def _next_version(versions: Sequence[PublishedRule], changes: str, today: date) -> RuleForm:
    """Return the form of a new rule, or filled with the newest version of the rule that is to be changed."""
    before = next((one for one in versions if str(one.rule) == changes), None)
    if before is None:
        return RuleForm(rule=uuid4(), day=today)
    return RuleForm(
        rule=before.rule, number=str(before.number + 1), title=before.title, words=before.words,
        file="" if before.file is None else before.file.hex(),
        day=max(today, before.holds_from.astimezone(LOCAL).date()),
    )  # fmt: skip
