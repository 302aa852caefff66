"""A provider that answers every request with the same bytes, whatever they are, and keeps the connection open after them."""
import re
import time

from .listener import Listener


class Raw(Listener):
    def __init__(self, answer, close=False, then=b""):
        self.answer = answer
        self.then = then  # sent after a while
        self.close_after = close
        self.requests = 0
        self.last_body = b""
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}/v1"

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
                    if self.then:
                        time.sleep(0.1)
                        connection.sendall(self.then)
                    if self.close_after:
                        return
            except OSError:
                return
