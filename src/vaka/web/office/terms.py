# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How the 37 terms stand, for the supplier: the very boards that the authorities see, over all of them and one by one,
and the work that follows. Nothing here sets how anything stands.
"""

from collections import Counter

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import NothingHereError, require
from vaka.access.permissions import Permission
from vaka.assurance.contract import read_contract
from vaka.assurance.evidence import list_supervised
from vaka.assurance.tasks import TURNS, places_of, turn_of
from vaka.database.connections import transaction
from vaka.web.asker import Asker
from vaka.web.backup_shown import read_backup
from vaka.web.office.office import Office
from vaka.web.office.work import list_work
from vaka.web.terms_board import Board, board_words, read_board

HERE = "/terms"
MAY_SEE = Permission.OFFICE_SEE_TERMS


async def show_terms(office: Office, request: Request, asker: Asker) -> Response:
    """GET /terms: each authority's board in a line, and the work to do over all of them."""
    require(asker.principal, MAY_SEE, None)
    boards = await _read_boards(office)
    work = list_work(boards)
    wanted = request.query_params.get("turn", "")
    turn = next((one for one in TURNS if one == wanted), None)
    return office.page(
        asker, "office_terms.html", "terms", HERE if turn is None else f"{HERE}?turn={turn}",
        boards=sorted(boards, key=lambda one: (-len(one.red), one.authority.name)), turn=turn,
        work=[one for one in work if turn in (None, one.turn)], many=len(boards), whole=len(work),
        counts=Counter(one.turn for one in work), **board_words(asker.preferences.language),
    )  # fmt: skip


async def show_board(office: Office, request: Request, asker: Asker) -> Response:
    """GET /terms/{slug}: the board of one authority, as it sees it, with whose turn it is and where it is done."""
    require(asker.principal, MAY_SEE, None)
    now, wanted = office.clock.now(), request.path_params["slug"]
    async with transaction(office.platform) as connection:
        supervised = next((one for one in await list_supervised(connection, now) if one.slug == wanted), None)
        if supervised is None:
            raise NothingHereError
        board = await read_board(connection, supervised, now)
        contract = await read_contract(connection)
        backup = await read_backup(connection, office.backup, supervised.slug, now)
    return office.page(
        asker, "office_board.html", "terms", f"{HERE}/{supervised.slug}",
        board=board, backup=backup, contract=contract, turn_of=turn_of, places_of=places_of,
        **board_words(asker.preferences.language),
    )  # fmt: skip


async def _read_boards(office: Office) -> list[Board]:
    """Every board, as they stand at one second."""
    now = office.clock.now()
    async with transaction(office.platform) as connection:
        return [await read_board(connection, one, now) for one in await list_supervised(connection, now)]
