# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Runs Debian's SimpleSAMLphp as an identity provider (php -S), configured in a directory of the test's own.

It reads our metadata, verifies what we sign, and signs its own metadata, all with code of its own. Two things are
helped: it does not ask whether a login reaches the level that was asked for, so a filter (core:PHP) sets what each
person's login is worth; and this version encrypts with AES-128-CBC whatever one says, which one line changes in a copy.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests import peers
from tests.identity.house import LOA3, free_port
from tests.identity.saml_provider import Signer
from tests.waiting import wait_for

PLACE = Path("/usr/share/simplesamlphp")
ENCRYPTION = PLACE / "vendor" / "simplesamlphp" / "saml2" / "src" / "SAML2" / "EncryptedAssertion.php"
LOW = "http://id.elegnamnden.se/loa/1.0/loa2"
PEOPLE = {
    "rut": ("R-7", "SE-prov-1", LOA3, ""),
    "rolf": ("R-8", "SE-foreign", LOA3, ""),
    "rune": ("R-9", "SE-prov-1", LOW, ""),
    "ragnar": ("R-10", "SE-prov-1", LOW, "says so"),
}
"""By name: employee number, organisation, what a login is worth, and whether it is told where that is too little."""
LOGIN = "prov"
"""What everybody types."""
_FILTER = f"""
$state['saml:AuthnContextClassRef'] = $attributes['worth'][0];
$asked = $state['saml:RequestedAuthnContext']['AuthnContextClassRef'] ?? [];
if ($attributes['honest'][0] !== '' && !in_array($attributes['worth'][0], $asked, true)) {{
    $said = new SimpleSAML\\Module\\saml\\Error\\NoAuthnContext(SAML2\\Constants::STATUS_RESPONDER);
    SimpleSAML\\Auth\\State::throwException($state, $said);
}}
if ($asked !== ['{LOA3}'] || $state['saml:RequestedAuthnContext']['Comparison'] !== 'exact' || !$state['ForceAuthn']) {{
    throw new Exception('asked for something else');
}}
unset($attributes['worth'], $attributes['honest']);
"""


@dataclass
class SimpleSaml:
    """A running identity provider."""

    origin: str
    entity_id: str
    federation: Signer
    """Whoever vouches for it."""

    def metadata(self) -> str:
        """Its metadata, as it signs them."""
        return httpx.get(f"{self.origin}/saml2/idp/metadata.php").raise_for_status().text


@contextmanager
def running_simplesaml(directory: Path, our_metadata: str, *, as_it_comes: bool = False) -> Iterator[SimpleSaml]:
    """Run it for whoever ``our_metadata`` describe; ``as_it_comes`` with the encryption it has by itself."""
    php = peers.require_program("php", package="php-cli")
    if not PLACE.is_dir():
        peers.report_missing("SimpleSAMLphp is not installed (apt-get install simplesamlphp)")
    port = free_port()
    provider = SimpleSaml(
        f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/idp", _write(directory, port, our_metadata)
    )  # fmt: skip
    prepend = directory / "prepend.php"
    prepend.write_text(f"<?php require '{PLACE}/vendor/autoload.php';"
                       f"{'' if as_it_comes else _encrypting_better(directory)}")  # fmt: skip
    process = subprocess.Popen(
        [php, "-d", f"auto_prepend_file={prepend}", "-S", f"127.0.0.1:{port}", "-t", str(PLACE / "www")],
        env={**os.environ, "SIMPLESAMLPHP_CONFIG_DIR": str(directory)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def answers() -> bool:
        assert process.poll() is None, "the provider has ended"
        try:
            return "EntityDescriptor" in provider.metadata()
        except httpx.HTTPError:
            return False

    try:
        wait_for(answers)
        yield provider
    finally:
        process.terminate()
        process.wait(60)


def _encrypting_better(directory: Path) -> str:
    source, known = ENCRYPTION.read_text(), "new XMLSecurityKey(XMLSecurityKey::AES128_CBC)"
    assert source.count(known) == 1
    (directory / ENCRYPTION.name).write_text(source.replace(known, known.replace("AES128_CBC", "AES256_GCM")))
    return f"require '{directory / ENCRYPTION.name}';"


def _write(directory: Path, port: int, our_metadata: str) -> Signer:
    """Write its configuration; return whoever signs its metadata."""
    for name in ("metadata", "log", "data", "temp", "sessions"):
        (directory / name).mkdir()
    (directory / "ours.xml").write_text(our_metadata)
    Signer(directory, "idp")
    federation = Signer(directory, "federation")
    signing = {"privatekey": federation.key_file, "certificate": federation.certificate_file}
    files = " ".join(f"'metadata.sign.{name}' => '{path.name}'," for name, path in signing.items())
    (directory / "config.php").write_text(f"""<?php $config = [
        'baseurlpath' => 'http://127.0.0.1:{port}/', 'certdir' => '{directory}/', 'loggingdir' => '{directory}/log/',
        'datadir' => '{directory}/data/', 'tempdir' => '{directory}/temp', 'metadatadir' => '{directory}/metadata/',
        'attributenamemapdir' => '/etc/simplesamlphp/attributemap/', 'secretsalt' => 'of a test',
        'technicalcontact_email' => 'prov@example.se',
        'admin.checkforupdates' => false, 'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true],
        'session.cookie.secure' => false, 'session.cookie.samesite' => null, 'session.cookie.name' => 'idp',
        'session.phpsession.cookiename' => 'idp-php', 'session.phpsession.savepath' => '{directory}/sessions',
        'logging.handler' => 'file', 'store.type' => 'phpsession', 'timezone' => 'UTC',
        'metadata.sources' => [['type' => 'flatfile'], ['type' => 'xml', 'file' => '{directory}/ours.xml']],
        'metadata.sign.enable' => true, {files}
        'metadata.sign.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    ];""")
    people = "".join(
        f"'{name}:{LOGIN}' => ['uid' => ['{name}'], 'employee_number' => ['{number}'], 'organisation' =>"
        f" ['{organisation}'], 'worth' => ['{worth}'], 'honest' => ['{honest}']],"
        for name, (number, organisation, worth, honest) in PEOPLE.items()
    )
    (directory / "authsources.php").write_text(
        f"<?php $config = ['prov' => ['exampleauth:UserPass', {people}], 'admin' => ['core:AdminPassword']];"
    )
    code = _FILTER.replace("\\", "\\\\").replace("'", "\\'")
    (directory / "metadata" / "saml20-idp-hosted.php").write_text(f"""<?php
        $metadata['http://127.0.0.1:{port}/idp'] = [
            'host' => '__DEFAULT__', 'privatekey' => 'idp.key', 'certificate' => 'idp.crt', 'auth' => 'prov',
            'assertion.encryption' => true, 'sign.logout' => true, 'validate.logout' => true, 'signature.algorithm' =>
            'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
            'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
            'authproc' => [
                3 => ['class' => 'saml:PersistentNameID', 'attribute' => 'uid'],
                10 => ['class' => 'core:PHP', 'code' => '{code}'],
            ],
        ];""")
    return federation
