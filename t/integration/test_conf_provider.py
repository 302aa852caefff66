"""What nginx -t says of ai_provider: every message once, with the file and line it belongs to."""
import re
import subprocess

import pytest

from lib import nginx as nginx_lib
from lib.messages import Checker, messages

PROVIDER = "ai_provider p { url http://127.0.0.1:1/v1; }\n"


@pytest.fixture
def refused(check_config):
    return Checker(check_config).refused


@pytest.fixture
def accepted(check_config):
    return Checker(check_config).accepted


# ---- ai_provider

def provider(text):
    return f"ai_provider p {{ url http://127.0.0.1:1/v1; {text} }}"


# As docs/providers.md has them, which a unit test holds to the catalogue.
ROWS = ", ".join(re.findall(r"^\| `([a-z0-9-]+)` \|", (nginx_lib.ROOT / "docs/providers.md").read_text().split("<!-- end rows -->")[0], re.M))

IN_PROVIDER = {
    "unknown directive": ("zone eu;", 'unknown directive "zone"'),
    "nested block": ("header a { }", 'unexpected "{"'),
    "arguments": ("header a;", 'invalid number of arguments in "header" directive'),
    "include arguments": ("include a b;", 'invalid number of arguments in "include" directive'),
    "duplicate": ("keepalive 1; keepalive 2;", '"keepalive" directive is duplicate'),
    "duplicate url": ("url http://h;", '"url" directive is duplicate'),
    "format": ("format closedai;", f'unknown format "closedai", it must be one of: {ROWS}'),
    "keepalive": ("keepalive many;", 'invalid parameter "many"'),
    "keepalive limit": ("keepalive 65537;", 'invalid parameter "65537"'),
    "max_output": ("max_output 0;", 'invalid parameter "0"'),
    "timeout name": ("timeout read=1s;", 'invalid parameter "read=1s"'),
    "timeout value": ("timeout connect=soon;", 'invalid parameter "connect=soon"'),
    "timeout zero": ("timeout first=1s idle=0;", 'invalid parameter "idle=0"'),
    "header name": ("header a:b c;", 'invalid header name "a:b"'),
    "header reserved": ("header Content-length 1;", 'invalid header name "Content-length"'),
    "header host": ("header host h;", 'invalid header name "host"'),
    "header line break": ('header a "b\\nc: d";', 'invalid value of header "a"'),
    "header value limit": (f"header a {'x' * 2049};", 'invalid value of header "a"'),
    "header variable": ("header a $host;", 'variables are not supported in the value of header "a"'),
    "headers limit": ("header a b; " * 33, "more than 32 headers"),
    "ssl_verify": ("ssl_verify yes;", 'invalid value "yes" in "ssl_verify" directive, it must be "on" or "off"'),
    "ssl_verify_depth": ("ssl_verify_depth deep;", 'invalid parameter "deep"'),
    "ssl file empty": ('ssl_certificate "";', '"ssl_certificate" directive is empty'),
    "region": ("region us_east;", 'invalid parameter "us_east"'),
    "region elsewhere": ("region eu-west-1;", '"region" is not for this "format" in ai_provider "p"'),
    "access key elsewhere": ("access_key env:HOME;", '"access_key" is not for this "format" in ai_provider "p"'),
    "access key empty": ('access_key "";', 'the access key in "access key" is empty'),
    "secret key blank": ('secret_key "a b";', 'the secret key in "secret key" is not one line of printable characters'),
    "session token file": ("session_token file:;", 'invalid parameter "file:"'),
    "credentials elsewhere": ("credentials auto;", '"credentials" is not for this "format" in ai_provider "p"'),
    "credentials word": ("credentials aws;", 'invalid parameter "aws"'),
    "service account elsewhere": ("service_account file:a;", '"service_account" is not for this "format" in ai_provider "p"'),
    "service account itself": ('service_account "{}";', '"service_account" must be "file:PATH"'),
    "service account no path": ("service_account file:;", '"service_account" must be "file:PATH"'),
    "project elsewhere": ("project p;", '"project" is not for this "format" in ai_provider "p"'),
    "location elsewhere": ("location l;", '"location" is not for this "format" in ai_provider "p"'),
    "location invalid": ("location a/b;", 'invalid parameter "a/b"'),
    "key env empty": ("key env:;", 'invalid parameter "env:"'),
    "key file empty": ("key file:;", 'invalid parameter "file:"'),
    "key file variable": ("key file:/run/$ai_team;", 'variables are not supported in "file:/run/$ai_team"'),
    "key unknown variable": ("key $no_such_variable;", 'unknown "no_such_variable" variable'),
    "key literal empty": ('key "";', 'the key in "key" is empty'),
    "key literal blank": ('key "sk 1";', 'the key in "key" is not one line of printable characters'),
    "keys limit": ("key $host; " * 65, 'more than 64 keys in ai_provider "p"'),
}


