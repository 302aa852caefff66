"""A provider that speaks Google's generateContent: it plays back what it is told, and remembers what arrived.

    google.plan(answer)      the next JSON answer or, for a stream, its events ([answer, ...]); an int is a status
    google.url               base URL; google.requests: [(path, headers, body as JSON)]
"""
import http.server
import json
import threading

USAGE = {"promptTokenCount": 9, "candidatesTokenCount": 4, "totalTokenCount": 20, "thoughtsTokenCount": 7}


def said(*parts, finish=None, **members):
    candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
        members.setdefault("usageMetadata", USAGE)
    return {"candidates": [candidate], **members, "modelVersion": "gemini-3-flash", "responseId": "rEsp0nse"}


def call(name, signature=None, **args):
    part = {"functionCall": {"name": name, "args": args}}
    return part | ({"thoughtSignature": signature} if signature else {})


class Google:
    def __init__(self):
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
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1beta"

    def plan(self, *answers):
        self.planned += answers

    def answer(self, to):
        planned = self.planned.pop(0)
        stream = "alt=sse" in to.path
        if isinstance(planned, int):
            data = json.dumps({"error": {"code": planned, "message": "No.", "status": "UNAVAILABLE"}}).encode()
            to.send_response(planned)
        elif stream:
            data = b"".join(b"data: " + json.dumps(event).encode() + b"\r\n\r\n" for event in planned)
            to.send_response(200)
        else:  # a stream that nobody wants as events is one list
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
