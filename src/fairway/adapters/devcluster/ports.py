"""Free ports on loopback."""

from __future__ import annotations

import socket

from fairway.domain.errors import UserError

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on the loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose(count: int, wanted: int | None = None) -> tuple[int, ...]:
    """`count` different free ports, the first one `wanted` if given; UserError when that is taken."""
    if wanted is not None and not is_free(wanted):
        raise UserError(
            f"port {wanted} on {LOOPBACK} is in use by another program",
            fix="choose another --port, or leave it out to get a free one",
        )
    probes: list[socket.socket] = []
    try:
        ports = [wanted] if wanted is not None else []
        while len(ports) < count:
            probe = socket.socket()
            probes.append(probe)
            probe.bind((LOOPBACK, 0))
            if (port := probe.getsockname()[1]) not in ports:
                ports.append(port)
    finally:
        for probe in probes:
            probe.close()
    return tuple(ports)
