"""A keys.json for tests: the secrets are made here and live only as long as the test."""
import hashlib
import json
import os
import pathlib
import secrets

from . import canary


class KeyFile:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.entries = []
        self.write()

    def add(self, id, **members):
        """Returns the new key's secret."""
        secret = "sk-aigw-" + secrets.token_urlsafe(32)
        canary.key(secret)
        self.entries.append({"id": id, "sha256": hashlib.sha256(secret.encode()).hexdigest(), **members})
        self.write()
        return secret

    def remove(self, id):
        self.entries = [entry for entry in self.entries if entry["id"] != id]
        self.write()

    def write(self, text=None):
        """Replaced by rename, as aigw-key does; with `text`, exactly that (for broken files)."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({"keys": self.entries}) if text is None else text)
        os.replace(fresh, self.path)
