"""What nginx -t says of ai_redis: every message, and never a secret."""
import pytest

from lib.messages import Checker

SECRET = "pw-7f3a91c0d2"


@pytest.fixture
def refused(check_config):
    return Checker(check_config).refused


@pytest.fixture
def accepted(check_config):
    return Checker(check_config).accepted


RIGHT = [
    "redis://127.0.0.1", "redis://127.0.0.1:6380/3", "redis://[::1]", "redis://[::1]:6380/0", "redis://localhost/",
    "redis://Redis.Example.COM:1", "rediss://127.0.0.1:1/1", "unix:/run/redis.sock", "unix:/run/redis.sock?db=65535",
    "unix:///run/redis.sock", "redis+unix:///run/redis.sock?db=2",
    "redis://h1 timeout=1ms on_error=local tenant=$ai_user prefix=a.b-c_1 db=7",
    "redis://h1 timeout=10s on_error=deny tenant=$http_x_team", "redis://h1 on_error=allow",
    "rediss://h1 ssl_verify=on", f"redis://h1 prefix={'p' * 64}",
    f"unix:/{'s' * 106}",
]


@pytest.mark.parametrize("line", RIGHT)
def test_right(accepted, line):
    assert accepted(http=f"ai_redis {line};") == []


URLS = {
    "no scheme": ("127.0.0.1:6379", 'must begin with "redis://", "rediss://" or "unix:"'),
    "other scheme": ("http://h", 'must begin with "redis://", "rediss://" or "unix:"'),
    "empty": ('""', 'must begin with "redis://", "rediss://" or "unix:"'),
    "no host": ("redis://", "has an invalid host"),
    "host": ("redis://a_b..c", "has an invalid host"),
    "address": ("redis://1.2.3", "has an invalid host"),
    "bracket": ("redis://[::1", "has an invalid host"),
    "no v6": ("redis://[::x]", "has an invalid host"),
    "bare v6": ("redis://::1", "has an invalid host"),
    "port": ("redis://h:0", "has an invalid port"),
    "big port": ("redis://h:65536", "has an invalid port"),
    "empty port": ("redis://h:", "has an invalid port"),
    "db": ("redis://h/x", "has an invalid database number"),
    "negative db": ("redis://h/-1", "has an invalid database number"),
    "big db": ("redis://h/65536", "has an invalid database number"),
    "query": ("redis://h/0?timeout=1", "must have no query and no fragment"),
    "socket": ("unix:run", "has an invalid path of a unix socket"),
    "socket with host": ("unix://run", "has an invalid path of a unix socket"),
    "long socket": (f"unix:/{'s' * 107}", "has an invalid path of a unix socket"),
    "socket db": ("unix:/s?db=x", "has an invalid database number"),
    "socket query": ("unix:/s?user=x", "has an invalid database number"),
    "user alone": ("redis://user@h", "has a user without a password"),
    "user, nothing": ("redis://user:@h", "has a user without a password"),
    "percent": (f"redis://:{SECRET}%2@h", "has an invalid user or password"),
    "percent, no hex": (f"redis://:{SECRET}%zz@h", "has an invalid user or password"),
    "line break": (f"redis://:{SECRET}%0d%0aFLUSHALL@h", "has an invalid user or password"),
    "NUL": (f"redis://:{SECRET}%00@h", "has an invalid user or password"),
    "long": (f"redis://:{SECRET * 100}@h", "has an invalid user or password"),
    "password and host": (f"redis://:{SECRET}@", "has an invalid host"),
    "password and port": (f"redis://:{SECRET}@h:x", "has an invalid port"),
}


@pytest.mark.parametrize("name", URLS)
def test_url(check_config, name):
    url, message = URLS[name]
    done = check_config(http=f"ai_redis {url};")
    assert done.returncode != 0 and f': the URL of "ai_redis" {message} in /' in done.stderr, done.stderr
    assert SECRET not in done.stderr


