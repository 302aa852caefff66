#!/usr/bin/env python3
"""A provider for trying things out: speaks OpenAI chat completions and Anthropic messages, streamed and not, and says in
every answer that it is simulated. It knows nothing and wants no key. Listens on 127.0.0.1 only.

    scripts/simulated_provider.py [PORT]     PORT 0 (default): a free one; prints the port
"""
import http.server
import json
import re
import sys
import time

GAP_SECONDS = 0.04
BODY_LIMIT = 64 << 20


def last_user_text(body):
    for message in reversed(body.get("messages") or []):
        if message.get("role") == "user":
            content = message.get("content")
            parts = content if isinstance(content, list) else [{"text": content}]
            return " ".join(str(part.get("text", "")) for part in parts if isinstance(part, dict)).strip()
    return ""


def reply_text(body):
    asked = last_user_text(body)
    return (f"This is a simulated provider, no model is behind it. You asked for {body.get('model')!r} and wrote "
            f"{len(asked.split())} words: \"{asked[:60]}\"")


def openai_usage(prompt, completion):
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def openai_json(body, text, usage):
    message = {"role": "assistant", "content": text, "refusal": None}
    return {"id": "chatcmpl-simulated", "object": "chat.completion", "created": int(time.time()), "model": body.get("model"),
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": openai_usage(*usage)}


def openai_events(body, words, usage):
    def chunk(choices, **more):
        return None, json.dumps({"id": "chatcmpl-simulated", "object": "chat.completion.chunk", "created": int(time.time()),
                                 "model": body.get("model"), "choices": choices, **more}, ensure_ascii=False)

    yield chunk([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
    for word in words:
        yield chunk([{"index": 0, "delta": {"content": word}, "finish_reason": None}])
    yield chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}])
    if (body.get("stream_options") or {}).get("include_usage"):
        yield chunk([], usage=openai_usage(*usage))
    yield None, "[DONE]"


def anthropic_json(body, text, usage, stop="end_turn"):
    return {"id": "msg_simulated", "type": "message", "role": "assistant", "model": body.get("model"),
            "content": [{"type": "text", "text": text}] if text else [], "stop_reason": stop, "stop_sequence": None,
            "usage": {"input_tokens": usage[0], "output_tokens": usage[1]}}


def anthropic_events(body, words, usage):
    def event(name, **members):
        return name, json.dumps({"type": name, **members}, ensure_ascii=False)

    yield event("message_start", message=anthropic_json(body, "", (usage[0], 1), None))
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for word in words:
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
    yield event("content_block_stop", index=0)
    yield event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": usage[1]})
    yield event("message_stop")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "simulated-provider"

    def do_GET(self):
        self.send_json(200, {"object": "list", "data": [{"id": "simulated-model", "object": "model", "owned_by": "nobody"}]})

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        anthropic = self.path.split("?")[0].endswith("/messages")
        try:
            body = json.loads(self.rfile.read(min(size, BODY_LIMIT)))
            text = reply_text(body)
        except (ValueError, AttributeError):
            return self.send_json(400, {"error": {"message": "simulated: the body is not a JSON object", "type": "invalid_request_error"}})
        words = re.findall(r"\S+\s*", text)
        usage = (max(1, len(json.dumps(body.get("messages"))) // 4), len(words))
        if body.get("stream"):
            self.send_events((anthropic_events if anthropic else openai_events)(body, words, usage))
        else:
            self.send_json(200, (anthropic_json if anthropic else openai_json)(body, text, usage))

    def send_json(self, status, value):
        data = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def send_events(self, events):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for name, data in events:
            event = (f"event: {name}\n" if name else "").encode() + b"data: " + data.encode() + b"\n\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.flush()
            time.sleep(GAP_SECONDS)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that left


if __name__ == "__main__":
    server = Server(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
