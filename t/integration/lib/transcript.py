"""A provider that answers with one text, whatever it is asked: a transcript of t/golden, whole or piece by piece.

    vendor = Transcript("application/x-ndjson", [first, rest])    # `rest` waits for vendor.go_on.set()
    vendor.url                                                     # http://127.0.0.1:PORT, without a path
    vendor.requests                                                # [(path, headers in lower case, parsed body)]
"""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Transcript:
    def __init__(self, content_type, pieces, status=200):
        self.requests = []
        self.go_on = threading.Event()
        if isinstance(pieces, bytes):
            pieces = [pieces]
            self.go_on.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.requests.append((self.path, headers, json.loads(body)))
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for number, piece in enumerate(pieces):
                    if number > 0:
                        outer.go_on.wait(10)
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()
