# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an evidence pack says of itself, in Swedish and English."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.errors import Sentence

TITLES: Mapping[str, Sentence] = MappingProxyType(
    {
        "evidence/findings.jsonl": Sentence(sv="Det som har hittats", en="What was found"),
        "evidence/looks.jsonl": Sentence(sv="När någon såg efter", en="When somebody looked"),
        "evidence/cases.jsonl": Sentence(sv="Incidenter och sårbarheter", en="Incidents and vulnerabilities"),
        "evidence/contract.json": Sentence(sv="Avtalets egen text", en="The contract's own text"),
        "evidence/files.jsonl": Sentence(sv="Filer i leverantörens register", en="Files in the supplier's registers"),
    }
)

README = """UNDERLAG FÖR VILLKOREN OM INFORMATIONSSÄKERHET

oscal/      Hur villkoren är uppfyllda, i OSCAL 1.2. Läget är beräknat ur underlagen; ingen har kunnat ange det.
            plan-of-action-and-milestones.json finns bara när något är rött.
evidence/   Underlagen, en rad JSON för varje: det som har hittats det senaste året och allt som gäller nu, och varje
            gång någon såg efter de senaste 31 dagarna. Nyast först. Er egen del (own: true) och det som gäller alla.
            cases.jsonl har era ärenden, utan det som är märkt TLP:RED, när den som tog ut paketet får läsa dem.
            files.jsonl: filerna i de register som ni ser, med den SHA-256 som loggen har (attachment.added).
            contract.json: avtalets egen text om villkoren, med filens SHA-256 (contract.imported), om den är inläst.
ledger/     Posterna i leverantörens logg om det som gäller nu, med bevis, och loggarnas senaste försegling.
SHA256SUMS  Kontrollsummor för allt utom sig själv och underskriften.

Så här kontrollerar ni, utan oss, i den uppackade mappen. Alla tre måste stämma:

  openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig
  sha256sum --check --strict --quiet SHA256SUMS
  test "$(find . -type f ! -name 'SHA256SUMS*' | wc -l)" -eq "$(wc -l < SHA256SUMS)" && echo "Inget är tillagt."

Att nyckeln är den rätta säger er egen logg: posten evidence.packed om uttaget har SHA-256 för SHA256SUMS (sha256) och
för key.pem (key):

  sha256sum SHA256SUMS key.pem

Varje bevis kontrolleras med loggens publika nyckel, som ni har haft sedan loggen började, och vittnenas:

  vaka verify --proof ledger/entry-000000000.tlog-proof --log NYCKEL --witness VITTNE

Dokumenten läses av allt som kan OSCAL, till exempel:

  oscal-validate --resolve oscal oscal/assessment-results.json


EVIDENCE OF THE TERMS OF INFORMATION SECURITY

oscal/      How the terms are met, in OSCAL 1.2. It is computed from the evidence; nobody was able to set it.
            plan-of-action-and-milestones.json is there only while something is red.
evidence/   The evidence, one line of JSON for each: what was found in the last year and all that stands, and every look
            of the last 31 days. Newest first. Your own part (own: true), and what concerns all alike.
            cases.jsonl has your cases, without what is marked TLP:RED, where who took the pack out may read them.
            files.jsonl: the files in the registers that you are shown, with the SHA-256 in the log (attachment.added).
            contract.json: the contract's own text of the terms, with its file's SHA-256 (contract.imported), where it
            was taken in.
ledger/     The entries of the supplier's log about what stands, with proofs, and the newest seal of both logs.
SHA256SUMS  Sums of everything but itself and the signature.

To verify it, without us, in the unpacked folder. All three must hold:

  openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig
  sha256sum --check --strict --quiet SHA256SUMS
  test "$(find . -type f ! -name 'SHA256SUMS*' | wc -l)" -eq "$(wc -l < SHA256SUMS)" && echo "Nothing was added."

That the key is the right one, your own log says: the entry evidence.packed of this pack has the SHA-256 of SHA256SUMS
(sha256) and of key.pem (key):

  sha256sum SHA256SUMS key.pem

Each proof is verified with the log's public key, which you have had since the log began, and the witnesses':

  vaka verify --proof ledger/entry-000000000.tlog-proof --log KEY --witness WITNESS

The documents are read by whatever knows OSCAL, such as:

  oscal-validate --resolve oscal oscal/assessment-results.json
""".encode()
