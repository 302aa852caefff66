"""What nginx -t said."""
import re


def messages(done, level):
    """The messages of one level, without time and process."""
    return re.findall(rf"^.*\[{level}\] \d+#\d+: (.*)$", done.stderr, re.M)


class Checker:
    def __init__(self, check_config):
        self.run = check_config

    def refused(self, text, line=True, **parts):
        """nginx -t fails with exactly one message, `text`; with `line` it ends with " in FILE:LINE", which is returned."""
        done = self.run(**parts)
        assert done.returncode == 1, done.stderr
        said = messages(done, "emerg")
        assert len(said) == 1, done.stderr
        where = re.search(r"(.*) in (/[^ ]*\.conf):(\d+)$", said[0])
        assert where or not line, said[0]
        assert (where.group(1) if line else said[0]) == text
        return int(where.group(3)) if line else None

    def accepted(self, **parts):
        """nginx -t succeeds; its warnings without their places."""
        done = self.run(**parts)
        assert done.returncode == 0, done.stderr
        return [re.sub(r" in /[^ ]*\.conf:\d+$", "", text) for text in messages(done, "warn")]
