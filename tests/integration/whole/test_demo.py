"""The demo as a person runs it: both acts come true, at once or when Enter is pressed."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Sequence

from tests.integration.whole.installation import eventually

ACTS = {
    1: ("webhook        payment succeeded, 19.99 USD", "hosting        fulfilled: active until", ": 1 create",
        "refund         15.00 USD succeeded"),
    2: ("stripe         charged 4.99 USD to the saved card", "4.99 USD, completed", "hosting        active, paid until",
        "Your hosting starter is renewed"),
}  # fmt: skip
SECONDS = 120.0


def demo(*options: str) -> Sequence[str]:
    return [sys.executable, "-m", "billing", "demo", *options]


def clean() -> dict[str, str]:
    """Without settings of ours, and told without colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BILLING_")}
    return {**kept, "TERM": "dumb"}


def test_both_acts_come_true_and_the_demo_ends(tmp_path) -> None:
    ended = subprocess.run(
        demo("--once", "--dir", str(tmp_path)),
        env=clean(),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for said in ACTS[1] + ACTS[2]:
        assert said in ended.stdout


def test_enter_lets_a_month_pass(tmp_path) -> None:
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
