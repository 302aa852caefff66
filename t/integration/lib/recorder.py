"""A provider of every dialect on one port: it keeps each request's bytes and answers "Hello", whole or streamed, in the words
of the path that was asked.

    recorder.url             without a path; recorder.requests: [(path, body as bytes)]; recorder.last
"""
import http.server
import json
import threading

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "Hello"}],
           "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 2}}
ITEM = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": "Hello", "annotations": []}]}
RESPONSE = {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "m", "output": [ITEM], "error": None,
            "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}}
GOOGLE = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP", "index": 0}],
          "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}, "modelVersion": "m"}
CONVERSE = {"output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}}


def chat(stream):
    head = {"id": "c", "created": 1, "model": "m"}
    if not stream:
        choice = {"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}
        return {**head, "object": "chat.completion", "choices": [choice], "usage": USAGE}
    piece = {**head, "object": "chat.completion.chunk"}
    return [{**piece, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}]},
            {**piece, "choices": [], "usage": USAGE}, "[DONE]"]


def messages(stream):
    if not stream:
        return MESSAGE
    return [{"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}, {"type": "message_stop"}]


def responses(stream):
    if not stream:
        return RESPONSE
    return [{"type": "response.created", "response": {**RESPONSE, "status": "in_progress", "output": [], "usage": None}},
            {"type": "response.output_item.done", "output_index": 0, "item": ITEM}, {"type": "response.completed", "response": RESPONSE}]


def answer_to(path, stream):
    if path.endswith("/chat/completions"):
        return chat(stream)
    if path.endswith("/messages"):
        return messages(stream)
    if path.endswith("/responses"):
        return responses(stream)
    if path.endswith("/converse"):
        return CONVERSE
    return [GOOGLE] if stream else GOOGLE


def framed(event):
    if isinstance(event, str):
        return f"data: {event}\n\n".encode()
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n".encode()


class Recorder:
    def __init__(self):
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.requests.append((self.path, body))
                path = self.path.split("?")[0]
                stream = path.endswith(":streamGenerateContent") or (b'"stream":true' in body.replace(b" ", b"")[-200:] + body[:200])
                answer = answer_to(path, stream)
                data = b"".join(framed(event) for event in answer) if stream else json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream" if stream else "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def last(self):
        return self.requests[-1][1]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
