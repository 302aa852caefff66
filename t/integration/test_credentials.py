"""Credentials that are made for the gateway by AWS's container agents and instance metadata: when they are needed, anew before
they end; and failures of those who make them are not the callers' affair."""
import re
import threading
import time

import pytest

from lib.bedrock import BedrockMock
from lib.client import Connection, post, request_bytes
from lib.gateway import LOCATION, PATHS, error_of, text_of
from lib.gateway import openai as openai_provider
from lib.messages import messages
from lib.metadata import Metadata
from lib.minted import BODY, CLAUDE, HELLO, bedrock, chat, closing, instance, log_lines, metadata, provider, start  # noqa: F401
from lib.wait import wait_until

INSTANCE = [("PUT", "/latest/api/token"), ("GET", "/latest/meta-data/iam/security-credentials/"),
            ("GET", "/latest/meta-data/iam/security-credentials/gateway-role")]


# ---- where they come from

@pytest.mark.parametrize("format", ["bedrock", "bedrock-anthropic"])
def test_instance_metadata(nginx, metadata, bedrock, format):
    made = metadata()
    mock = bedrock(made)
    ngx = start(nginx, instance(made), provider(mock, "credentials instance;" if format == "bedrock" else "", format))
    assert made.calls == []
    for _ in range(3):
        assert text_of(chat(ngx)) == HELLO
    assert made.calls == INSTANCE
    assert len(set(mock.seen)) == 1


def test_two_providers_share_one(nginx, metadata, bedrock):
    made = metadata()
    mock = bedrock(made)
    other = provider(mock, format="bedrock-anthropic").replace("ai_provider b", "ai_provider c")
    ngx = start(nginx, instance(made), provider(mock) + other, f"target b {CLAUDE};", workers=2,
                http=f"ai_model n {{ target c {CLAUDE}; }}")
    for model in "mnmnmn":
        assert chat(ngx, model=model).status == 200
    assert len(made.aws) == 1


def test_container_by_a_token(nginx, metadata, bedrock):
    made = metadata()
    made.authorization = "Basic-of-the-agent"
    env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{made.url}/container?a=b", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic-of-the-agent"}
    ngx = start(nginx, env, provider(bedrock(made)))
    assert text_of(chat(ngx)) == HELLO
    assert made.calls == [("GET", "/container?a=b")]


def test_container_by_a_token_in_a_file_that_changes(nginx, metadata, bedrock, tmp_path):
    made = metadata(life=2)
    made.authorization = "first-token"
    token = tmp_path / "token"
    token.write_text("first-token\n")
    env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{made.url}/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)}
    ngx = start(nginx, env, provider(bedrock(made), "credentials container;"))
    assert text_of(chat(ngx)) == HELLO
    made.authorization = "second-token"
    token.write_text("second-token\n")
    time.sleep(2.1)
    assert text_of(chat(ngx)) == HELLO
    assert len(made.aws) >= 2 and not log_lines(ngx)


def test_environment_and_the_order_of_all(nginx, metadata, bedrock):
    made = metadata()
    fixed = made._aws()
    env = {"AWS_ACCESS_KEY_ID": fixed["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": fixed["SecretAccessKey"], "AWS_SESSION_TOKEN": fixed["Token"]}
    everything = {**instance(made), "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{made.url}/container"}
    mock = bedrock(made)
    ngx = start(nginx, {**everything, **env}, provider(mock))
    assert text_of(chat(ngx)) == HELLO
    assert made.calls == [] and mock.seen == [fixed["AccessKeyId"]]
    ngx = start(nginx, everything, provider(mock))
    assert text_of(chat(ngx)) == HELLO
    assert made.calls == [("GET", "/container")]
    bearer = bedrock(made, bearer="bedrock-api-key")
    ngx = start(nginx, {**everything, **env, "AWS_BEARER_TOKEN_BEDROCK": "bedrock-api-key"}, provider(bearer))
    assert text_of(chat(ngx)) == HELLO
    assert made.calls == [("GET", "/container")]


def test_nobody_is_asked_by_a_mere_test(check_config, metadata, tmp_path):
    made = metadata()
    key = made.account(tmp_path / "account.json")
    http = f"ai_provider a {{ format bedrock; region us-east-1; }} ai_provider g {{ format vertex; location l; service_account file:{key}; }}"
    done = check_config(http=http + "ai_model m { target a x; target g y; }", server=LOCATION, env=instance(made))
    assert done.returncode == 0, done.stderr
    assert made.calls == []


WRONG = {
    "relative": ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/a b"},
                 'environment variable "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" has an invalid path in ai_provider "a"'),
    "elsewhere": ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://10.0.0.1/hunter2"}, 'environment variable "AWS_CONTAINER_CREDENTIALS_FULL_URI" '
                  'must be https, or http to a loopback or link-local address in ai_provider "a"'),
    "metadata": ({"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://hunter2.example"}, 'environment variable "AWS_EC2_METADATA_SERVICE_ENDPOINT" '
                 'must be https, or http to a loopback or link-local address in ai_provider "a"'),
    "not printable": ({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "hunter2 b"},
                      "AWS credentials in the environment are not printable characters"),
}


