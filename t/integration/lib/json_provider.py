"""A provider whose answers a test writes itself: one function for each path.

    provider = JsonProvider({"/v1/embeddings": lambda request: {"data": []}})
    provider.url           http://127.0.0.1:PORT
    provider.requests      [Request]: path, headers (names in lower case), body (bytes), json

A function gives a dict (200), (status, dict), or (status, type, bytes). Paths are compared without their query.
"""
import dataclasses
import http.server
import json
import threading


@dataclasses.dataclass
class Request:
    path: str
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class JsonProvider:
    def __init__(self, answers):
        self.answers = answers
        self.requests = []
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                request = Request(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                provider.requests.append(request)
                self.answer(request)

            def answer(self, request):
                make = provider.answers.get(request.path.split("?")[0])
                made = make(request) if make else (404, {"error": {"message": "no such path: " + request.path}})
                if isinstance(made, dict):
                    made = (200, made)
                if len(made) == 2:
                    made = (made[0], "application/json", json.dumps(made[1]).encode())
                status, kind, data = made
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def last(self):
        return self.requests[-1]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