@pytest.mark.parametrize("text, message", IN_PROVIDER.values(), ids=IN_PROVIDER.keys())
def test_in_provider(refused, text, message):
    assert refused(message, line=" variable" not in message or "supported" in message, http=provider(text)) != 0


WHOLE_PROVIDER = {
    "name": ("ai_provider a/b { }", 'invalid provider name "a/b"'),
    "duplicate": (PROVIDER * 2, 'duplicate provider "p"'),
    "url required": ("ai_provider p { format vllm; }", '"url" is required with this "format" in ai_provider "p"'),
    "url scheme": ("ai_provider p { url h:80; }",
                   '"url" must begin with "http://" or "https://" in ai_provider "p"'),
    "url empty": ('ai_provider p { url ""; }', '"url" directive is empty'),
    "url host": ("ai_provider p { url http://a..b; }", '"url" has an invalid host in ai_provider "p"'),
    "url port": ("ai_provider p { url http://a:0; }", '"url" has an invalid port in ai_provider "p"'),
    "url path": ('ai_provider p { url "http://a/b c"; }', '"url" has an invalid path in ai_provider "p"'),
    "url query": ("ai_provider p { url http://a/?key=hunter2; }",
                  '"url" must have no query and no fragment in ai_provider "p"'),
    "url password": ("ai_provider p { url http://me:hunter2@a/; }",
                     '"url" must have no user and no password in ai_provider "p"'),
    "api_version of another": ("ai_provider p { format groq; api_version 2024-10-21; }",
                               '"api_version" needs "format azure" in ai_provider "p"'),
    "deployment of another": ("ai_provider p { deployment d; }", '"deployment" needs "format azure" in ai_provider "p"'),
    "deployment alone": ("ai_provider azure { url http://h; deployment d; }",
                         '"deployment" needs "api_version" in ai_provider "azure"'),
    "api_version invalid": ("ai_provider azure { url http://h; api_version a&b; }", 'invalid parameter "a&b"'),
    "region required": ("ai_provider p { format bedrock; key k; }", '"region" is required with this "format" in ai_provider "p"'),
    "region required to sign": ("ai_provider p { format bedrock; url http://h; access_key a; secret_key b; }",
                                '"region" is required with this "format" in ai_provider "p"'),
    "secret key alone": ("ai_provider p { format bedrock; region us-east-1; secret_key b; }",
                         '"access_key" and "secret_key" must be set together in ai_provider "p"'),
    "token alone": ("ai_provider p { format bedrock; region us-east-1; session_token c; }",
                    '"access_key" and "secret_key" must be set together in ai_provider "p"'),
    "key and access key": ("ai_provider p { format bedrock; region us-east-1; key k; access_key a; secret_key b; }",
                           '"key" and "access_key" exclude each other in ai_provider "p"'),
    "region required for an instance": ("ai_provider p { format bedrock; url http://h; }",
                                        '"region" is required with this "format" in ai_provider "p"'),
    "key and credentials": ("ai_provider p { format bedrock; region us-east-1; key k; credentials instance; }",
                            '"key" and "credentials" exclude each other in ai_provider "p"'),
    "header and credentials": ("ai_provider p { format vertex; header authorization x; credentials instance; }",
                               '"header Authorization" and "credentials" exclude each other in ai_provider "p"'),
    "access key and credentials": ("ai_provider p { format bedrock; region r; access_key a; secret_key b; credentials off; }",
                                   '"access_key" and "credentials" exclude each other in ai_provider "p"'),
    "key and account": ("ai_provider vertex { key k; service_account file:a; }",
                        '"key" and "service_account" exclude each other in ai_provider "vertex"'),
    "account and credentials": ("ai_provider vertex { service_account file:a; credentials auto; }",
                                '"credentials" and "service_account" exclude each other in ai_provider "vertex"'),
    "container of Google": ("ai_provider vertex { credentials container; }",
                            '"credentials container" is not for this "format" in ai_provider "vertex"'),
    "project required": ("ai_provider vertex { key k; location l; }", '"project" is required with this "format" in ai_provider "vertex"'),
    "location required": ("ai_provider vertex { key k; project p; url http://h; }",
                          '"location" is required with this "format" in ai_provider "vertex"'),
    "account not there": ("ai_provider vertex { service_account file:/nowhere.json; }", 'cannot read service account file "/nowhere.json" (2: No such file or directory)'),
    "certificate alone": ("ai_provider p { url https://h; ssl_certificate a.pem; }",
                          '"ssl_certificate" and "ssl_certificate_key" must be set together in ai_provider "p"'),
}


