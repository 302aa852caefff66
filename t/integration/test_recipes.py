"""The recipes of docs/limits.md and docs/guardrails.md do what the words beside them say."""
import pytest

from lib.client import get, post
from lib.guarding import text_of
from lib.mock import behaviour
from lib.recipes import recipes, run

CHAT = "/v1/chat/completions"


def body(text, **members):
    return {"model": "openai/ok", "messages": [{"role": "user", "content": text}], **members}


def test_500_tokens_an_hour_for_each_user(nginx, mock, keys):
    ann, again, bob, nobody = keys.add("ann-1", user="ann"), keys.add("ann-2", user="ann"), keys.add("bob", user="bob"), keys.add("none")
    text, = recipes("limits.md")
    ngx = run(nginx, text, {"ai_keys keys.json": f"ai_keys {keys.path}",
                            "{ key env:OPENAI_API_KEY; }": f"{{ url {mock.url}; key env:OPENAI_API_KEY; }}"}, {"OPENAI_API_KEY": "sk-of-the-operator"})
    mock.plan(behaviour(prompt=100, completion=300))
    assert post(ngx.port, CHAT, body("hi", max_tokens=300), key=ann).status == 200
    for key in (ann, again):
        over = post(ngx.port, CHAT, body("hi", max_tokens=300), key=key)
        assert over.status == 429 and int(over.headers["retry-after"]) > 3000
        assert over.json()["error"]["message"] == "Token limit exceeded for ann: 500/h."
    assert post(ngx.port, CHAT, body("hi", max_tokens=20), key=again).status == 200  # 100 were left
    assert post(ngx.port, CHAT, body("hi", max_tokens=300), key=bob).status == 200
    assert post(ngx.port, CHAT, body("hi"), key=nobody).status == 403
    assert len(mock.requests) == 3


@pytest.mark.parametrize("stream", [False, True])
def test_masking_for_an_existing_vllm(nginx, mock, stream):
    text, = recipes("guardrails.md")
    ngx = run(nginx, text, {"server 127.0.0.1:8000;": f"server 127.0.0.1:{mock.port};"})
    mock.plan(behaviour(text="Ask bob@example.com, or call (415) 555-0123."))
    answer = post(ngx.port, CHAT, body("I am ann@example.com, card 4111 1111 1111 1111", stream=stream))
    assert mock.last.json["messages"][0]["content"] == "I am [EMAIL], card [CREDIT_CARD]"
    assert answer.status == 200 and text_of(answer, "openai", stream) == "Ask [EMAIL], or call [PHONE]."
    assert get(ngx.port, "/v1/models").status == 200
    assert [one.path for one in mock.requests] == [CHAT, "/v1/models"]