@pytest.mark.parametrize("env, message", WRONG.values(), ids=WRONG)
def test_environments_that_are_wrong(check_config, env, message):
    done = check_config(http="ai_provider a { format bedrock; region us-east-1; }", env=env)
    assert done.returncode != 0 and messages(done, "emerg")[0].startswith(message), done.stderr
    assert "hunter2" not in done.stderr


MISSING = {"environment": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
           "container": "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set",
           "instance": "AWS_EC2_METADATA_DISABLED is set"}


@pytest.mark.parametrize("word", MISSING)
def test_environments_that_are_empty(nginx, check_config, word):
    """A warning for a mere test, which runs without the service's environment, and an error at start."""
    env = {"AWS_EC2_METADATA_DISABLED": "true"} if word == "instance" else {}
    http = f"ai_provider a {{ format bedrock; region us-east-1; credentials {word}; }}"
    message = f'no credentials for ai_provider "a": {MISSING[word]}'
    done = check_config(http=http, env=env)
    assert done.returncode == 0 and "[warn]" in done.stderr and message in done.stderr
    with pytest.raises(AssertionError, match=re.escape(message)):
        nginx(http=http, env=env)


def test_without_credentials_for_a_proxy(nginx, metadata, closing):
    made = metadata()
    mock = closing(BedrockMock())
    mock.fault = lambda record: None
    ngx = start(nginx, instance(made), provider(mock, "credentials off;"))
    assert text_of(chat(ngx)) == HELLO
    assert made.calls == [] and "authorization" not in mock.last.headers


# ---- time

def test_made_anew_before_the_end(nginx, metadata, bedrock):
    """Under load every call is signed by credentials that live, and nobody waits for them."""
    made = metadata(life=2)
    mock = bedrock(made)
    ngx = start(nginx, instance(made), provider(mock))
    assert chat(ngx).status == 200
    slowest, end = 0, time.monotonic() + 3.5
    while time.monotonic() < end:
        began = time.monotonic()
        answer = chat(ngx)
        slowest = max(slowest, time.monotonic() - began)
        assert answer.status == 200, answer.body
        time.sleep(0.02)
    assert 3 <= len(made.aws) <= 10 and len(set(mock.seen)) >= 3
    assert slowest < 2.5 and not log_lines(ngx)


def test_the_old_ones_serve_until_they_end(nginx, metadata, bedrock):
    made = metadata(life=3)
    ngx = start(nginx, instance(made), provider(bedrock(made)))
    assert chat(ngx).status == 200
    made.mode = "error"
    end = list(made.aws.values())[0][1]
    while time.time() < end - 0.5:
        assert chat(ngx).status == 200
        time.sleep(0.1)
    wait_until(lambda: chat(ngx).status == 503, timeout=5, what="the end of the credentials")
    answer = chat(ngx)
    assert error_of(answer) == {"message": 'No credentials for the provider "b".', "type": "api_error", "param": None, "code": "overloaded"}
    assert error_of(chat(ngx, "anthropic"), "anthropic")["type"] == "overloaded_error"
    assert len(log_lines(ngx, "[error]")) == 1 and "answered 500 (internal_failure); the old credentials" in log_lines(ngx)[0]
    calls = len(made.calls)
    for _ in range(50):
        chat(ngx)
    assert len(made.calls) - calls <= 2  # not one for each request
    made.mode = "ok"
    wait_until(lambda: chat(ngx).status == 200, timeout=10, what="new credentials")
    assert len(log_lines(ngx, "[notice]", "there are credentials again")) == 1


