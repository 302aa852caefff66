"""A provider that plays back what it is told, and remembers what arrived: for dialects that lib/mock.py does not speak.

    provider = Playback("/v1")
    provider.plan(answer)      the next JSON answer or, for a stream, its events ([event, ...]); an int is a status
    provider.url               base URL; provider.requests: [(path, headers, body as JSON)]
"""
import http.server
import json
import threading


class Playback:
    def __init__(self, path):
        self.requests, self.planned = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, json.loads(body)))
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}{path}"

    def plan(self, *answers):
        self.planned += answers

    def answer(self, to):
        planned = self.planned.pop(0)
        stream = isinstance(planned, list)
        if isinstance(planned, int):
            data = json.dumps({"error": {"code": None, "message": "No.", "type": "server_error"}}).encode()
            to.send_response(planned)
        elif stream:
            data = b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in planned)
            to.send_response(200)
        else:
            data = json.dumps(planned, indent=1).encode()
            to.send_response(200)
        to.send_header("Content-Type", "text/event-stream" if stream else "application/json; charset=UTF-8")
        to.send_header("Content-Length", str(len(data)))
        to.end_headers()
        to.wfile.write(data)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
