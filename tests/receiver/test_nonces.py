# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What challenges were used for, remembered by several processes together: each use counts once, whoever sees it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.sip.test_digest import use
from vaka.errors import ConfigurationError
from vaka.receiver import nonces
from vaka.receiver.nonces import SharedNonces, open_shared_nonces
from vaka.sip.digest import NonceBook, NonceMemory, NonceVerdict, UsedNonces

FRESH, STALE, REPLAYED = NonceVerdict.FRESH, NonceVerdict.STALE, NonceVerdict.REPLAYED
NOW, OLDEST = 1_000_000, 940_000
LIFETIME = 60.0
Open = Callable[..., SharedNonces]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the memory is."""
    return tmp_path / "nonces"


@pytest.fixture
def share(path: Path) -> Iterator[Open]:
    """A function that opens the memory as one more process would: ``share(capacity=…)``."""
    with ExitStack() as stack:

        def open_memory(capacity: int = 1_000) -> SharedNonces:
            memory = open_shared_nonces(path, capacity=capacity)
            stack.callback(memory.close)
            return memory

        yield open_memory


@pytest.fixture(params=["own", "shared"])
def memory(request: pytest.FixtureRequest, share: Open) -> NonceMemory:
    """Both memories keep the same promises."""
    return UsedNonces(1_000, b"12345678") if request.param == "own" else share()


def test_a_rising_count_is_fresh_and_any_other_a_replay(memory: NonceMemory) -> None:
    verdicts = [memory.use(NOW, 7, number, OLDEST) for number in (0, 1, 1, 2, 7, 3, 7, 8)]
    assert verdicts == [REPLAYED, FRESH, REPLAYED, FRESH, FRESH, REPLAYED, REPLAYED, FRESH]


def test_nonces_are_told_apart_by_both_their_halves(memory: NonceMemory) -> None:
    for issued in (NOW, NOW + 1):
        for chance in (7, 7 + (1 << 40), 2**64 - 1):
            assert memory.use(issued, chance, 1, OLDEST) is FRESH
            assert memory.use(issued, chance, 1, OLDEST) is REPLAYED


def test_a_nonce_of_a_time_gone_by_is_stale(memory: NonceMemory) -> None:
    assert memory.use(OLDEST, 7, 1, OLDEST) is FRESH
    assert memory.use(OLDEST - 1, 8, 1, OLDEST) is STALE
    assert memory.use(OLDEST, 7, 2, OLDEST + 1) is STALE


def test_more_than_there_is_room_for_is_never_accepted_twice(memory: NonceMemory) -> None:
    used = [(NOW + number, number * 977) for number in range(10_000)]
    first = [memory.use(issued, chance, 1, OLDEST) for issued, chance in used]
    assert first == [FRESH] * len(used)
    again = [memory.use(issued, chance, 1, OLDEST) for issued, chance in used]
    assert FRESH not in again
    assert again[-500:].count(REPLAYED) > 400, "the latest are still known"


def test_what_has_expired_gives_its_room(share: Open) -> None:
    memory = share(capacity=8)  # one bucket
    assert [memory.use(NOW, chance, 1, OLDEST) for chance in range(8)] == [FRESH] * 8
    assert [memory.use(NOW + 100_000, chance, 1, NOW + 1) for chance in range(8)] == [FRESH] * 8
    assert memory.use(NOW + 50_000, 99, 1, NOW + 1) is STALE, "a full bucket of newer ones has no room for an older"
    assert memory.use(NOW + 100_001, 99, 1, NOW + 1) is FRESH


def test_what_was_forgotten_is_not_accepted_when_the_clock_is_set_back(share: Open) -> None:
    memory = share(capacity=8)
    for number in range(50):
        issued = NOW + number * 100_000
        assert [memory.use(issued, chance, 1, issued - 60_000) for chance in range(8)] == [FRESH] * 8
    assert [memory.use(NOW + number * 100_000, 3, 1, OLDEST) for number in range(49)] == [STALE] * 49


def test_those_that_share_it_accept_a_use_once_between_them(share: Open) -> None:
    books = [NonceBook(b"secret", LIFETIME, 10, memory=share()) for _ in range(3)]
    for giver in books:
        nonce = giver.issue(1000.0)
        assert books[1].check(use(nonce, 1), 1001.0) is FRESH
        assert [book.check(use(nonce, 1), 1001.0) for book in books] == [REPLAYED] * 3
        assert books[2].check(use(nonce, 2), 1001.0) is FRESH
        assert [book.check(use(nonce), 1061.0) for book in books] == [STALE] * 3


def test_it_outlives_those_who_use_it(path: Path, share: Open) -> None:
    first = open_shared_nonces(path)
    assert first.use(NOW, 7, 1, OLDEST) is FRESH
    first.close()
    again = open_shared_nonces(path)
    assert again.era == first.era
    assert again.use(NOW, 7, 1, OLDEST) is REPLAYED
    again.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size < 7 * 1024 * 1024
    assert [file.name for file in path.parent.iterdir()] == [path.name], "no drafts are left"


@pytest.mark.parametrize("change", ["boot", "capacity", "short", "damaged", "empty"])
def test_a_memory_that_may_have_forgotten_is_not_believed(
    path: Path, share: Open, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A new one has another era: whatever was issued before is asked about anew."""
    first = share()
    first.use(NOW, 7, 1, OLDEST)
    options: dict[str, int] = {}
    if change == "boot":
        boot = path.with_name("boot_id")
        boot.write_text("00000000-1111-2222-3333-444444444444\n")
        monkeypatch.setattr(nonces, "_BOOT", boot)
    elif change == "capacity":
        options = {"capacity": 9_000}
    else:
        content = path.read_bytes()
        path.unlink()  # a file that is mapped must not be cut
        path.write_bytes({"short": content[:-1], "damaged": b"x" + content[1:], "empty": b""}[change])
    second = share(**options)
    assert second.era != first.era
    assert second.use(NOW, 7, 1, OLDEST) is FRESH
    assert first.use(NOW, 7, 1, OLDEST) is REPLAYED, "who has the old one open goes on with it"
    assert share(**options).era == second.era


