"""A gateway with limits before a mock provider. The limit's window is an hour: nothing leaves it while a test runs."""
import concurrent.futures

from .client import open_post, post
from .nginx import AI_VARIABLES

PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
VARIABLES = (*AI_VARIABLES, "ai_limit_status", "ai_limit_remaining", "ai_input_tokens")


def limited(nginx, mock, limits, http="", server="", location="", zone="ai_zone aigw 8m;", model="", main="", timeout="", **parts):
    http += f"""{zone}
        ai_provider p {{ url {mock.url}; key env:MOCK_KEY; {timeout} }}
        ai_model m/* {{ target p *; {model} }}"""
    server = f"location /v1/ {{ ai_gateway; ai_auth off; client_max_body_size 32m; add_header x-input-tokens $ai_input_tokens always; {limits} {location} }} {server}"
    return nginx(http=http, server=server, main="env MOCK_KEY;" + main, env={"MOCK_KEY": "sk-mock"}, log_variables=VARIABLES, **parts)


def body(model="ok", **members):
    return {"model": f"m/{model}", "messages": [{"role": "user", "content": "hi"}], **members}


def ask(ngx, model="ok", team="a", dialect="openai", timeout=20, **members):
    return post(ngx.port, PATHS[dialect], body(model, **members), {"x-team": team} if team is not None else None, timeout=timeout)


def open_ask(ngx, model="ok", team="a", **members):
    return open_post(ngx.port, PATHS["openai"], body(model, stream=True, **members), {"x-team": team})


def remaining(ngx, team="a"):
    """What is left: a call that the provider refuses costs nothing, and tells what is left beside its own reserve."""
    answer = ask(ngx, "status,code=503", team, max_tokens=1)
    assert answer.status in (429, 502, 503)
    own = int(answer.headers["x-input-tokens"]) + 1 if answer.status != 429 else 0
    return int(answer.headers["x-ratelimit-remaining-tokens"]) + own


def at_once(count, call):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda i: call(i), range(count)))
