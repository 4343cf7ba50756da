"""The port that interface and API are served on."""

from __future__ import annotations

import socket

import pytest

from app.web import bind
from core.errors import Unavailable


def test_answers_are_sent_at_once_whatever_the_asker_has_acknowledged() -> None:
    with bind("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_somebody_has_is_told_with_another_one() -> None:
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(Unavailable) as caught:
            bind("127.0.0.1", port)
    assert caught.value.code == "port_in_use"
    assert str(port + 1) in str(caught.value.hint)
