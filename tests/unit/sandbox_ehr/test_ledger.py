from __future__ import annotations

from dataclasses import dataclass
from threading import Barrier, Thread

import pytest

from sandbox_ehr.authorization.ledger import Authorization, Code, Launch, Ledger


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(clock: Clock) -> Ledger:
    return Ledger(clock)


def a_code(value: str = "c") -> Code:
    return Code(value, Authorization("app", "patient/*.rs"), "https://app/cb", "", "x", "S256", 1000.0, 1060.0)


def test_a_launch_is_taken_once_and_in_time(ledger: Ledger, clock: Clock) -> None:
    launch = Launch("p", "", "nurse", ask=False, need_patient_banner=True, expires_at=1300.0)
    first, second = ledger.open_launch(launch), ledger.open_launch(launch)
    assert ledger.launch(first) is launch
    assert ledger.take_launch(first) is launch
    assert ledger.take_launch(first) is None
    clock.now = 1300.0
    assert ledger.launch(second) is None
    assert ledger.take_launch(second) is None


def test_a_code_of_another_client_stays_untouched(ledger: Ledger) -> None:
    code = a_code()
    ledger.add_code(code)
    assert ledger.take_code("c", "thief") is None
    assert ledger.take_code("c", "app") is code
    assert not code.authorization.revoked


def test_a_code_taken_twice_revokes_its_authorization(ledger: Ledger) -> None:
    code = a_code()
    ledger.add_code(code)
    ledger.take_code("c", "app")
    assert ledger.take_code("c", "app") is None
    assert code.authorization.revoked


def test_an_old_code_is_worth_nothing(ledger: Ledger, clock: Clock) -> None:
    ledger.add_code(a_code())
    clock.now = 1060.0
    assert ledger.take_code("c", "app") is None


def test_of_many_who_use_one_refresh_token_at_once_one_at_most_succeeds(ledger: Ledger) -> None:
    owner = Authorization("app", "offline_access")
    ledger.add_token("r", "refresh_token", owner, owner.scope, 60)
    token = ledger.token("r", "refresh_token")
    assert token is not None
    barrier, taken = Barrier(8), []

    def use() -> None:
        barrier.wait()
        taken.append(ledger.take_refresh(token))

    threads = [Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]
    assert owner.revoked


def test_a_refresh_token_opens_no_chart(ledger: Ledger) -> None:
    ledger.add_token("r", "refresh_token", Authorization("app", "patient/*.rs"), "patient/*.rs", 60)
    assert ledger.live_access("r") is None
    assert ledger.token("r", "access_token") is None
