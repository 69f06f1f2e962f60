# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The TLS side of the receiver: what we show, what we accept, and whose device certificates we believe."""

import ssl
from pathlib import Path

import structlog

from vaka.crypto.policy import load_policy
from vaka.errors import ConfigurationError
from vaka.logs import describe_error

_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


def open_tls_context(certificate: Path, key: Path, device_authorities: Path | None) -> ssl.SSLContext:
    """Return the context for what the policy allows; a device may show a certificate where its issuers are known.

    Raises ConfigurationError with what to change.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    allowed = load_policy().tls
    versions = [_VERSIONS[version] for version in allowed.versions]
    context.minimum_version, context.maximum_version = min(versions), max(versions)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    # Those of TLS 1.3 cannot be chosen here: OpenSSL's own are the policy's, and a scan from outside says so.
    context.set_ciphers(":".join(suite for suite in allowed.suites if not suite.startswith("TLS_")))
    context.num_tickets = 1
    for setting, path in (("receiver.certificate", certificate), ("receiver.certificate_key", key)):
        _require_readable(setting, path)
    try:
        context.load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(
            f"The certificate {certificate} and the key {key} cannot be used together. Both must be PEM, and the key "
            "must be the certificate's own and not encrypted."
        ) from error
    if device_authorities is not None:
        _require_readable("receiver.device_authorities", device_authorities)
        try:
            context.load_verify_locations(device_authorities)
        except (ssl.SSLError, OSError) as error:
            raise ConfigurationError(f"{device_authorities} holds no certificates in PEM form.") from error
        # Optional: the devices without a certificate prove themselves by digest over the same port.
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _require_readable(setting: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise ConfigurationError(
            f"{setting} names {path}, which cannot be read: {error.strerror}. "
            "Put the file there, or leave TLS out with receiver.tls_port = false."
        ) from error


class Rotation:
    """Shows a new certificate once its files hold one. Connections that are open keep what they were opened with.

    Whose device certificates are believed is read at the start alone: taking an issuer away takes a restart.
    """

    def __init__(self, context: ssl.SSLContext, certificate: Path, key: Path) -> None:
        self._context, self._files = context, (certificate, key)
        self._seen = self._look()
        self._log = structlog.get_logger()

    async def follow(self) -> None:
        """Show what the files hold, where they are others. While they do not belong together, nothing changes.

        Two files are never put in place at the same moment: what cannot be used is looked at again at the next round.
        """
        seen = self._look()
        if seen == self._seen:
            return
        try:
            # Links are followed once: what is tried is what is shown, also where they are turned meanwhile.
            certificate, key = (path.resolve() for path in self._files)
            # Tried on the side first: one that fails halfway would leave the new certificate with the old key.
            open_tls_context(certificate, key, None)
            self._context.load_cert_chain(certificate, key)
        except (ConfigurationError, ssl.SSLError, OSError) as error:
            self._log.warning("certificate not replaced", **describe_error(error))
            return
        self._seen = seen
        self._log.info("certificate replaced")

    def _look(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_identity(path) for path in self._files)


def _identity(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written or put in another's place; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
