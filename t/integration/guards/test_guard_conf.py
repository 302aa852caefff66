"""What nginx -t says of ai_guardrail."""
import pytest

HEAD = "load_module %MODULE%;\nevents {}\nhttp {\n"


def of(line):
    return HEAD + "server { listen 127.0.0.1:9999;\nlocation / { proxy_pass http://127.0.0.1:9; ai_filter auto;\n" + line + "\n} } }"


@pytest.mark.parametrize("line", [
    "ai_guardrail both mask email phone ssn credit_card iban ip secret;", "ai_guardrail off;",
    '''ai_guardrail request reject "regex=(?i)project\\s+falcon" "message=That $project is confidential." status=451 if=$arg_x;''',
    '''ai_guardrail response mask "regex=a.*b" hold=100 as=LOCATION;''', "ai_guardrail request log email; ai_guardrail both mask ip replace=XXX;"])
def test_right(check_config, line):
    done = check_config(of(line))
    assert done.returncode == 0 and "[warn]" not in done.stderr, done.stderr


@pytest.mark.parametrize("line,message", [
    ("ai_guardrail both;", "needs request, response or both"), ("ai_guardrail nowhere mask email;", "nowhere"),
    ("ai_guardrail both paint email;", "paint"), ("ai_guardrail both mask telepathy;", "telepathy"),
    ('''ai_guardrail both mask "regex=(";''', "regex"), ('''ai_guardrail both mask "regex=a.*b";''', "hold="),
    ("ai_guardrail both mask words=/nothing/of/this;", "can't be read"), ("ai_guardrail both mask email status=999;", "status")])
def test_wrong(check_config, line, message):
    done = check_config(of(line))
    assert done.returncode != 0 and message in done.stderr and "check.conf:" in done.stderr, done.stderr
