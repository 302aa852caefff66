"""Those who make credentials, on loopback: AWS's container agent and instance metadata, Google's metadata and token endpoint.

    made = Metadata(life=3600)        seconds that a credential lives
    made.url                          http://127.0.0.1:PORT; with tls=(certificate, key) https
    made.mode = "ok"                  silent, slow, close, error, rubbish, expired, huge (10 MB), long_head, redirect
    made.calls                        [(method, path)]; made.made: how many credentials there were
    made.account(path)                a service account's file of ours; another call, another account
    made.knows_aws(access_key)        botocore's Credentials that were made and live, or None
    made.knows_bearer(text)           the same of a bearer token

Every secret that it makes is the canary's: no log, metric or error may have it.
"""
import http.server
import json
import secrets
import socket
import ssl
import threading
import time
import urllib.parse

from botocore.credentials import Credentials

from . import canary, jwt_check

ROLE = "gateway-role"
HUGE = 10 << 20


def utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Metadata:
    def __init__(self, life=3600, tls=None):
        self.life, self.mode, self.authorization = life, "ok", None
        self.calls, self.sessions, self.accounts = [], set(), {}
        self.aws, self.bearers = {}, {}
        self.ended = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer._serve(self)

            do_PUT = do_POST = do_GET

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):  # a client that left, or a handshake that failed
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*map(str, tls))
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def close(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def made(self):
        return len(self.aws) + len(self.bearers)

    def knows_aws(self, access_key):
        credentials, ends = self.aws.get(access_key, (None, 0))
        return credentials if time.time() < ends + 1 else None  # they are told in whole seconds

    def knows_bearer(self, text):
        return time.time() < self.bearers.get(text.removeprefix("Bearer "), 0) + 1

    # ---- making

    def _aws(self):
        key = "ASIA" + secrets.token_hex(8).upper()
        made = Credentials(key, secrets.token_urlsafe(30), secrets.token_urlsafe(200))
        canary.key(made.secret_key)
        canary.key(made.token)
        ends = int(time.time() + self.life)
        self.aws[key] = made, ends
        return {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": key, "SecretAccessKey": made.secret_key, "Token": made.token,
                "LastUpdated": utc(time.time()), "Expiration": utc(ends if self.mode != "expired" else ends - self.life - 60)}

    def _bearer(self):
        token = "ya29." + secrets.token_urlsafe(150)
        canary.key(token)
        self.bearers[token] = time.time() + self.life
        return {"access_token": token, "expires_in": self.life if self.mode != "expired" else 0, "token_type": "Bearer"}

    def account(self, path, token_uri=None, project="my-project"):
        text, email, public = jwt_check.make_account(token_uri or f"{self.url}/token", project, len(self.accounts))
        for line in json.loads(text)["private_key"].splitlines()[1:-1]:
            canary.key(line)
        self.accounts[email] = public
        replaced = path.with_suffix(".new")
        replaced.write_text(text)
        replaced.rename(path)
        return path

    # ---- answering

    def _serve(self, to):
        length = int(to.headers.get("content-length") or 0)
        body = to.rfile.read(length).decode()
        self.calls.append((to.command, to.path))
        if self.mode == "silent":
            self.ended.wait(30)
            return
        if self.mode == "slow":
            time.sleep(0.3)
        if self.mode == "close":
            to.close_connection = True
            to.connection.shutdown(socket.SHUT_RDWR)
            return
        status, answer = self._answer(to, body)
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode() if isinstance(answer, dict) else answer.encode()
        if self.mode == "error":
            status, data = 500, b'{"error": "internal_failure", "error_description": "' + data[:300].hex().encode() + b'"}'
        if self.mode == "rubbish":
            data = secrets.token_bytes(300)
        if self.mode == "huge":
            data = data[:-1] + b" " * HUGE
        to.send_response(status if self.mode != "redirect" else 302)
        if self.mode == "redirect":
            to.send_header("Location", f"{self.url}/elsewhere")
        if self.mode == "long_head":
            for number in range(40):
                to.send_header(f"X-{number}", "x" * 4000)
        to.send_header("Content-Length", str(len(data)))
        to.end_headers()
        try:
            to.wfile.write(data)
        except OSError:
            pass

    def _answer(self, to, body):
        path = to.path.split("?")[0]
        roles = "/latest/meta-data/iam/security-credentials/"
        if (to.command, path) == ("PUT", "/latest/api/token"):
            assert to.headers["X-aws-ec2-metadata-token-ttl-seconds"] == "300" and not body
            self.sessions.add(secrets.token_urlsafe(30))
            return 200, sorted(self.sessions)[-1]
        if path.startswith(roles):
            if to.headers["X-aws-ec2-metadata-token"] not in self.sessions:
                return 401, "no session"
            return (200, ROLE) if path == roles else (200, self._aws()) if path == roles + ROLE else (404, "no such role")
        if path == "/container" and to.command == "GET":
            if self.authorization and to.headers["Authorization"] != self.authorization:
                return 403, {"code": "AccessDenied", "message": "no"}
            return 200, self._aws()
        if path == "/computeMetadata/v1/instance/service-accounts/default/token":
            return (200, self._bearer()) if to.headers["Metadata-Flavor"] == "Google" else (403, "no flavor")
        if (to.command, path) == ("POST", "/token"):
            form = urllib.parse.parse_qs(body)
            if form["grant_type"] != ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
                return 400, {"error": "unsupported_grant_type"}
            wrong = jwt_check.fault(form["assertion"][0], self.accounts)
            return (200, self._bearer()) if not wrong else (400, {"error": "invalid_grant", "error_description": wrong})
        return 404, "not found"