def test_withdrawn_before_their_end(nginx, metadata, bedrock):
    made = metadata()
    mock = bedrock(made)
    ngx = start(nginx, instance(made), provider(mock))
    assert chat(ngx).status == 200
    made.aws.clear()
    assert chat(ngx).status == 502
    wait_until(lambda: chat(ngx).status == 200, timeout=8, what="other credentials", step=0.2)
    assert len(made.aws) == 1 and made.calls == INSTANCE * 2


def test_a_refusal_that_others_do_not_help(nginx, metadata, bedrock):
    made = metadata()
    mock = bedrock(made)
    mock.fault = lambda record: (403, "You are not allowed to.")
    ngx = start(nginx, instance(made), provider(mock))
    end = time.monotonic() + 5
    while time.monotonic() < end:
        assert chat(ngx).status == 502
        time.sleep(0.05)
    assert made.calls == INSTANCE * 2


def test_requests_wait_for_one_making(nginx, metadata, bedrock):
    made = metadata()
    made.mode = "slow"
    ngx = start(nginx, instance(made), provider(bedrock(made)))
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(chat(ngx).status)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 20 and made.calls == INSTANCE


# ---- faults

BAD = {"close": "", "error": "answered 500", "rubbish": "answered", "expired": "answered credentials that have expired",
       "huge": "answered too much", "long_head": "answered too much", "redirect": "answered 302"}


@pytest.mark.parametrize("mode", BAD)
def test_a_maker_that_fails(nginx, metadata, bedrock, mocks, mode):
    """The next target answers; and when the maker is well again, so does this one."""
    made = metadata()
    made.mode = mode
    mock, other = bedrock(made), mocks()
    ngx = start(nginx, instance(made), provider(mock) + openai_provider("o", other), f"target b {CLAUDE}; target o ok;")
    answer = chat(ngx)
    assert answer.status == 200 and answer.headers["x-aigw-provider"] == "o" and answer.headers["x-aigw-attempts"] == "1"
    assert mock.requests == [] and len(log_lines(ngx, "[error]", BAD[mode])) == 1
    made.mode = "ok"
    wait_until(lambda: chat(ngx).headers["x-aigw-provider"] == "b", timeout=5, what="the first target")


def test_a_maker_that_is_silent(nginx, metadata, bedrock):
    made = metadata()
    made.mode = "silent"
    ngx = start(nginx, instance(made), provider(bedrock(made)))
    began = time.monotonic()
    answer = chat(ngx, stream=True)
    assert answer.status == 503 and 2.5 < time.monotonic() - began < 6
    began = time.monotonic()
    assert chat(ngx).status == 503 and time.monotonic() - began < 1  # the next try is later
    assert len(log_lines(ngx, "[error]")) == 1
    assert ngx.access(1)[0]["ai_attempts"] in ("0", "")


def test_nobody_there(nginx, metadata, bedrock, closing):
    made = Metadata()
    made.close()
    ngx = start(nginx, instance(made), provider(bedrock(made)))
    assert chat(ngx).status == 503
    assert len(log_lines(ngx, "[error]")) == 1


def test_callers_leave_while_they_wait(nginx, metadata, bedrock):
    made = metadata()
    made.mode = "silent"
    ngx = start(nginx, instance(made), provider(bedrock(made)))
    waiting = []
    for _ in range(5):
        connection = Connection(ngx.port)
        connection.send(request_bytes("POST", PATHS["openai"], BODY))
        waiting.append(connection)
    wait_until(lambda: made.calls, what="the first call")
    for connection in waiting:
        connection.abort()
    wait_until(lambda: ngx.contexts() == 0, what="no request held")


# ---- life

@pytest.mark.parametrize("workers", [1, 2])
def test_a_reload_keeps_them(nginx, metadata, bedrock, workers):
    made = metadata()
    ngx = start(nginx, instance(made), provider(bedrock(made)), workers=workers)
    for _ in range(6):
        assert chat(ngx).status == 200
    made.mode, before = "error", len(made.calls)
    ngx.reload()
    for _ in range(6):
        assert chat(ngx).status == 200
    assert len(made.calls) == before and not log_lines(ngx)


def test_a_reload_while_one_is_made(nginx, metadata, bedrock):
    made = metadata()
    made.mode = "slow"
    ngx = start(nginx, instance(made), provider(bedrock(made)))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(chat(ngx).status))
    thread.start()
    wait_until(lambda: made.calls, what="the first call")
    ngx.reload()
    assert chat(ngx).status == 200
    thread.join()
    assert answers == [200]
