# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who may speak for a device, and what those hear who may not."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.identities import blinded
from tests.receiver.conftest import Register, Rows, Running, Start, TurnableClock, free_port
from tests.receiver.devices import REALM, Credentials, UdpDevice, authorization, message, mrq
from vaka.receiver.counters import Reason, Repeat
from vaka.receiver.limits import Limits
from vaka.sip.digest import challenge_headers, parse_challenge
from vaka.sip.message import Headers, Response
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def known(running: Running, register: Register, authority: Authority) -> Credentials:
    """A device with a password."""
    credentials = register.digest_device(authority)
    await running.knows(credentials.sender)
    return credentials


def alarm(credentials: Credentials, *headers: tuple[str, str], **fields: str) -> bytes:
    """An alarm of a digest device."""
    return message(credentials.sender, mrq(credentials.sender, **fields), headers=headers)


def without_qop(challenged: Response) -> Response:
    """A 401 as older devices read it: they do not look for qop."""
    values = challenged.headers.all("www-authenticate")
    headers = Headers([("WWW-Authenticate", value.replace(', qop="auth"', "")) for value in values])
    return Response(401, "", headers)


@pytest.mark.parametrize("qop", [True, False], ids=["qop", "without qop"])
@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_digest(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice,
    algorithm: str, qop: bool,
) -> None:  # fmt: skip
    credentials = register.digest_device(authority, (algorithm,))
    await running.knows(credentials.sender)
    challenged = await udp_device.ask(alarm(credentials))
    assert challenged.status == 401
    offers = [parse_challenge(value).algorithm for value in challenged.headers.all("www-authenticate")]
    assert offers == [algorithm]
    if not qop:
        challenged = without_qop(challenged)
    proof = authorization(challenged, credentials)
    assert ("qop=" in proof[1]) == qop
    assert (await udp_device.ask(alarm(credentials, proof))).status == 200
    assert rows(authority, "select count(*) from alarm") == [(1,)]


async def test_the_stronger_algorithm_is_offered_first(known: Credentials, udp_device: UdpDevice) -> None:
    challenged = await udp_device.ask(alarm(known))
    offers = [parse_challenge(value).algorithm for value in challenged.headers.all("www-authenticate")]
    assert offers == ["SHA-256", "MD5"]


@pytest.mark.parametrize(
    "wrong",
    [{"password": "wrong"}, {"username": "another"}, {"username": "another", "password": "wrong"}],
    ids=["password", "user", "both"],
)
async def test_wrong_credentials_store_nothing(
    running: Running, known: Credentials, authority: Authority, rows: Rows, udp_device: UdpDevice, wrong: dict[str, str]
) -> None:
    challenged = await udp_device.ask(alarm(known))
    forged = Credentials(known.sender, **{"username": known.username, "password": known.password} | wrong)
    answer = await udp_device.ask(alarm(known, authorization(challenged, forged)))
    assert answer.status == 401
    assert "stale" not in (answer.headers.first("www-authenticate") or "")
    assert running.refusals(Reason.CREDENTIALS_WRONG) == 1
    assert rows(authority, "select count(*) from message where class = 'life'") == [(0,)]


async def test_an_old_nonce_is_stale_and_no_reason_to_ask_a_person(
    running: Running, known: Credentials, udp_device: UdpDevice, turnable: TurnableClock
) -> None:
    challenged = await udp_device.ask(alarm(known))
    turnable.ahead_seconds += 301
    answer = await udp_device.ask(alarm(known, authorization(challenged, known)))
    assert answer.status == 401
    assert parse_challenge(answer.headers.all("www-authenticate")[0]).stale
    assert running.refusals(Reason.NONCE_STALE) == 1
    assert (await udp_device.ask(alarm(known, authorization(answer, known)))).status == 200


