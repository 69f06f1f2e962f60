# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A notice as a mail, handed to the authority's own mail server over TLS, with its certificate verified (RFC 3207).

What its server has taken (250 after the data, RFC 5321) is delivered; who then reads it is the authority's business.
"""

import asyncio
import hashlib
import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.utils import format_datetime

from vaka.notices.kinds import KINDS
from vaka.notices.outbox import Due, Fault, Rooms, SendingError
from vaka.notices.reaching import SECONDS, Networks, resolve, trust

SUBMISSIONS = 465
"""The port on which TLS begins before any word is said (RFC 8314); on every other, STARTTLS is demanded."""


class Mail:
    """Writes and sends mails from one address."""

    def __init__(self, sender: str, rooms: Rooms, allowed: Networks) -> None:
        """Prepare to send from ``sender``; ``rooms`` is where links lead."""
        self._sender, self._rooms, self._allowed = sender, rooms, allowed

    async def send(self, due: Due) -> str:
        """Send one notice and return the receipt: the server's code and the SHA-256 of what it said with it.

        Raises SendingError.
        """
        host, port = split_server(due.server or "")
        place = await resolve(host, port, self._allowed)
        message = write_mail(due, self._sender, self._rooms)
        try:
            return await asyncio.to_thread(self._hand_over, due, message, (host, port), place)
        except ssl.SSLCertVerificationError:
            raise SendingError(Fault.CERTIFICATE) from None
        except smtplib.SMTPServerDisconnected:
            raise SendingError(Fault.UNREACHABLE) from None
        except smtplib.SMTPNotSupportedError:
            raise SendingError(Fault.UNENCRYPTED) from None
        except smtplib.SMTPException:
            raise SendingError(Fault.REFUSED) from None
        except OSError:  # which the others are as well
            raise SendingError(Fault.UNREACHABLE) from None

    def _hand_over(self, due: Due, message: EmailMessage, server: tuple[str, int], place: str) -> str:
        context, (host, port) = trust(due.certificate), server
        own_name = self._sender.rpartition("@")[2]
        smtp: smtplib.SMTP
        if port == SUBMISSIONS:
            smtp = _CheckedSmtpOverTls(place, host, port, own_name, context)
        else:
            smtp = _CheckedSmtp(place, host, port, own_name)
        with smtp:
            if port != SUBMISSIONS:
                smtp.starttls(context=context)
            smtp.ehlo_or_helo_if_needed()
            for code, _ in (smtp.mail(self._sender), smtp.rcpt(due.address)):
                if code >= 300:
                    raise smtplib.SMTPException
            code, said = smtp.data(message.as_bytes())
            if code != 250:
                raise smtplib.SMTPException
            return f"{code} {hashlib.sha256(said).hexdigest()}"


class _CheckedSmtp(smtplib.SMTP):
    """Connects to the address that was looked at, under the name that the certificate must bear."""

    def __init__(self, place: str, host: str, port: int, own_name: str) -> None:
        self._place = place
        super().__init__(host, port, own_name, SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((self._place, port), timeout)


class _CheckedSmtpOverTls(smtplib.SMTP_SSL):
    """The same where TLS begins before any word is said."""

    def __init__(self, place: str, host: str, port: int, own_name: str, context: ssl.SSLContext) -> None:
        self._place, self._trusted = place, context
        super().__init__(host, port, own_name, timeout=SECONDS, context=context)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((self._place, port), timeout)
        return self._trusted.wrap_socket(plain, server_hostname=host)


def write_mail(due: Due, sender: str, rooms: Rooms) -> EmailMessage:
    """Return the mail: what kind of thing happened, and where it stands. It names nobody."""
    kind = KINDS[due.kind]
    message = EmailMessage()
    message["From"], message["To"] = sender, due.address
    message["Subject"] = f"{kind.subject.sv} / {kind.subject.en}"
    message["Date"] = format_datetime(due.happened_at)
    message["Message-ID"] = f"<{due.notice_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    texts = [
        text if due.said is None else f"{text}\n{due.said[language]}"
        for language, text in (("sv", kind.text.sv), ("en", kind.text.en))
    ]
    message.set_content("\n\n".join([*texts, rooms.link(due), f"Vaka, {due.entry}\n"]), cte="quoted-printable")
    return message


def split_server(server: str) -> tuple[str, int]:
    """Return host and port of ``host:port``."""
    host, _, port = server.rpartition(":")
    return host.strip("[]"), int(port)