PARAMETERS = {
    "unknown": ("mode=strict", 'invalid parameter "mode" in "ai_redis"'),
    "sentinel": ("sentinel=main", 'invalid parameter "sentinel" in "ai_redis"'),
    "bare": (SECRET, 'a parameter of "ai_redis" is no name=value'),
    "timeout": ("timeout=soon", 'invalid parameter "timeout=soon"'),
    "no timeout": ("timeout=0", 'invalid parameter "timeout=0"'),
    "long timeout": ("timeout=10001ms", 'invalid parameter "timeout=10001ms"'),
    "on_error": ("on_error=maybe", 'invalid parameter "on_error=maybe"'),
    "tenant text": ("tenant=all", 'invalid parameter "tenant=all"'),
    "tenant two": ("tenant=$a$b", 'invalid parameter "tenant=$a$b"'),
    "tenant unknown": ("tenant=$no_such_variable", 'unknown "no_such_variable" variable'),
    "prefix": ("prefix=a{b}", 'invalid parameter "prefix=a{b}"'),
    "long prefix": (f"prefix={'p' * 65}", f'invalid parameter "prefix={"p" * 65}"'),
    "empty prefix": ("prefix=", 'invalid parameter "prefix="'),
    "db": ("db=x", 'invalid parameter "db=x"'),
    "big db": ("db=65536", 'invalid parameter "db=65536"'),
    "user": ("user=", 'invalid parameter "user="'),
    "user alone": ("user=me", '"user" in "ai_redis" needs "password"'),
    "password": (f"password={SECRET}", '"password" in "ai_redis" must be "env:NAME" or "file:PATH"'),
    "password variable": ("password=$host", '"password" in "ai_redis" must be "env:NAME" or "file:PATH"'),
    "password file": ("password=file:/nonexistent", 'cannot read password file "/nonexistent"'),
    "password file name": ("password=file:", 'invalid parameter "file:"'),
    "password env name": ("password=env:", 'invalid parameter "env:"'),
    "verify": ("ssl_verify=yes", 'invalid parameter "ssl_verify=yes"'),
    "verify without tls": ("ssl_verify=off", '"ssl_verify" and "ssl_trusted_certificate" in "ai_redis" need a "rediss://" URL'),
    "trust without tls": ("ssl_trusted_certificate=a", '"ssl_verify" and "ssl_trusted_certificate" in "ai_redis" need a "rediss://" URL'),
    "trust": ("ssl_trusted_certificate=", 'invalid parameter "ssl_trusted_certificate="'),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter(check_config, name):
    parameter, message = PARAMETERS[name]
    quoted = f'"{parameter}"' if "{" in parameter else parameter
    done = check_config(http=f"ai_redis redis://h1 {quoted};")
    assert done.returncode != 0 and message in done.stderr, done.stderr
    assert SECRET not in done.stderr


def test_trusted_file(check_config):
    done = check_config(http="ai_redis rediss://h1 ssl_trusted_certificate=/nonexistent;")
    assert done.returncode != 0 and "/nonexistent" in done.stderr


def test_twice(refused):
    refused('"ai_redis" directive is duplicate', http="ai_redis redis://h1; ai_redis redis://h1;")


def test_place(refused):
    refused('"ai_redis" directive is not allowed here', server="ai_redis redis://h1; location / { }")


def test_no_url(refused):
    refused('invalid number of arguments in "ai_redis" directive', http="ai_redis;")


def test_no_block(check_config):
    done = check_config(http="ai_redis { server h1; }")
    assert done.returncode != 0 and '"ai_redis" is not terminated by ";"' in done.stderr


# ---- secrets

@pytest.mark.parametrize("url", [f"redis://:{SECRET}@h1", f"redis://me:{SECRET}@h1", f"unix://me:{SECRET}@/s"])
def test_a_password_in_the_url(check_config, url):
    done = check_config(http=f"ai_redis {url};")
    assert done.returncode == 0 and SECRET not in done.stderr
    assert "[warn]" in done.stderr and "the password of ai_redis is written in the configuration" in done.stderr


def test_a_password_from_outside(accepted, check_config, tmp_path):
    path = tmp_path / "password"
    path.write_text(SECRET + "\n")
    assert accepted(http=f"ai_redis redis://h1 user=me password=file:{path};") == []
    done = check_config(http="ai_redis redis://h1 password=env:REDIS_PASSWORD;", main="env REDIS_PASSWORD;",
                        env={"REDIS_PASSWORD": SECRET})
    assert done.returncode == 0 and "[warn]" not in done.stderr and SECRET not in done.stderr
    for text in ("", "two words\n", "x" * ((16 << 10) + 1)):
        path.write_text(text)
        done = check_config(http=f"ai_redis redis://h1 password=file:{path};")
        assert done.returncode != 0 and "password" in done.stderr.replace(str(path), "")


def test_unverified(accepted):
    assert accepted(http="ai_redis rediss://h1 ssl_verify=off;") == [
        '"ssl_verify off" in ai_redis: anybody on the way can read its key']