@pytest.mark.parametrize("text, message", WHOLE_PROVIDER.values(), ids=WHOLE_PROVIDER.keys())
def test_whole_provider(refused, text, message):
    refused(message, http=text)


def test_provider_needs_http(refused):
    refused('"ai_provider" directive is not allowed here', server="ai_provider p { }")


def test_provider_trusted_file_is_missing(check_config):
    done = check_config(http="ai_provider p { url https://h; ssl_trusted_certificate none.pem; }")
    assert done.returncode == 1 and 'none.pem") failed' in messages(done, "emerg")[0]


def test_provider_line(refused):
    line = refused('invalid parameter "x=1"', http="ai_provider p {\n keepalive 1;\n timeout\n x=1; }")
    first = refused('invalid parameter "x=1"', http="ai_provider p { timeout x=1; }")
    assert line == first + 3


def test_include_in_provider(check_config, tmp_path):
    (tmp_path / "inner.conf").write_text("keepalive 4;\nkeepalive x;\n")
    done = check_config(http=f"ai_provider p {{ url http://127.0.0.1; include {tmp_path}/inn*.conf; }}")
    assert messages(done, "emerg") == [f'"keepalive" directive is duplicate in {tmp_path}/inner.conf:2']


def test_good_provider(accepted, authority):
    assert accepted(http=f"""
        ai_provider p {{
            format anthropic; url https://api.example.com/v1/; key $http_x_key; key $arg_key;
            header x-a b; header X-Titled "a b \xe9"; timeout connect=1s first=500ms idle=2m total=1h;
            keepalive 0; max_output 100000; ssl_verify on; ssl_verify_depth 5;
            ssl_trusted_certificate {authority.ca_file};
        }}
        ai_provider q {{ format vllm; url http://[::1]:8000; }}""") == []


def test_verify_off_warns(accepted):
    assert accepted(http="ai_provider p { url https://h; ssl_verify off; }") == [
        '"ssl_verify off" in ai_provider "p": anybody on the way can read its key']


def test_no_key_warns(accepted):
    assert accepted(http="ai_provider openai { }") == ['no "key" in ai_provider "openai"']


# ---- key

def test_key_in_the_configuration_warns(check_config):
    done = check_config(http=provider("key sk-hunter2;"))
    assert done.returncode == 0 and messages(done, "warn")[0].startswith(
        'the key of ai_provider "p" is written in the configuration, "env:" or "file:" keep it out in /')
    assert "hunter2" not in done.stderr


def test_key_env(check_config):
    done = check_config(main="env AIGW_T;", http=provider("key env:AIGW_T;"), env={"AIGW_T": "sk-1"})
    assert done.returncode == 0 and messages(done, "warn") == []


def test_key_env_without_env_directive_warns(check_config):
    done = check_config(http=provider("key env:AIGW_T;"), env={"AIGW_T": "sk-1"})
    assert done.returncode == 0 and messages(done, "warn")[0].startswith(
        'environment variable "AIGW_T" has no "env AIGW_T;" directive before http in /')


