"""What the tests of the command line share: a redis-server, both clients, and the harness on the path."""

import os
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "tools"), HERE]

import mydis_harness as harness  # noqa: E402
from resp_client import wait_until  # noqa: E402, F401
from terminal import Terminal  # noqa: E402, F401

BINARY = harness.default_binary()


class CliTest(unittest.TestCase):
    """Tests of `mydis cli` against a redis-server, so that redis-cli can show what is right."""

    @classmethod
    def setUpClass(cls):
        if not os.access(BINARY, os.X_OK):
            raise RuntimeError(f"there is no program {BINARY}, build it with ./dev build")
        cls.folder = harness.Folder()
        cls.addClassCleanup(cls.folder.remove)
        cls.redis = harness.RedisServer(cls.folder.path).start()
        cls.addClassCleanup(cls.redis.kill)
        cls.mydis_cli = [BINARY, "cli", "--address", cls.redis.address]
        cls.redis_cli = ["redis-cli", "-p", str(cls.redis.redis_port)]

    def setUp(self):
        self.redis.call("FLUSHALL")

    def environment(self):
        """No history but the test's own."""
        return {"HOME": self.folder.path, "REDISCLI_HISTFILE": "/dev/null"}

    def run_program(self, arguments, stdin=""):
        return subprocess.run(arguments, input=stdin.encode(), capture_output=True, timeout=30,
                              env={**os.environ, **self.environment()})

    def terminal(self, arguments=None, **more):
        terminal = Terminal(arguments or self.mydis_cli,
                            {**self.environment(), **more.pop("environment", {})}, **more)
        self.addCleanup(terminal.close)
        return terminal


def main():
    unittest.main(verbosity=2)
