# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Why no answer came, in one sentence each: a technician looks elsewhere when a port is closed than for a certificate.

There are only so many of them, and none names who was asked: all of a run ask the same receiver.
"""

import ssl

REFUSED = "Nobody listens on that port of the receiver."
NO_CONNECTION = "No connection came about in time."
SILENT = "The receiver said nothing."
BROKEN = "The connection broke before an answer came."


class NoAnswerError(Exception):
    """No answer came. Its text is the sentence that says why."""


def cause_of(error: BaseException | None) -> str:
    """Return the sentence for what ended a connection or kept it from coming about; None is an ordinary end."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"The receiver's certificate is not trusted: {error.verify_message.rstrip('.')}."
        case ssl.SSLError():
            reason = getattr(error, "reason", None) or "it broke off"  # only what OpenSSL itself raised has one
            return f"No TLS with the receiver: {reason.replace('_', ' ').lower()}."
        case ConnectionRefusedError():
            return REFUSED
        case TimeoutError():
            return NO_CONNECTION
        case None | ConnectionError():
            return BROKEN
        case OSError(strerror=str(said)):
            return f"The receiver cannot be reached: {said}."
    return "The receiver cannot be reached."
