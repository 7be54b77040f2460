#!/usr/bin/python3
"""The commands of docs/moving-data.md, one after the other, print what is written there."""

import os
import re
import subprocess
import unittest

from support import BINARY, harness, main

_DOCS = os.path.join(harness.ROOT, "docs", "moving-data.md")
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_RECOVERY = "## When the majority is gone"


def examples(text):
    """(command, lines it must print). A line `#> text` is output; … in it stands for anything."""
    found = []
    for block in _BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith("#> "):
                found[-1][1].append(line[3:])
            else:
                found.append((line, []))
    return found


class MovingDataDocs(unittest.TestCase):
    def setUp(self):
        self.folder = harness.Folder()
        self.addCleanup(self.folder.remove)
        self.cluster = harness.Cluster(3, binary=BINARY)
        self.addCleanup(self.cluster.close)
        programs = os.path.join(self.folder.path, "bin")
        os.mkdir(programs)
        os.symlink(os.path.realpath(BINARY), os.path.join(programs, "mydis"))
        self.environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}",
                            "MYDIS_ADDRESS": ",".join(instance.address for instance in self.cluster)}

    def run_examples(self, text):
        commands = examples(text)
        self.assertGreater(len(commands), 2)
        for command, expected in commands:
            done = subprocess.run(["bash", "-c", command], cwd=self.folder.path, env=self.environment, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
            lines = done.stdout.splitlines()
            with self.subTest(command):
                self.assertEqual(len(lines), len(expected), done.stdout)
                for line, pattern in zip(lines, expected):
                    self.assertRegex(line, "^" + re.escape(pattern).replace("…", ".*") + "$")

    def test_every_command(self):
        redis = harness.RedisServer(self.folder.path).start()
        self.addCleanup(redis.kill)
        with redis.connect() as client:
            client.call("SET", "name", "v")
            client.call("SET", "ends", "v", "EX", 100_000)
            client.call("HSET", "hash", "f", "v")
            client.call("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 7 end)")
            client.call("SELECT", 3)
            client.call("XADD", "stream", "1-1", "f", "v")
        self.environment["OLD"] = f"redis://{redis.address}"
        with open(_DOCS, encoding="utf-8") as file:
            daily, _, recovery = file.read().partition(_RECOVERY)
        self.run_examples(daily)
        survivor = self.cluster.followers()[0]
        for instance in self.cluster:
            instance.kill()
        os.symlink(survivor.data_dir, os.path.join(self.folder.path, "data"))
        self.run_examples(recovery)


if __name__ == "__main__":
    main()
