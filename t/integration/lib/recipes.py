"""The configurations of a document, run as they stand there but for ports, the place of files and who answers."""
import re

from .nginx import ROOT

TEMPORARY = " ".join(f"{kind}_temp_path tmp/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))


def recipes(document):
    """Every block of it that is a whole `http { }`."""
    return re.findall(r"^```nginx\n(http \{\n.*?)^```", (ROOT / "docs" / document).read_text(), re.M | re.S)


def run(nginx, text, replaced, env=None):
    """`replaced`: {what the document says: what it is here}; each must be there."""
    for said, here in {**replaced, "listen 127.0.0.1:8080": "listen 127.0.0.1:%PORT%"}.items():
        assert said in text, said
        text = text.replace(said, here)
    text = text.replace("http {", f"http {{ access_log logs/access.log; {TEMPORARY}", 1)
    names = " ".join(f"env {name};" for name in env or {})
    return nginx(config=f"load_module %MODULE%; user root; daemon off; pid logs/nginx.pid; error_log logs/error.log info;\n"
                        f"{names} events {{}}\n{text}", env=env)
