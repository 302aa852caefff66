"""An existing proxy_pass before a mock provider, to which ai_filter is added."""
from .client import open_post, post
from .nginx import AI_VARIABLES

PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
VARIABLES = (*AI_VARIABLES, "ai_input_tokens", "ai_message_count", "ai_metadata_task")
PROXY = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; client_max_body_size 32m;'


def body(model="ok", **members):
    return {"model": model, "messages": [{"role": "user", "content": "hi"}], **members}


def filtered(nginx, mock, word="auto", auth="off", location="", keys=None, http="", server="", **parts):
    """/v1/ goes to the mock through ai_filter, /plain/v1/ the same without it."""
    if keys is not None:
        http += f"ai_keys {keys.path};"
    host = f"127.0.0.1:{mock.port}"
    http += PROXY + f"upstream mocks {{ server {host}; keepalive 8; }}"
    server = f"""location /v1/ {{ proxy_pass http://mocks; ai_filter {word}; ai_auth {auth}; {location} }}
        location /plain/ {{ proxy_pass http://mocks/; }} {server}"""
    parts.setdefault("log_variables", VARIABLES)
    return nginx(http=http, server=server, **parts)


def ask(ngx, dialect="openai", model="ok", key=None, headers=None, path=None, **members):
    return post(ngx.port, path or PATHS[dialect], body(model, **members), headers, key)


def plain(ngx, dialect="openai", model="ok", headers=None, **members):
    return post(ngx.port, "/plain" + PATHS[dialect], body(model, **members), headers)


def open_ask(ngx, dialect="openai", model="ok", **members):
    return open_post(ngx.port, PATHS[dialect], body(model, stream=True, **members))