def test_key_env_unset_warns_in_a_test_only(check_config, nginx):
    parts = {"main": "env AIGW_T;", "http": provider("key env:AIGW_T;"), "server": "return 200;"}
    done = check_config(**parts)
    assert done.returncode == 0 and messages(done, "warn")[0].startswith('environment variable "AIGW_T" is not set in /')
    with pytest.raises(AssertionError, match=r'\[emerg\] .* environment variable "AIGW_T" is not set in /'):
        nginx(**parts)


def test_key_env_value_of_the_directive(accepted):
    assert accepted(main="env AIGW_T=sk-1;", http=provider("key env:AIGW_T;")) == []


def test_key_env_is_not_said(check_config):
    done = check_config(main="env AIGW_T;", http=provider("key env:AIGW_T;"), env={"AIGW_T": "sk hunter2"})
    assert done.returncode == 1 and "hunter2" not in done.stderr
    assert messages(done, "emerg")[0].startswith(
        'the key in environment variable "AIGW_T" is not one line of printable characters in /')


KEY_FILES = {
    "empty": ("", 'the key in file "{}" is empty'),
    "blank": (" \n\n", 'the key in file "{}" is empty'),
    "two lines": ("sk-hunter2\nsk-2\n", 'the key in file "{}" is not one line of printable characters'),
    "too long": ("k" * 16385, 'key file "{}" is too long'),
}


@pytest.mark.parametrize("text, message", KEY_FILES.values(), ids=KEY_FILES.keys())
def test_key_file_refused(check_config, tmp_path, text, message):
    (tmp_path / "key").write_text(text)
    done = check_config(http=provider(f"key file:{tmp_path}/key;"))
    assert done.returncode == 1 and "hunter2" not in done.stderr
    assert messages(done, "emerg")[0].startswith(message.format(tmp_path / "key") + " in /")


@pytest.mark.parametrize("text", ["sk-1", "sk-1\n", "sk-1 \t\r\n\n", "k" * 16384])
def test_key_file(check_config, tmp_path, text):
    (tmp_path / "check").mkdir()
    (tmp_path / "check" / "key").write_text(text)
    done = check_config(http=provider("key file:key;"))  # beside the configuration
    assert done.returncode == 0 and messages(done, "warn") == []


def test_key_file_missing(check_config, tmp_path):
    done = check_config(http=provider(f"key file:{tmp_path}/none;"))
    assert done.returncode == 1 and messages(done, "emerg")[0].startswith(
        f'cannot read key file "{tmp_path}/none" (2: No such file or directory) in /')


def test_secrets_are_not_dumped(tmp_path):
    (tmp_path / "key").write_text("sk-hunter2")
    (tmp_path / "logs").mkdir()
    (tmp_path / "tmp").mkdir()
    (tmp_path / "n.conf").write_text(nginx_lib.fill_in(
        nginx_lib.template(http=provider("key file:key;")), tmp_path)[0])
    done = subprocess.run([nginx_lib.binary(), "-T", "-p", tmp_path, "-c", tmp_path / "n.conf"], capture_output=True,
                          text=True, env=nginx_lib.environment(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "file:key" in done.stdout and "hunter2" not in done.stdout + done.stderr


def test_aws_credentials(check_config):
    """Good ones in every form; what is written into the configuration is warned of, and never repeated."""
    done = check_config(main="env MOCK_TOKEN;", env={"MOCK_TOKEN": "hunter3"}, http="""
        ai_provider b { format bedrock; region cn-north-1; access_key hunter1; secret_key hunter2; session_token env:MOCK_TOKEN; }
        ai_provider bedrock { region us-east-1; key env:MOCK_TOKEN; }""")
    assert done.returncode == 0, done.stderr
    warnings = messages(done, "warn")
    assert any('the access key of ai_provider "b" is written in the configuration' in w for w in warnings)
    assert any('the secret key of ai_provider "b" is written in the configuration' in w for w in warnings)
    assert "hunter" not in done.stderr
