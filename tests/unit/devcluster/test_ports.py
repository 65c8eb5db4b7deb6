import socket

import pytest

from fairway.adapters.devcluster.ports import LOOPBACK, choose, is_free
from fairway.domain.errors import UserError


def test_chosen_ports_are_free_and_differ() -> None:
    ports = choose(20)
    assert len(set(ports)) == 20
    assert all(is_free(port) for port in ports)


def test_a_wanted_port_comes_first() -> None:
    (wanted,) = choose(1)
    ports = choose(2, wanted)
    assert ports[0] == wanted
    assert ports[1] != wanted


def test_a_wanted_port_that_is_taken_is_named() -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(UserError, match=f"port {port} on 127.0.0.1 is in use") as raised:
            choose(2, port)
    assert "--port" in str(raised.value.fix)
    assert is_free(port)
