# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The evidence pack of one authority (term 37): documents, raw evidence, proofs, sums and a signature over the sums.

It verifies without us, by openssl, sha256sum and whatever reads OSCAL; README.txt in it says how. The same evidence at
the same moment under the same checkpoint gives the same bytes, since files are in order, of one time, and Ed25519 signs
without chance. It is read with the rights of the portal, whoever makes it: there is nothing of others in its reach.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import IO

from vaka.assurance.contract import read_contract
from vaka.assurance.controls import load_controls
from vaka.assurance.evidence import Supervised, list_supervised, read_standings
from vaka.assurance.oscal_assessment import make_actions, make_plan, make_results
from vaka.assurance.oscal_controls import make_catalog, make_mapping, make_profile
from vaka.assurance.oscal_parts import (
    ACTIONS,
    CATALOG,
    COMPONENTS,
    MAPPING,
    PLAN,
    PROFILE,
    RESULTS,
    SYSTEM,
    Assessed,
    Evidence,
    Json,
)
from vaka.assurance.oscal_system import make_component_definition, make_security_plan
from vaka.assurance.pack_words import README, TITLES
from vaka.assurance.raw_evidence import read_cases, read_files, read_findings, read_looks, read_open_cases
from vaka.assurance.terms import load_terms
from vaka.crypto.signing import public_pem, sign
from vaka.database.connections import Connection, Pool, transaction
from vaka.ledger.events import Event
from vaka.ledger.reading import LogState, StoredEntry, prove_entry, read_state
from vaka.ledger.search import Wanted, find_concerning
from vaka.tenants.authorities import Authority
from vaka.tenants.export_archive import Archive
from vaka.tenants.gateway import Gateway

FORMAT = "evidence-pack"
SUMS, SIGNATURE, KEY = "SHA256SUMS", "SHA256SUMS.sig", "key.pem"
FILES, FINDINGS, LOOKS = "evidence/files.jsonl", "evidence/findings.jsonl", "evidence/looks.jsonl"
CASES, CONTRACT = "evidence/cases.jsonl", "evidence/contract.json"
ENTRIES = "ledger/entries.jsonl"
_TIME = datetime(1980, 1, 1, tzinfo=UTC)
"""What each file in the archive is said to be from: the oldest a ZIP can say, so that it says nothing."""
_EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Doors:
    """What a pack is made of: the portal's doors, what logs are called after, and what signs."""

    platform: Pool
    gateway: Gateway
    origin: str
    version: str
    """Vaka's."""
    seed: bytes
    """The private key (32 bytes)."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What is entered about a pack before it leaves."""

    digest: str
    """SHA-256 of the sums, which the signature is over."""
    key: str
    """SHA-256 of the public key's file."""

    @property
    def facts(self) -> dict[str, str | int | bool | None]:
        """Return it as an entry says it."""
        return {"format": FORMAT, "sha256": self.digest, "key": self.key}


async def write_pack(
    doors: Doors, authority: Authority, now: datetime, out: IO[bytes], *, with_cases: bool
) -> Packed | None:
    """Write the pack to a file; None where the authority has no contract. Raises DatabaseUnavailableError.

    The authority's cases are in it where who takes it out may read them, each as it leaves in a file of its own. No
    more than one piece of the raw evidence is in memory at once.
    """
    archive = Archive(_TIME)
    async with transaction(doors.platform) as platform:
        supervised = next((one for one in await list_supervised(platform, now) if one.id == authority.id), None)
        if supervised is None:
            return None
        standings = await read_standings(platform, authority.id)
        cases = await read_open_cases(platform, authority.id) if with_cases else []
        if with_cases:
            await _write_lines(archive, CASES, read_cases(platform, authority.id), out)
        if contract := await read_contract(platform):
            archive.add(CONTRACT, contract.as_json())
        await _write_lines(archive, FILES, read_files(platform, authority.id), out)
        await _write_lines(archive, FINDINGS, read_findings(platform, authority.id, now), out)
        await _write_lines(archive, LOOKS, read_looks(platform, authority.id, now), out)
        archive.add(KEY, public_pem(doors.seed))
        async with doors.gateway.transaction(authority.id) as tenant:
            _add_checkpoint(archive, "ledger/authority.checkpoint", await read_state(tenant))
        await _add_proofs(archive, platform, supervised, sorted(standings))
    evidence = [
        Evidence(path, archive.members[path].sha256, TITLES[path]) for path in TITLES if path in archive.members
    ]
    assessed = Assessed(doors.origin, doors.version, supervised, load_terms(), standings, now, evidence, cases)
    for name, document in sorted(make_documents(assessed).items()):
        archive.add(f"oscal/{name}", json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n")
    archive.add("README.txt", README)
    sums = "".join(f"{one.sha256}  {path}\n" for path, one in archive.members.items()).encode()
    archive.add(SUMS, sums)
    archive.add(SIGNATURE, sign(doors.seed, sums))
    archive.end()
    out.write(archive.take())
    return Packed(sha256(sums).hexdigest(), archive.members[KEY].sha256)


async def _write_lines(archive: Archive, path: str, lines: AsyncIterator[bytes], out: IO[bytes]) -> None:
    with archive.open(path) as file:
        async for line in lines:
            file.write(line)
            out.write(archive.take())


def _add_checkpoint(archive: Archive, path: str, state: LogState) -> None:
    if state.note is not None:
        archive.add(path, state.note)


async def _add_proofs(archive: Archive, platform: Connection, supervised: Supervised, requirements: list[str]) -> None:
    """Add the entry of each finding that stands, with its proof, as far as the log has sealed it."""
    state, told = await read_state(platform), []
    proofs: dict[str, bytes] = {}
    for requirement in requirements:
        wanted = Wanted(*_EVER, [Event.EVIDENCE_CHANGED.value], object=f"requirement:{requirement}")
        for hit in await find_concerning(platform, supervised.id, wanted, size=state.size, most=1):
            entry = None if hit.data is None else StoredEntry(hit.index, hit.data, hit.leaf)
            proof = None if entry is None else await prove_entry(platform, state, entry)
            if hit.leaf is None or proof is None:
                continue
            proofs[f"ledger/entry-{hit.index:09}.tlog-proof"] = proof.encode()
            told.append({"requirement": requirement, "entry": hit.index, **hit.leaf.detail})
    archive.add(ENTRIES, "".join(f"{json.dumps(one)}\n" for one in told).encode())
    for path, proof_file in sorted(proofs.items()):
        archive.add(path, proof_file)
    _add_checkpoint(archive, "ledger/platform.checkpoint", state)


def make_documents(assessed: Assessed) -> dict[str, Json]:
    """Return the OSCAL documents by their names."""
    made = {
        CATALOG: make_catalog(assessed), PROFILE: make_profile(assessed),
        MAPPING: make_mapping(assessed, load_controls()), COMPONENTS: make_component_definition(assessed),
        SYSTEM: make_security_plan(assessed), PLAN: make_plan(assessed), RESULTS: make_results(assessed),
    }  # fmt: skip
    actions = make_actions(assessed)
    return made if actions is None else {**made, ACTIONS: actions}
