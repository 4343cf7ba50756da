"""How long an answer took, by the kernel's stamp: not by when it is taken up."""

from __future__ import annotations

import socket
import sys
import time

import pytest

from bench.callers.timed import TimedUnicast
from core.audio import SILENCE


@pytest.mark.skipif(sys.platform != "linux", reason="the stamp is Linux's")
def test_the_wait_ends_when_the_answer_comes_not_when_it_is_taken_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as robot:
        robot.bind(("127.0.0.1", 0))
        robot.settimeout(5)
        link = TimedUnicast(("127.0.0.1", 0), robot.getsockname())
        for pause_s in (0.0, 0.05):
            link.send(SILENCE)
            frame, switch = robot.recvfrom(1000)
            time.sleep(pause_s)
            robot.sendto(frame, switch)
        time.sleep(0.2)
        assert [link.receive(), link.receive()] == [SILENCE, SILENCE]
        link.close()
    first_ms, second_ms = link.answered_ms
    assert 0 <= first_ms < 50 <= second_ms < 190
    assert link.missed == 0
