"""A TLS server that answers with a stream and then writes a record that does not decrypt: what a broken middle box does.
nginx before 1.23.3 spins on it in non-buffered mode when the client is slow."""
import socket
import ssl
import threading
import time

RECORD = b"\x17\x03\x03\x00\x30" + b"G" * 48


class CorruptTls:
    def __init__(self, authority, kilobytes=32):
        self.kilobytes = kilobytes  # of good events before the bad record
        self.corrupted = 0          # bad records written
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*authority.cert("localhost"))
        self._context.maximum_version = ssl.TLSVersion.TLSv1_2
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"https://localhost:{self.port}/v1"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = self._context.wrap_bio(incoming, outgoing, server_side=True)

        def pump(step, *arguments):
            while True:
                try:
                    result = step(*arguments)
                    raw.sendall(outgoing.read())
                    return result
                except ssl.SSLWantReadError:
                    raw.sendall(outgoing.read())
                    data = raw.recv(65536)
                    if not data:
                        raise ConnectionError
                    incoming.write(data)

        try:
            pump(session.do_handshake)
            request = b""
            while b"\r\n\r\n" not in request:
                request += pump(session.read, 65536)
            pump(session.write, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            text = b"y" * 480
            event = b'data: {"choices":[{"index":0,"delta":{"content":"' + text + b'"},"finish_reason":null}]}\n\n'
            for _ in range(self.kilobytes * 2):
                pump(session.write, b"%x\r\n%s\r\n" % (len(event), event))
                time.sleep(0.001)
            raw.sendall(RECORD)
            self.corrupted += 1
            time.sleep(1.5)
        except OSError:
            pass
        finally:
            raw.close()