async def test_a_replay_is_refused_and_a_rising_count_is_not(
    running: Running, known: Credentials, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    challenged = await udp_device.ask(alarm(known))
    proof = authorization(challenged, known)
    assert (await udp_device.ask(alarm(known, proof))).status == 200
    replayed = await udp_device.ask(alarm(known, proof))
    assert replayed.status == 401
    assert (
        parse_challenge(replayed.headers.all("www-authenticate")[0]).nonce
        != parse_challenge(challenged.headers.all("www-authenticate")[0]).nonce
    )
    assert running.refusals(Reason.NONCE_REPLAYED) == 1
    assert rows(authority, "select count(*) from message") == [(1,)]
    assert (await udp_device.ask(alarm(known, authorization(challenged, known, number=2)))).status == 200


async def test_the_retransmission_of_an_accepted_message_is_no_replay(
    running: Running, known: Credentials, udp_device: UdpDevice
) -> None:
    challenged = await udp_device.ask(alarm(known))
    accepted = alarm(known, authorization(challenged, known))
    assert [(await udp_device.ask(accepted)).status for _ in range(3)] == [200, 200, 200]
    assert running.refusals(Reason.NONCE_REPLAYED) == 0


async def test_a_challenge_of_one_receiver_is_a_reason_to_ask_anew_at_another(
    start: Start, register: Register, authority: Authority
) -> None:
    """Each knows only what was used up with itself. The device is told that its password was right."""
    credentials = register.digest_device(authority)
    both = [await start(instance=name) for name in ("receiver-1", "receiver-2")]
    first, second = [UdpDevice(running.udp) for running in both]
    challenged = await first.ask(alarm(credentials))
    answer = await second.ask(alarm(credentials, authorization(challenged, credentials)))
    assert answer.status == 401
    assert all(parse_challenge(value).stale for value in answer.headers.all("www-authenticate"))
    assert both[1].refusals(Reason.NONCE_ELSEWHERE) == 1
    assert (await second.ask(alarm(credentials, authorization(answer, credentials)))).status == 200
    for device in (first, second):
        await device.close()


@pytest.mark.parametrize("qop", [True, False], ids=["qop", "without qop"])
async def test_what_was_recorded_on_the_way_is_worth_nothing_at_any_receiver(
    start: Start, register: Register, authority: Authority, rows: Rows, qop: bool
) -> None:
    """Two receivers on one port, then both gone and a third in their place: the recording never passes."""
    credentials, port = register.digest_device(authority), free_port()
    both = [await start(instance=name, udp_port=port) for name in ("receiver-1", "receiver-2")]
    device = UdpDevice(port)
    challenged = await device.ask(alarm(credentials))
    if not qop:
        challenged = without_qop(challenged)
    recorded = alarm(credentials, authorization(challenged, credentials))
    assert (await device.ask(recorded)).status == 200
    # The kernel spreads senders over the two by their ports.
    for _ in range(40):
        await replay(port, recorded)
    reached = [running.receiver.counters.received["MESSAGE"] for running in both]
    assert min(reached) > 2, "both were tried"
    reasons = (Reason.NONCE_ELSEWHERE, Reason.NONCE_REPLAYED)
    refused = sum(running.refusals(reason) for running in both for reason in reasons)
    # The kernel may give two thieves the same port: the second is then told again what the first was told.
    assert refused + sum(running.receiver.counters.repeats[Repeat.ANSWERED] for running in both) == 40
    assert refused > 30
    for running in both:
        await running.receiver.stop()
    restarted = await start(udp_port=port)
    await replay(port, recorded)
    assert restarted.refusals(Reason.NONCE_ELSEWHERE) == 1
    assert rows(authority, "select count(*) from message") == [(1,)]
    await device.close()


async def replay(port: int, recorded: bytes) -> None:
    """Send what somebody recorded from somewhere else; it must be asked about, as if it were only late."""
    thief = UdpDevice(port)
    answer = await thief.ask(recorded)
    assert answer.status == 401
    assert all(parse_challenge(value).stale for value in answer.headers.all("www-authenticate"))
    await thief.close()


async def test_a_challenge_of_a_stranger_is_not(start: Start, register: Register, authority: Authority) -> None:
    credentials = register.digest_device(authority)
    first, second = [UdpDevice((await start(secret=bytes([n]) * 32)).udp) for n in (1, 2)]
    challenged = await first.ask(alarm(credentials))
    answer = await second.ask(alarm(credentials, authorization(challenged, credentials)))
    assert answer.status == 401
    assert (await second.ask(alarm(credentials, authorization(answer, credentials)))).status == 200
    for device in (first, second):
        await device.close()


async def test_guessing_ends_and_the_right_password_always_passes(
    start: Start, register: Register, authority: Authority
) -> None:
    """Both behind the same address: the guesser gets no new challenges, the device is not disturbed."""
    known = register.digest_device(authority)
    running = await start(limits=Limits(failures_per_minute=3))
    device = UdpDevice(running.udp)
    challenged = await device.ask(alarm(known))
    guess = Credentials(known.sender, known.username, "guess")
    statuses = [
        (await device.ask(alarm(known, authorization(challenged, guess, number=number)))).status
        for number in range(1, 8)
    ]
    assert statuses == [401, 401, 401, 403, 403, 403, 403]
    assert running.refusals(Reason.CREDENTIALS_THROTTLED) == 4
    assert (await device.ask(alarm(known, authorization(challenged, known)))).status == 200
    fresh = await device.ask(alarm(known))
    assert (await device.ask(alarm(known, authorization(fresh, known)))).status == 200
    await device.close()


@pytest.mark.parametrize(
    "value",
    ["", "Basic dXNlcjpwYXNz", "Digest", 'Digest username="a"', "Digest " + "a=b," * 500, 'Digest realm="vaka"\x00'],
)
async def test_an_authorization_nobody_can_read_is_a_reason_to_ask(
    known: Credentials, udp_device: UdpDevice, value: str
) -> None:
    data = alarm(known).replace(b"Max-Forwards: 70\r\n", b"Authorization: " + value.encode() + b"\r\n")
    assert (await udp_device.ask(data)).status == 401


@pytest.mark.parametrize("place", [0, 1, 3, 7])
async def test_the_right_credentials_are_found_among_others(
    running: Running, known: Credentials, udp_device: UdpDevice, place: int
) -> None:
    """A device may answer for several realms, for both algorithms, and with what is left of an earlier challenge."""
    challenged = await udp_device.ask(alarm(known))
    elsewhere = Response(401, "", Headers(challenge_headers("another realm", "n")))
    wrong = Credentials(known.sender, known.username, "wrong")
    others = [
        authorization(elsewhere, known, header=0),
        authorization(elsewhere, known, header=1),
        authorization(challenged, wrong, header=1),
        ("Authorization", "Basic dXNlcjpwYXNz"),
        authorization(Response(401, "", Headers(challenge_headers(REALM, "forged"))), known),
        authorization(elsewhere, wrong),
        ("Authorization", "Digest"),
    ]
    headers = [*others[:place], authorization(challenged, known), *others[place:]]
    assert (await udp_device.ask(alarm(known, *headers))).status == 200
    assert running.refusals(Reason.CREDENTIALS_WRONG) == 0


async def test_the_network_exception_holds_for_its_network_and_its_time(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice,
    turnable: TurnableClock,
) -> None:  # fmt: skip
    elsewhere = register.device(authority, network="192.0.2.0/24")
    here = register.device(authority, exception_until=datetime.now(UTC) + timedelta(hours=1))
    await running.knows(elsewhere, here)
    assert (await udp_device.ask(message(elsewhere, mrq(elsewhere)))).status == 403
    assert running.refusals(Reason.NETWORK_OTHER) == 1
    assert (await udp_device.ask(message(here, mrq(here)))).status == 200
    turnable.ahead += timedelta(hours=2)
    assert (await udp_device.ask(message(here, mrq(here)))).status == 403
    assert running.refusals(Reason.EXCEPTION_EXPIRED) == 1
    assert rows(authority, "select sender from message where class = 'life'") == [(blinded(here),)]


async def test_a_certificate_device_is_refused_without_one(
    running: Running, register: Register, authority: Authority, udp_device: UdpDevice
) -> None:
    sender = register.device(authority, authentication="certificate", certificate_sha256="ab" * 32, network=None)
    await running.knows(sender)
    assert (await udp_device.ask(message(sender, mrq(sender)))).status == 403
    assert running.refusals(Reason.CERTIFICATE_MISSING) == 1


@pytest.mark.parametrize("permitted", [True, False])
async def test_another_name_in_from(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice, permitted: bool
) -> None:
    sender = register.device(authority, sender_may_differ=permitted)
    await running.knows(sender)
    answer = await udp_device.ask(message("somebody-else", mrq(sender)))
    if permitted:
        assert answer.status == 200
        assert rows(authority, "select sender, 'sender_differs' = any(deviations) from message") == [
            (blinded(sender), True)
        ]
    else:
        assert answer.status == 403
        assert running.refusals(Reason.SENDER_DIFFERS) == 1
        assert rows(authority, "select count(*) from message where class = 'life'") == [(0,)]


async def test_a_device_that_speaks_for_others_is_known_by_its_from(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    gateway = register.device(authority, sender_may_differ=True)
    await running.knows(gateway)
    assert (await udp_device.ask(message(gateway, mrq("room-17")))).status == 200
    assert rows(authority, "select sender, 'sender_differs' = any(deviations) from message") == [
        (blinded(gateway), True)
    ]


async def test_a_device_that_may_not_speak_for_others_is_refused_whoever_they_are(
    running: Running, register: Register, authority: Authority, intake: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    """Its body names nobody we know: refused and told of as its own fault, and no stranger's message in the intake."""
    sender = register.device(authority)
    await running.knows(sender)
    assert (await udp_device.ask(message(sender, mrq("nobody-4711")))).status == 403
    assert running.refusals(Reason.SENDER_DIFFERS) == 1
    await running.until(lambda: rows(authority, "select kind from alarm") == [("refused_sender",)])
    assert rows(intake, "select count(*) from message") == [(0,)]


async def test_nobody_is_let_in_by_the_name_of_another(
    running: Running, known: Credentials, intake: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    """A From that names a registered device has to be proved before anything else is said."""
    assert (await udp_device.ask(message(known.sender, mrq("nobody-4711")))).status == 401
    assert rows(intake, "select count(*) from message") == [(0,)]


async def test_a_device_without_a_controller_id_is_known_by_its_from(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    sender = register.device(authority)
    await running.knows(sender)
    assert (await udp_device.ask(message(sender, mrq(None, ref="9")))).status == 200
    assert (await udp_device.mrs()).snu == 0
    assert rows(authority, "select sender from alarm") == [(blinded(sender),)]


async def test_changes_in_the_directory_are_heard(
    running: Running, register: Register, authority: Authority, udp_device: UdpDevice
) -> None:
    sender = register.device(authority)
    await running.knows(sender)
    register.execute("update vaka.device_entry set network = '192.0.2.0/24' where sender = %s", blinded(sender))
    directory = running.receiver.directory
    await running.until(lambda: str(getattr(directory.find(blinded(sender)), "network", None)) == "192.0.2.0/24")
    assert (await udp_device.ask(message(sender, mrq(sender)))).status == 403
    register.execute("update vaka.device_entry set active = false where sender = %s", blinded(sender))
    await running.until(lambda: directory.find(blinded(sender)) is None)