def test_where_it_cannot_be_made_that_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be used"):
        open_shared_nonces(tmp_path / "nowhere" / "nonces")


def test_a_link_is_not_followed(path: Path) -> None:
    path.with_name("elsewhere").write_bytes(b"mine")
    path.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(ConfigurationError, match="cannot be used"):
        open_shared_nonces(path)
    assert path.with_name("elsewhere").read_bytes() == b"mine"


CONTENDER = """
import sys
from pathlib import Path
from vaka.receiver.nonces import open_shared_nonces
from vaka.sip.digest import NonceVerdict
path, uses = Path(sys.argv[1]), int(sys.argv[2])
memory = open_shared_nonces(path, capacity=uses)
print(memory.era.hex(), flush=True)
sys.stdin.readline()
won = [chance for chance in range(uses)
       if memory.use(1_000_000 + chance % 5, chance * 31, 1 << 32, 940_000) is NonceVerdict.FRESH]
print(*won)
"""


def test_of_processes_that_look_at_the_same_moment_one_accepts_it(path: Path) -> None:
    """Started together without the file, they make one; then all try the same uses, each use is won once."""
    uses = 5_000
    command = [sys.executable, "-c", CONTENDER, str(path), str(uses)]
    contenders = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    eras, won = set(), []
    for contender in contenders:
        assert contender.stdout is not None
        eras.add(contender.stdout.readline())
    for contender in contenders:
        assert contender.stdin is not None
        contender.stdin.write("go\n")
        contender.stdin.flush()
    for contender in contenders:
        told, _ = contender.communicate(timeout=60)
        won += [int(number) for number in told.split()]
    assert len(eras) == 1
    assert len(won) == len(set(won)), "none twice"
    assert len(won) > uses * 0.9, "and hardly any refused for want of room"


def test_a_process_that_is_killed_holding_a_bucket_frees_it(path: Path, share: Open) -> None:
    holder = (
        "import fcntl, sys, time\n"
        "file = open(sys.argv[1], 'r+b')\n"
        "fcntl.lockf(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "time.sleep(600)\n"
    )
    memory = share()
    process = subprocess.Popen([sys.executable, "-c", holder, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.kill()
    process.wait()
    assert memory.use(NOW, 7, 1, OLDEST) is FRESH
