# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How the sign-in process comes to believe a demo's provider, and its personas to have accounts: as anybody else's.

The demo's two administrators stand behind an entry of the trust registry for each realm, and each persona is linked by
an invitation and an ID token that the guard has verified. Nothing of it is possible where the installation is no demo.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from joserfc.jwk import ECKey

from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.demo.openid import ALGORITHM, AUTHORIZE, REDEEM, make_id_token
from vaka.demo.provider_facts import KEY, Client, Figure, ProviderFacts, facts_file, read_facts, write_facts
from vaka.demo.undertakings import enter_undertakings
from vaka.errors import ConfigurationError
from vaka.identifiers import new_identifier
from vaka.identity.accounts import list_accounts
from vaka.identity.assertion import Said
from vaka.identity.federation import find_known, redeem
from vaka.identity.invitations import invite
from vaka.identity.levels import DEMO, LEVELS
from vaka.identity.oidc import make_client_key
from vaka.identity.oidc_guard import Expected, verify_id_token
from vaka.identity.sessions import Realm
from vaka.identity.subjects import SubjectKey, open_subject_key
from vaka.identity.trust import Trusted, approve, propose
from vaka.identity.trust_content import AcceptedLevel, OidcIssuer
from vaka.settings import Settings

ACTOR = "demo"
ATTRIBUTE = "persona"
NAMES: Mapping[Realm, str] = {
    "operator": "demo-operators", "authority": "demo-authorities", "administrator": "demo-administrators",
}  # fmt: skip
"""What it is called in the registry, as each realm's provider: so it knows whom to show."""
EVIDENCE = "Asserted by the demo's own provider for this installation alone; nobody's identity was looked at"
BELIEVED = timedelta(days=365)


def is_registered(root: Path, settings: Settings, now: datetime) -> bool:
    """Whether the provider is believed already, at the address that it has now, and for a day more."""
    try:
        facts = read_facts(root)
    except ConfigurationError:
        return False
    places = (facts.issuer, facts.sign_in)
    return places == (settings.demo.origin, settings.signin.origin) and facts.until > now.date()


async def register_provider(
    server: Server, settings: Settings, root: Path, figures: Sequence[Figure], now: datetime
) -> None:
    """Have it believed, link the personas that are not linked yet, and write down what the provider has to know.

    It is believed once the ledger has sealed that. Raises VakaError where anything is against it.
    """
    directory = facts_file(root).parent
    directory.mkdir(mode=0o700, exist_ok=True)
    key, until = make_client_key(directory, KEY), (now + BELIEVED).date()
    subjects = open_subject_key(root / settings.signin.subject_key)
    setup = await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-demo")
    signin = await open_connection(server, platform_role("signin"), PLATFORM_DATABASE, application="vaka-demo")
    office = await open_connection(server, platform_role("office"), PLATFORM_DATABASE, application="vaka-demo")
    try:
        active = [one for one in await list_accounts(setup) if one.state == "active"]
        accounts = {one.persona: one.id for one in active}
        administrators = [one.id for one in active if one.kind == "administrator"]
        if len(administrators) < 2:
            raise ConfigurationError(
                "Two administrators decide whom a demo believes, and there are no two any more. Remove the "
                "directory to begin anew."
            )
        people = [(accounts[one.persona], one.realm) for one in figures if one.persona in accounts]
        await enter_undertakings(office, administrators[0], people, now)
        clients = []
        for realm, name in NAMES.items():
            ours = make_client_key(root / settings.signin.client_keys, name)
            client = Client(
                id=new_identifier(now), realm=realm, redirect_uri=f"{settings.signin.origin}/callback/{name}",
                keys=[ours.as_dict(private=False)],
            )  # fmt: skip
            content = _content(settings.demo.origin, client, key, until)
            row = await propose(setup, None, name, content, by=administrators[0], demo=settings.mode == "demo", now=now)
            await approve(setup, row.id, row.digest, by=administrators[1], now=now)
            clients.append(client)
            trusted = Trusted(row.id, None, name, content, {DEMO: LEVELS[DEMO]})
            for figure in figures:
                if figure.realm == realm and figure.persona in accounts:
                    await _link(setup, signin, trusted, client, key, accounts[figure.persona], figure, subjects, now)
    finally:
        await office.close()
        await signin.close()
        await setup.close()
    write_facts(
        root,
        ProviderFacts(
            issuer=settings.demo.origin, sign_in=settings.signin.origin, until=until, clients=clients,
            figures=list(figures),
        ),
    )  # fmt: skip


async def _link(
    setup: Connection, signin: Connection, trusted: Trusted, client: Client, key: ECKey, account: UUID, figure: Figure,
    subjects: SubjectKey, now: datetime,
) -> None:  # fmt: skip
    issuer = trusted.content
    assert isinstance(issuer, OidcIssuer)  # noqa: S101 - narrows the type
    nonce = str(new_identifier(now))
    token = make_id_token(key, issuer.issuer, client.id, figure.persona, nonce, now, now)
    assertion = verify_id_token(token, Expected(trusted, issuer, nonce, now, now))
    said = Said(trusted.name)
    if await find_known(signin, assertion, subjects, said) is not None:
        return
    code = await invite(setup, account, figure.realm, ATTRIBUTE, figure.persona, actor=ACTOR, now=now)
    async with signin.transaction():
        await redeem(signin, assertion, figure.realm, code, ATTRIBUTE, subjects, said, now)


def _content(issuer: str, client: Client, key: ECKey, until: date) -> OidcIssuer:
    return OidcIssuer(
        protocol="oidc", issuer=issuer, title_sv="Demolegitimeringen (påhittade personer)",
        title_en="The demo's provider (invented people)", realms=[client.realm],
        levels={DEMO: AcceptedLevel(level=3, evidence=EVIDENCE, expires=until)}, matching_attribute=ATTRIBUTE,
        client_id=str(client.id), authorization_endpoint=issuer + AUTHORIZE, token_endpoint=issuer + REDEEM,
        algorithms=[ALGORITHM], keys=[key.as_dict(private=False)],
    )  # fmt: skip
