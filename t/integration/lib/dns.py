"""A DNS server on loopback: answers A queries from `names`, counts them. A name's value is a list of addresses, "nx", or
"drop" for silence; `ttl` in seconds."""
import socket
import struct
import threading


class Dns:
    def __init__(self, ttl=1, **names):
        self.names = {name.replace("_", "."): value for name, value in names.items()}
        self.ttl = ttl
        self.queries = []  # names, A only
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def directive(self):
        return f"resolver 127.0.0.1:{self.port} ipv6=off; resolver_timeout 1s;"

    def close(self):
        self._socket.close()

    def _serve(self):
        try:
            while True:
                self._answer(*self._socket.recvfrom(2048))
        except OSError:  # closed
            pass

    def _answer(self, data, source):
        at, labels = 12, []
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode())
            at += data[at] + 1
        name, question = ".".join(labels), data[12:at + 5]
        if struct.unpack(">H", data[at + 1:at + 3])[0] == 1:
            self.queries.append(name)
        found = self.names.get(name, "nx")
        if found == "drop":
            return
        if found == "nx":
            self._socket.sendto(data[:2] + struct.pack(">HHHHH", 0x8183, 1, 0, 0, 0) + question, source)
            return
        records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, self.ttl, 4) + socket.inet_aton(address) for address in found)
        self._socket.sendto(data[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0) + question + records, source)
