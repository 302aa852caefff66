"""A provider that answers every request with the same bytes, whatever they are, and keeps the connection open after them."""
import re
import socket
import threading


class Raw:
    def __init__(self, answer, close=False):
        self.answer = answer
        self.close_after = close
        self.requests = 0
        self.connections = 0
        self.last_body = b""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            received = b""
            try:
                while True:
                    while b"\r\n\r\n" not in received:
                        more = connection.recv(65536)
                        if not more:
                            return
                        received += more
                    head, received = received.split(b"\r\n\r\n", 1)
                    length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
                    while len(received) < length:
                        received += connection.recv(65536)
                    self.last_body, received = received[:length], received[length:]
                    self.requests += 1
                    connection.sendall(self.answer)
                    if self.close_after:
                        return
            except OSError:
                return
