"""Between nginx and a real redis-server: passes commands on one by one, until it is told to do harm.

    proxy = RedisProxy(redis.path); ... ai_redis {proxy.url} ...
    proxy.mode = Error("READONLY no"); proxy.refuse(); proxy.mode = Pass()

A mode does what happens to one command: `carry_out` may answer, stay silent, or raise Hangup. The greeting (AUTH, SELECT,
PING) is passed on as it is, unless the mode says `greeting = True`.
"""
import socket
import threading
import time

GREETING = {b"AUTH", b"SELECT", b"PING"}


class Hangup(Exception):
    pass


class Pass:
    greeting = False

    def carry_out(self, client, ask):
        client.sendall(ask())


class Delay(Pass):
    def __init__(self, seconds):
        self.seconds = seconds

    def carry_out(self, client, ask):
        reply = ask()
        time.sleep(self.seconds)
        client.sendall(reply)


class Silent(Pass):
    """With greeting: connects, and that is all."""

    def __init__(self, greeting=False):
        self.greeting = greeting

    def carry_out(self, client, ask):
        pass


class Drip(Pass):
    """A byte at a time."""

    def __init__(self, pause):
        self.pause = pause

    def carry_out(self, client, ask):
        for byte in ask():
            client.sendall(bytes([byte]))
            time.sleep(self.pause)


class Cut(Pass):
    """Carries the command out, sends so many bytes of the reply and closes."""

    def __init__(self, count):
        self.count = count

    def carry_out(self, client, ask):
        client.sendall(ask()[:self.count])
        raise Hangup


class Say(Pass):
    """Any bytes instead of a reply; Redis does not see the command."""

    def __init__(self, reply, greeting=False):
        self.reply, self.greeting = reply, greeting

    def carry_out(self, client, ask):
        client.sendall(self.reply)


def Error(text, greeting=False):
    return Say(b"-%s\r\n" % text.encode(), greeting)


class Close(Pass):
    """Accepts and closes at once."""
    greeting = True

    def carry_out(self, client, ask):
        raise Hangup


def read_line(stream):
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise Hangup
    return line


def read_value(stream):
    """One command or reply: its bytes and, of an array, the bytes of its elements."""
    line = read_line(stream)
    kind, number = line[:1], line[1:-2]
    if kind == b"$" and number != b"-1":
        return line + stream.read(int(number) + 2), []
    if kind == b"*" and number != b"-1":
        parts = [read_value(stream)[0] for _ in range(int(number))]
        return line + b"".join(parts), parts
    return line, []


def text_of(bulk):
    return bulk.split(b"\r\n", 1)[1][:-2]


class RedisProxy:
    def __init__(self, path, latency=0):
        self.path = path
        self.latency = latency   # seconds, of every command
        self.mode = Pass()
        self.commands = []       # names, but for the greeting
        self.accepted = 0        # connections
        self.port = None
        self._open = set()
        self._lock = threading.Lock()
        self.listen()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def listen(self):
        self._listener = socket.create_server(("127.0.0.1", self.port or 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def refuse(self):
        """Nobody listens, and who was connected no longer is."""
        self._shut(self._listener)  # closing alone does not wake the thread that accepts
        self._listener.close()
        self.hang_up()

    def hang_up(self):
        with self._lock:
            for one in self._open:
                self._shut(one)

    close = refuse

    @staticmethod
    def _shut(one):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        backend = socket.socket(socket.AF_UNIX)
        with self._lock:
            self._open |= {client, backend}
        try:
            self._relay(client, backend)
        except (OSError, Hangup, ValueError):
            pass
        finally:
            with self._lock:
                self._open -= {client, backend}
            client.close()
            backend.close()

    def _relay(self, client, backend):
        backend.connect(self.path)
        commands, replies = client.makefile("rb"), backend.makefile("rb")
        while True:
            raw, words = read_value(commands)
            name = text_of(words[0]).upper()

            def ask():
                backend.sendall(raw)
                return read_value(replies)[0]

            if self.latency:
                time.sleep(self.latency)
            if name in GREETING and not self.mode.greeting:
                client.sendall(ask())
                continue
            if name not in GREETING:
                self.commands.append(name.decode())
            self.mode.carry_out(client, ask)
