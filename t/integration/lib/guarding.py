"""Guardrails before both kinds of provider, by gateway and by ai_filter. What a model says is planned at the mock."""
import json

from .chat_gateway import KINDS, ChatGateway
from .client import post
from .mock import behaviour
from .nginx import AI_VARIABLES

PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
VARIABLES = (*AI_VARIABLES, "ai_detected", "ai_guardrail")
WAYS = [(kind, dialect, filtered) for kind in KINDS for dialect in PATHS for filtered in (False, True)
        if not filtered or kind == dialect]


class Guarded(ChatGateway):
    def __init__(self, folder, guardrails, **parts):
        proxies = "".join(f"""location /{kind}/v1/ {{ proxy_pass %{kind.upper()}%/; proxy_http_version 1.1; proxy_buffering off;
            client_max_body_size 32m; proxy_set_header Connection ""; proxy_set_header Authorization "Bearer upstream-key-of-the-gateway";
            ai_filter {kind}; ai_auth keys; {guardrails} }}""" for kind in KINDS)
        self.count = 0
        super().__init__(folder, location=guardrails, server=parts.pop("server", "") + proxies, variables=VARIABLES, **parts)

    def says(self, kind, text, **options):
        self.mocks[kind].plan(behaviour(text=text, **options))

    def ask(self, way, content="hi", stream=False, **members):
        kind, dialect, filtered = way
        path = f"/{kind}{PATHS[dialect]}" if filtered else PATHS[dialect]
        body = {"model": "ok" if filtered else f"plain-{kind}", "max_tokens": 100, "stream": stream,
                "messages": [{"role": "user", "content": content}], **members}
        return self.post(path, body)

    def post(self, path, body, headers=None):
        self.count += 1
        return post(self.nginx.port, path, body, headers, self.key)

    def entry(self):
        """The access log's line of the last request."""
        return self.last_entry(self.count)

    def sent(self, kind):
        return self.mocks[kind].last.json


def text_of(answer, dialect, stream):
    if not stream:
        body = answer.json()
        if dialect == "openai":
            return body["choices"][0]["message"]["content"]
        return "".join(block.get("text", "") for block in body["content"])
    pieces = []
    for _, data in answer.events():
        event = json.loads(data) if data != "[DONE]" else {}
        if dialect == "openai":
            pieces += [choice["delta"].get("content") or "" for choice in event.get("choices", [])]
        elif event.get("type") == "content_block_delta":
            pieces.append(event["delta"].get("text", ""))
    return "".join(pieces)
