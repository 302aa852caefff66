"""Loopback ports. A port is free when it is given out; nothing keeps it for the caller."""
import os
import random
import socket


# Below the ports that the kernel gives to outgoing connections, so that none of those takes one between here and its listener.
PORTS = range(12000, 32000)


def free_port():
    """One that nobody has; each process of a run (pytest -n) looks in a part of its own."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    mine = PORTS[int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])::workers]
    for _ in range(1000):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            port = random.choice(mine)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


def is_listening(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class RefusedPort:
    """A port that answers every connection with a refusal: bound, never listening, so nobody else gets it."""

    def __init__(self):
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def close(self):
        self._socket.close()
