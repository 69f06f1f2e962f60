# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""PJSIP as a device, in a process of its own because its library is one global state.

Reads its part as JSON on standard input; prints what happened as JSON.
"""

import json
import sys
import time
from typing import Any

import pjsua2

PATIENCE_SECONDS = 20


def play(part: dict[str, Any]) -> dict[str, Any]:
    """Send one MESSAGE with ``part["body"]`` and return the status of its answer and the bodies that came back."""
    seen: dict[str, Any] = {"status": None, "reason": "", "received": []}

    class Device(pjsua2.Account):  # type: ignore[misc]
        def onInstantMessageStatus(self, answer: Any) -> None:  # noqa: N802
            seen["status"], seen["reason"] = int(answer.code), str(answer.reason)

        def onInstantMessage(self, message: Any) -> None:  # noqa: N802
            # PJSIP itself answers it 200.
            seen["received"].append({"type": str(message.contentType), "body": str(message.msgBody)})

    endpoint = pjsua2.Endpoint()
    endpoint.libCreate()
    configuration = pjsua2.EpConfig()
    configuration.logConfig.level = 4
    configuration.logConfig.consoleLevel = 0
    configuration.logConfig.filename = part["log"]
    configuration.uaConfig.threadCnt = 0
    configuration.uaConfig.mainThreadOnly = True
    endpoint.libInit(configuration)
    transport = pjsua2.TransportConfig()
    transport.boundAddress = "127.0.0.1"
    if part["transport"] == "tls":
        transport.tlsConfig.CaListFile = part["trusted"]
        transport.tlsConfig.verifyServer = True
        if part["certificate"]:
            transport.tlsConfig.certFile = part["certificate"]
            transport.tlsConfig.privKeyFile = part["key"]
    kind = {
        "udp": pjsua2.PJSIP_TRANSPORT_UDP,
        "tcp": pjsua2.PJSIP_TRANSPORT_TCP,
        "tls": pjsua2.PJSIP_TRANSPORT_TLS,
    }[part["transport"]]
    endpoint.transportCreate(kind, transport)
    endpoint.libStart()
    account = pjsua2.AccountConfig()
    scheme = f"{part['host']}:{part['port']};transport={part['transport']}"
    account.idUri = f"sip:{part['cid']}@{part['host']}"
    if part["password"]:
        account.sipConfig.authCreds.append(pjsua2.AuthCredInfo("digest", "*", part["username"], 0, part["password"]))
    device = Device()
    device.create(account)
    buddy_configuration = pjsua2.BuddyConfig()
    buddy_configuration.uri = f"sip:alarm@{scheme}"
    buddy = pjsua2.Buddy()
    buddy.create(device, buddy_configuration)
    message = pjsua2.SendInstantMessageParam()
    message.contentType = "application/scaip+xml"
    message.content = part["body"]
    buddy.sendInstantMessage(message)

    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        endpoint.libHandleEvents(20)
        settled = seen["status"] is not None and seen["status"] != 200
        if settled or (seen["status"] == 200 and seen["received"]):
            break
    for _ in range(10):  # lets the answer to the confirmation leave
        endpoint.libHandleEvents(20)
    del buddy
    device.shutdown()
    endpoint.libDestroy()
    return seen


if __name__ == "__main__":
    json.dump(play(json.load(sys.stdin)), sys.stdout)
