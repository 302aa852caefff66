"""A real redis-server of our own, without persistence, and a client that speaks RESP2 as plainly as can be."""
import os
import shutil
import socket
import subprocess

from . import canary
from .wait import wait_until


class RedisError(Exception):
    pass


class Redis:
    """Listens on a unix socket in `folder`."""

    def __init__(self, folder, *options, env=None):
        binary = shutil.which("redis-server")
        assert binary, "redis-server is not installed (apt install redis-server)"
        self.path = str(folder / "redis.sock")
        self.process = subprocess.Popen(
            [binary, "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly", "no", "--dir", str(folder),
             "--logfile", str(folder / "redis.log"), *options], env={**os.environ, **(env or {})})
        self._socket = None
        try:
            wait_until(self._connect, what="redis-server")
        except AssertionError:
            self.process.kill()  # nobody has it to close it
            self.process.wait()
            raise

    def _connect(self):
        assert self.process.poll() is None, "redis-server ended"
        try:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(10)
            self._socket.connect(self.path)
            self._stream = self._socket.makefile("rb")
            return self("PING") == b"PONG"
        except (OSError, RedisError):
            return False

    def __call__(self, *words):
        encoded = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self._socket.sendall(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in encoded))
        return self._read()

    def _read(self):
        line = self._stream.readline()
        if not line:
            raise OSError("redis-server closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._stream.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self._read() for _ in range(int(rest))]
        return rest

    def names(self):
        """Every key, and every field of a hash."""
        keys = self("KEYS", "*")
        return keys + [field for key in keys if self("TYPE", key) == b"hash" for field in self("HKEYS", key)]

    def close(self):
        found = canary.faults("Redis", b"\n".join(self.names())) if self.process.poll() is None else []
        self._socket.close()
        self.process.kill()
        self.process.wait()
        assert not found, found
