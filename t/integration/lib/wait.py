"""Waiting for what happens soon: polls, never a bare sleep."""
import time


def wait_until(condition, timeout=5.0, what="the condition", step=0.01):
    """Returns the first true value of condition(); fails the test after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {timeout} s")
        time.sleep(step)
