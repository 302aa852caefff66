"""Google's side of a service account: makes the file, and checks an assertion with another library than the gateway's."""
import base64
import functools
import json
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
MAX_SKEW = 30  # seconds


@functools.cache
def _key(number):
    """Making one takes a while: the first account of every test has the same."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def make_account(token_uri, project, number):
    """(the file's text, its address, (public key, key id, token_uri))"""
    email = f"gateway-{number}@{project}.iam.gserviceaccount.com"
    pem = _key(number).private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    text = json.dumps({"type": "service_account", "project_id": project, "private_key_id": f"kid-{number}", "private_key": pem.decode(),
                       "client_email": email, "client_id": "1", "token_uri": token_uri}, indent=2)
    return text, email, (_key(number).public_key(), f"kid-{number}", token_uri)


def _decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def fault(assertion, accounts):
    """What Google would refuse it for; empty: nothing."""
    head, claims, signature = assertion.split(".")
    header, said = json.loads(_decode(head)), json.loads(_decode(claims))
    if said["iss"] not in accounts:
        return "unknown account"
    public, key_id, token_uri = accounts[said["iss"]]
    if header != {"alg": "RS256", "typ": "JWT", "kid": key_id}:
        return "wrong header"
    if (said["scope"], said["aud"]) != (SCOPE, token_uri):
        return "wrong claims"
    if abs(said["iat"] - time.time()) > MAX_SKEW or said["exp"] - said["iat"] > 3600:
        return "wrong times"
    try:
        public.verify(_decode(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return "wrong signature"
    return ""
