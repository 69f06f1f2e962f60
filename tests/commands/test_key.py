# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka key`: what there is, and replacing it: with a trace, and without anybody who reads being disturbed."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.hashes import SHA256
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from psycopg.rows import dict_row

from tests.keys.running import running_keyholder
from tests.people import with_keys
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities
from vaka.commands.main import main
from vaka.commands.programs import answers
from vaka.crypto.certificates import found_issuer
from vaka.crypto.signing import public_pem
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.keys.keyring import AuthorityKeys, Keyring
from vaka.operations.certificates.issuers import keep_issuer
from vaka.tenants.doors import read_rules

pytestmark = pytest.mark.database

APPLY = ("--apply", "--change", "C-18", "--reason", "Planerat underhåll")
TENANT = "vaka_t_ekbacka"
LAST = """
    select event, actor, object, detail::text from (
        select id, event, actor, object, detail from ledger.inbox
        union all
        select (leaf->>'id')::bigint, leaf->>'event', leaf->>'actor', leaf->>'object', leaf->'detail'
        from (select convert_from(leaf, 'utf8')::jsonb as leaf from ledger.log_entry) sealed
    ) as entry where event in ('key.rotated', 'edition.readmitted', 'command.run') order by id desc limit 1"""


def vaka(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@contextmanager
def running(data: DataDirectory) -> Iterator[None]:
    """As if a supervisor kept database and keyholder running: commands leave both as they are."""
    data.cluster.start()
    try:
        with data.locked(), running_keyholder(data.root):
            yield
    finally:
        data.cluster.stop()


def last_entry(data: DataDirectory, database: str) -> dict[str, object]:
    with closing(psycopg.connect(data.cluster.server.conninfo(SUPERUSER, database), row_factory=dict_row)) as one:
        row = one.execute(LAST).fetchone()
    assert row is not None
    return dict(row)


def test_keys_are_listed_and_none_is_shown(made: DataDirectory) -> None:
    """Nothing runs: database and keyholder are started for the while."""
    shown = vaka("key", "list", "--data", made.root)
    assert shown.exit_code == 0, shown.output
    lines = [line.split() for line in shown.output.splitlines()]
    assert lines[0][:2] == ["key", "of"]
    assert {tuple(line[:2]) for line in lines[1:]} >= {("root", "platform"), ("authority", "ekbacka")}
    assert ["lookup", "device", "identities", "platform"] in [line[:4] for line in lines], "the key no keyholder has"
    told = json.loads(vaka("key", "list", "--data", made.root, "--json").output)
    assert {"kind", "owner", "created", "rotate_by", "state", "keys", "id", "purpose"} == told[0].keys()
    assert "signing" not in {one["kind"] for one in told}, "nothing was ever erased here"
    rules = read_rules(made.root, made.load_settings())
    told = json.loads(vaka("key", "list", "--data", made.root, "--json").output)
    [signing] = [one for one in told if one["kind"] == "signing"]
    # By the digest that the entry of each certificate names.
    assert signing["id"] == sha256(public_pem(rules.seed)).hexdigest()
    assert (signing["purpose"], signing["state"]) == ("certificates of erasure", "current")
    assert rules.seed.hex() not in json.dumps(told)
    assert not answers(made.root / "run" / "keyholder.sock")


def test_the_bill_is_a_bill(made: DataDirectory) -> None:
    read_rules(made.root, made.load_settings())  # as the scheduler does for its first certificate
    shown = vaka("key", "bill", "--data", made.root)
    assert shown.exit_code == 0, shown.output
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(shown.output) is None
    [ours] = [one for one in json.loads(shown.output)["components"] if "by device identities" in one["description"]]
    material = ours["cryptoProperties"]["relatedCryptoMaterialProperties"]
    assert material["algorithmRef"] == "algorithm/HMAC-SHA256/lookup"
    [signing] = [
        one for one in json.loads(shown.output)["components"] if "certificates of erasure" in one["description"]
    ]
    material = signing["cryptoProperties"]["relatedCryptoMaterialProperties"]
    assert (material["type"], material["algorithmRef"]) == ("private-key", "algorithm/Ed25519/signature")
    issuer = found_issuer("members", ["vaka.internal"], [], SystemClock().now())
    keep_issuer(made.root, "members", issuer)
    listed = json.loads(vaka("key", "list", "--data", made.root, "--json").output)
    [line] = [one for one in listed if one["kind"] == "certificate"]
    assert (line["id"], line["purpose"]) == (issuer.certificate.fingerprint(SHA256()).hex(), "members")
    assert line["state"] == "current"
    components = json.loads(vaka("key", "bill", "--data", made.root).output)["components"]
    [issuing] = [one for one in components if "issuing certificates as members" in one["description"]]
    material = issuing["cryptoProperties"]["relatedCryptoMaterialProperties"]
    assert material["algorithmRef"] in {one["bom-ref"] for one in components}
    assert material["algorithmRef"].startswith("algorithm/ECDSA-P256-SHA256/")


def test_it_is_said_whose_key(made: DataDirectory) -> None:
    shown = vaka("key", "rotate", "--data", made.root)
    assert (shown.exit_code, "--authority" in shown.stderr) == (2, True)


def test_an_authority_that_is_not_there(made: DataDirectory) -> None:
    shown = vaka("key", "rotate", "--data", made.root, "--authority", "nowhere")
    assert (shown.exit_code, "There is no authority 'nowhere'" in shown.stderr) == (1, True)


def test_a_change_is_named(made: DataDirectory) -> None:
    shown = vaka("key", "rotate-root", "--data", made.root, "--apply")
    assert (shown.exit_code, "--change" in shown.stderr) == (1, True)


@pytest.mark.parametrize(
    ("command", "whose", "kind", "database"),
    [("rotate", ("--authority", "ekbacka"), "authority", TENANT), ("rotate-root", (), "root", None)],
)
def test_a_key_is_replaced_while_somebody_reads(
    made: DataDirectory, command: str, whose: tuple[str, ...], kind: str, database: str | None
) -> None:
    server, person = made.cluster.server, uuid4()
    facts = {"given_name": "Asta"}
    with running(made):
        authority = next(one for one in active_authorities(server) if one.slug == "ekbacka")

        async def replaced(keyring: Keyring) -> str:
            """Seal before, replace meanwhile, open afterwards: with the same keyring, and with a new one."""
            keys = keyring.of(authority.id)
            await keys.create([person])
            row = keys.seal_row("person", str(person), person, facts)
            before = await asyncio.to_thread(vaka, "key", command, "--data", made.root, *whose)
            assert "Nothing was changed" in before.output, before.output + before.stderr
            done = await asyncio.to_thread(vaka, "key", command, "--data", made.root, *whose, *APPLY)
            assert done.exit_code == 0, done.output + done.stderr
            assert opened(keys) == facts
            keyring.forget()
            await keys.hold([person])
            assert keys.open_row("person", str(person), person, row) == facts
            return done.output

        def opened(keys: AuthorityKeys) -> dict[str, object]:
            return keys.open_row("person", str(person), person, keys.seal_row("person", str(person), person, facts))

        said = with_keys(server, replaced)
        assert "was replaced and the old one destroyed" in said
        assert "Its receipt is" in said
        entry = last_entry(made, database or PLATFORM_DATABASE)
        if database is not None:
            assert entry["event"] == "key.rotated"
            assert str(entry["object"]).startswith(f"key:{kind}:")
            entry = last_entry(made, PLATFORM_DATABASE)
        assert (entry["event"], entry["object"]) == ("command.run", f"command:key.{command}")
        told = json.loads(vaka("key", "list", "--data", made.root, "--json").output)
        states = sorted(one["state"] for one in told if one["kind"] == kind)
        assert states.count("current") == 1
        assert "destroyed" in states


def test_while_the_log_stands_still_nothing_is_replaced(made: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaka.commands import key
    from vaka.ledger.standing import LedgerStandsStillError

    async def stands_still(*_: object) -> None:
        raise LedgerStandsStillError

    def state() -> str:
        return vaka("key", "list", "--data", made.root, "--json").output

    before = state()
    monkeypatch.setattr(key, "require_standing", stands_still)
    shown = vaka("key", "rotate-root", "--data", made.root, *APPLY)
    assert (shown.exit_code, "Nothing was changed" in shown.stderr) == (1, True)
    assert state() == before


def test_restored_authority_is_readmitted_with_a_trace_in_its_own_log(made: DataDirectory) -> None:
    with running(made):
        authority = next(one for one in active_authorities(made.cluster.server) if one.slug == "ekbacka")

        async def change(keyring: Keyring) -> None:
            await keyring.settle_editions(authority.id, await keyring.issue_editions(authority.id, [uuid4()]))

        with_keys(made.cluster.server, change)
        shown = vaka("key", "readmit", "--data", made.root, "--authority", "ekbacka")
        assert (shown.exit_code, "Nothing was changed" in shown.output) == (0, True), shown.stderr
        assert vaka("key", "readmit", "--data", made.root, "--authority", "ekbacka", "--apply").exit_code == 1
        done = vaka("key", "readmit", "--data", made.root, "--authority", "ekbacka", *APPLY)
        assert done.exit_code == 0, done.output + done.stderr
        assert "Its receipt is" in done.output
        entry = last_entry(made, TENANT)
        assert (entry["event"], entry["object"]) == ("edition.readmitted", f"authority:{authority.id}")
        assert json.loads(str(entry["detail"]))["count"] >= 1
