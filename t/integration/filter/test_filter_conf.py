"""What nginx -t says of ai_filter."""
import pytest

HEAD = "load_module %MODULE%;\nevents {}\nhttp {\n"
PROXY = "proxy_pass http://127.0.0.1:9;"


def of(location, http=""):
    return HEAD + http + "server { listen 127.0.0.1:9999;\nlocation / { " + location + " }\n} }"


@pytest.mark.parametrize("location", [
    f"{PROXY} ai_filter openai;", f"{PROXY} ai_filter anthropic;", f"ai_filter auto; {PROXY}",
    f"{PROXY} ai_filter responses;", f"{PROXY} ai_filter gemini;",
    f"{PROXY} if ($arg_a) {{ ai_filter openai; }}", f"{PROXY} ai_filter openai; if ($arg_a) {{ return 404; }}",
    f"{PROXY} ai_filter openai; limit_except POST {{ deny all; }}", "fastcgi_pass 127.0.0.1:9; ai_filter openai;"])
def test_right(check_config, location):
    done = check_config(of(location))
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr and "[emerg]" not in done.stderr


@pytest.mark.parametrize("location,message", [
    ("ai_filter openai;", '"ai_filter" needs "proxy_pass" in the same location in'),
    (f"{PROXY} ai_filter;", 'invalid number of arguments in "ai_filter" directive'),
    (f"{PROXY} ai_filter openai anthropic;", 'invalid number of arguments in "ai_filter" directive'),
    (f"{PROXY} ai_filter azure;", 'invalid value "azure" in "ai_filter", it must be "openai", "anthropic", "responses", "gemini" or "auto"'),
    (f"{PROXY} ai_filter openai; ai_filter auto;", '"ai_filter" directive is duplicate'),
    ("ai_filter openai; ai_metrics;", '"ai_filter" conflicts with "ai_metrics" in the same location'),
    ("ai_filter openai; ai_gateway; ai_auth off;", '"ai_filter" conflicts with "ai_gateway" in the same location')])
def test_wrong(check_config, location, message):
    provider = "ai_provider p { url http://127.0.0.1:9/v1; key env:NO_KEY; }\nai_model m { target p x; }\n" if "gateway" in location else ""
    done = check_config(of(location, provider), env={"NO_KEY": "x"})
    assert done.returncode != 0 and message in done.stderr, done.stderr
    assert "check.conf:" in done.stderr


@pytest.mark.parametrize("where", ["http", "server"])
def test_elsewhere(check_config, where):
    text = HEAD + ("ai_filter openai; server { } }" if where == "http" else "server { ai_filter openai; } }")
    done = check_config(text)
    assert '"ai_filter" directive is not allowed here' in done.stderr


def test_a_key_without_keys(check_config):
    done = check_config(of(f"{PROXY} ai_filter openai; ai_auth keys;"))
    assert '"ai_auth keys" needs "ai_keys" in http' in done.stderr


def test_a_plain_proxy_is_warned_of(check_config, tmp_path):
    keys = tmp_path / "keys.json"
    keys.write_text('{"keys":[]}')
    done = check_config(of(f"{PROXY} ai_auth keys;", f"ai_keys {keys};\n"))
    assert '"ai_auth keys" has no effect in a location without "ai_gateway" or "ai_filter"' in done.stderr
