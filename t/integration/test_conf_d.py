"""nginx -t accepts every sample of conf.d/ without a warning."""
import os
import shutil

import pytest

from lib.nginx import ROOT, module_file

PROVIDERS = sorted(path.name for path in (ROOT / "conf.d").glob("providers-*.conf"))


def check(check_config, tmp_path, providers, text):
    prefix = tmp_path / "check"
    for folder in ("modules", "tmp"):
        (prefix / folder).mkdir(parents=True)
    (prefix / "modules" / "ngx_http_aigw_module.so").symlink_to(module_file())
    shutil.copy(ROOT / "conf.d" / providers, prefix / "providers.conf")
    (prefix / "keys.json").write_text('{"keys":[]}')
    (prefix / "keys.json").chmod(0o644)
    os.chmod(tmp_path, 0o755)
    return check_config(config=text, env={"OPENAI_API_KEY": "sk-test", "ANTHROPIC_API_KEY": "sk-test"})


@pytest.mark.parametrize("providers", PROVIDERS)
def test_quickstart_conf(check_config, tmp_path, providers):
    user = "user root;\n" if os.geteuid() == 0 else ""
    done = check(check_config, tmp_path, providers, user + (ROOT / "conf.d" / "quickstart.conf").read_text())
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr and "[emerg]" not in done.stderr, done.stderr


def test_the_check_sees_a_fault(check_config, tmp_path):
    text = (ROOT / "conf.d" / "quickstart.conf").read_text().replace("ai_keys keys.json;", "ai_keys keys.json check=soon;")
    done = check(check_config, tmp_path, PROVIDERS[0], text)
    assert done.returncode == 1 and "[emerg]" in done.stderr
