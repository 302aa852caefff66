"""What nginx -t says of ai_token_limit and ai_request_limit."""
import pytest

HEAD = "load_module %MODULE%;\nevents {}\nhttp {\n"


def of(line, http=""):
    return HEAD + http + "server { listen 127.0.0.1:9999;\nlocation / { proxy_pass http://127.0.0.1:9; ai_filter auto;\n" + line + "\n} } }"


@pytest.mark.parametrize("line", [
    "ai_token_limit $ai_team 100k/m;", "ai_token_limit all 1/5m;", "ai_token_limit $ai_team/$ai_env 2m/d name=x count=output per_model clamp empty=skip dry_run if=$arg_x;",
    "ai_token_limit $ai_team $arg_n/h;", "ai_request_limit all 10/s;", "ai_token_limit off;", "ai_token_limit inherit; ai_token_limit a 1/h;",
    "ai_token_limit a 1/h; ai_token_limit b 1/h;"])
def test_right(check_config, line):
    done = check_config(of(line))
    assert done.returncode == 0 and "[warn]" not in done.stderr, done.stderr


@pytest.mark.parametrize("name", ["ai_token_limit", "ai_request_limit"])
@pytest.mark.parametrize("arguments,message", [
    ("a", 'directive takes a key and a rate, or "off", or "inherit"'), ("a 10", 'invalid rate "10": '), ("a x/h", 'invalid rate "x/h": '),
    ("a 10/x", 'invalid rate "10/x": '), ("a $n/x", 'invalid rate "$n/x": '), ("a 10/h name=", 'invalid parameter "name="'),
    ("a 10/h nonsense", 'invalid parameter "nonsense"'), ('"" 10/h', "empty key"), ("$nothing_of_this 1/h", 'unknown "nothing_of_this" variable'),
    ("a 10/h empty=maybe", 'invalid parameter "empty=maybe"')])
def test_wrong(check_config, name, arguments, message):
    done = check_config(of(f"{name} {arguments};", "map $arg_n $n { default 1; }\n"))
    assert done.returncode != 0 and message in done.stderr, done.stderr


def test_words_of_tokens_are_none_of_requests(check_config):
    for word in ("clamp", "count=input"):
        assert f'invalid parameter "{word}"' in check_config(of(f"ai_request_limit a 1/h {word};")).stderr


def test_off_stands_alone(check_config):
    done = check_config(of("ai_token_limit a 1/h; ai_token_limit off;"))
    assert '"ai_token_limit off" stands beside other lines of the same level' in done.stderr


def test_an_outer_list_that_is_lost(check_config):
    done = check_config(of("ai_token_limit a 1/h;", "ai_token_limit b 1/h;\n"))
    assert '[warn]' in done.stderr and '"ai_token_limit" replaces the lines of the outer level' in done.stderr


def test_a_key_that_callers_write(check_config):
    done = check_config(of("ai_token_limit $ai_metadata_user 1/h;"))
    assert done.returncode == 0 and "[warn]" in done.stderr and "they choose their own limit" in done.stderr


def test_too_many(check_config):
    done = check_config(of("".join(f"ai_token_limit k{i} 1/h; " for i in range(9))))
    assert 'more than 8 lines of "ai_token_limit"' in done.stderr


def test_lease(check_config):
    assert check_config(of("", "ai_zone z 8m lease=2s;\n")).returncode == 0
    assert 'invalid parameter "lease=1ms"' in check_config(of("", "ai_zone z 8m lease=1ms;\n")).stderr
