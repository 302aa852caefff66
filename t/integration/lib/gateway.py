"""A gateway in front of mock providers, in the few words that tests of its attempts need.

    ngx = gateway(nginx, [openai("a", mock), anthropic("b", other)], ["target a 503 retries=2;", "target b ok;"])
    chat(ngx), chat(ngx, stream=True), chat(ngx, dialect="anthropic")
"""
from .client import open_post, post

LOCATION = "location /v1/ { ai_gateway; ai_auth off; }"
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
BODY = {"model": "m", "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]}
VARIABLES = ("ai_attempts", "ai_provider", "ai_stream_end", "ai_error", "ai_usage_source", "ai_completion_tokens")


def provider(name, url, format="openai", extra=""):
    return f"ai_provider {name} {{ format {format}; url {url}; key env:MOCK_KEY; {extra} }}"


def openai(name, mock, extra=""):
    return provider(name, mock.url, "openai", extra)


def anthropic(name, mock, extra=""):
    return provider(name, mock.url, "anthropic", extra)


def tls(name, mock, authority, format="anthropic", url=None):
    return provider(name, url or mock.tls_url, format, f"ssl_trusted_certificate {authority.ca_file};")


def gateway(nginx, providers, targets, http="", server=LOCATION, **parts):
    http += "\n".join([*providers, "ai_model m {", *targets, "}"])
    return nginx(main="env MOCK_KEY;" + parts.pop("main", ""), env={"MOCK_KEY": "sk-mock"}, http=http, server=server,
                 log_variables=VARIABLES, **parts)


def chat(ngx, stream=False, dialect="openai", timeout=20, **members):
    return post(ngx.port, PATHS[dialect], {**BODY, "stream": stream, **members}, timeout=timeout)


def open_chat(ngx, dialect="openai", timeout=20, receive_buffer=None, **members):
    return open_post(ngx.port, PATHS[dialect], {**BODY, "stream": True, **members}, timeout=timeout, receive_buffer=receive_buffer)


def text_of(answer, dialect="openai", stream=False):
    """What the model said."""
    import json
    if not stream:
        body = answer.json()
        if dialect == "openai":
            return body["choices"][0]["message"]["content"]
        return "".join(block.get("text", "") for block in body["content"])
    found = ""
    for _, data in answer.events():
        event = json.loads(data) if data != "[DONE]" else {}
        if dialect == "openai":
            found += "".join(choice["delta"].get("content") or "" for choice in event.get("choices", []))
        elif event.get("type") == "content_block_delta":
            found += event["delta"].get("text", "")
    return found


def error_of(answer, dialect="openai", stream=False):
    """The error object, wherever it stands; fails if there is none."""
    import json
    body = json.loads(answer.events()[-1][1]) if stream else answer.json()
    if dialect == "anthropic":
        assert body["type"] == "error"
    return body["error"]
