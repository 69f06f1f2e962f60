# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What came of authorities' own verifications of their logs (term 26), as they reported it."""

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.assurance.log_checks import list_log_checks
from vaka.database.connections import transaction
from vaka.identity.accounts import name_accounts
from vaka.tenants.authorities import list_authorities
from vaka.web.asker import Asker
from vaka.web.log_checks import MEANS
from vaka.web.office.office import Office

HERE = "/log-checks"


async def show(office: Office, request: Request, asker: Asker) -> Response:
    """GET /log-checks: what authorities reported, the newest first."""
    require(asker.principal, Permission.OFFICE_SEE_TERMS, None)
    async with transaction(office.platform) as connection:
        checks = await list_log_checks(connection)
        authorities = {one.id: one.name for one in await list_authorities(connection)}
        names = await name_accounts(connection, {one.made_by for one in checks})
    return office.page(
        asker, "office_log_checks.html", "terms", HERE, 200, checks=checks, authorities=authorities, names=names,
        means=MEANS,
    )  # fmt: skip
