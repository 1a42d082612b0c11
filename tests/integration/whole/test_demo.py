"""The demo as a person runs it: all acts come true, at once or when they are asked for."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Sequence

import requests

from tests.integration.whole.installation import eventually

ACTS = {
    1: ("webhook        payment succeeded, 19.99 USD", "hosting        fulfilled: active until", ": 1 create",
        "refund         15.00 USD succeeded"),
    2: ("stripe         charged 4.99 USD to the saved card", "4.99 USD, completed", "hosting        active, paid until",
        "Your hosting starter is renewed"),
    3: ("push           MTN asks on the phone: http://", "postback       says 01, unsigned",
        "checkstatus    payment succeeded, 24500 RWF received", ": 1 create",
        "operator       requires_manual_refund: pay 18000 RWF back to", "operator       billing refunds settle ref_",
        "order          partially_completed", "mail           to aline@example.rw: 18000 RWF of order"),
}  # fmt: skip
SECONDS = 120.0


def demo(*options: str) -> Sequence[str]:
    return [sys.executable, "-m", "billing", "demo", *options]


def clean() -> dict[str, str]:
    """Without settings of ours, and told without colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BILLING_")}
    return {**kept, "TERM": "dumb"}


def shown_at(what: str, told: str) -> str:
    """The page whose address is told."""
    (address,) = re.findall(rf"{what}\s+(\S+)", told)
    answer = requests.get(address, timeout=SECONDS)
    assert answer.ok, address
    return answer.text


def test_all_acts_come_true_and_the_demo_ends(tmp_path) -> None:
    ended = subprocess.run(
        demo("--once", "--dir", str(tmp_path)),
        env=clean(),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    first, _, rest = ended.stdout.partition("A month passes")
    second, _, third = rest.partition("A customer without a card")
    for act, told in ((1, first), (2, second), (3, third)):
        assert [said for said in ACTS[act] if said not in told] == []


def test_a_person_pays_by_phone_and_enter_lets_a_month_pass(tmp_path) -> None:
    said = bytearray()
    here, there = pty.openpty()
    player = subprocess.Popen(
        demo("--dir", str(tmp_path)), env=clean(), stdin=there, stdout=there, stderr=there, start_new_session=True
    )
    os.set_blocking(here, False)

    def hears(*words: str) -> bool:
        try:
            said.extend(os.read(here, 65_536))
        except BlockingIOError:
            assert player.poll() is None, said.decode(errors="replace")
        return all(word in said.decode(errors="replace") for word in words)

    try:
        eventually(lambda: hears(*ACTS[1], "Enter: let a month pass"), SECONDS)
        assert not hears(*ACTS[2])
        assert not hears(*ACTS[3])
        told = said.decode()
        assert "By mobile money (MTN or Airtel)" in shown_at("one to pay by mobile money", told)
        assert "Waiting for an answer" in shown_at("the phones, to approve it", told)
        said.clear()
        os.write(here, b"m\n")
        eventually(lambda: hears(*ACTS[3], "Enter: "), SECONDS)
        for _ in range(2):
            said.clear()
            os.write(here, b"\n")
            eventually(lambda: hears("4.99 USD, completed", "Your hosting starter is renewed", "Enter: "), SECONDS)
        player.send_signal(signal.SIGINT)
        assert player.wait(SECONDS) == 0
    finally:
        player.send_signal(signal.SIGTERM)
        player.wait(SECONDS)
        os.close(here)
        os.close(there)
