#!/usr/bin/python3
"""The examples of docs/http.md, run line by line against a follower of three."""

import os
import re
import subprocess
import unittest

from support import ClusterTest, main

_DOCS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "docs", "http.md")
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples():
    """(command, lines it must print) in order. A line `#> text` is output; N in it is any revision."""
    with open(_DOCS, encoding="utf-8") as file:
        text = file.read()
    found = []
    for block in _BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith("#> "):
                found[-1][1].append(line[3:])
            else:
                found.append((line, []))
    return found


class HttpDocs(ClusterTest):
    def test_examples_give_what_is_written(self):
        cluster = self.cluster()
        follower = cluster.followers()[0]
        shell = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                 stderr=subprocess.STDOUT)
        self.addCleanup(shell.stdout.close)
        self.addCleanup(shell.wait)
        self.addCleanup(shell.stdin.close)
        shell.stdin.write(f"MYDIS=http://127.0.0.1:{follower.http_port}\n")
        commands = examples()
        self.assertGreater(len(commands), 20)
        for command, expected in commands:
            shell.stdin.write(f"{command}\necho; echo '--end--'\n")
            shell.stdin.flush()
            printed = []
            while (line := shell.stdout.readline().rstrip("\n")) != "--end--":
                printed.append(line)
            with self.subTest(command):
                printed = [re.sub(r'"revision":\d+', '"revision":N', line) for line in printed if line]
                self.assertEqual(printed, expected)


if __name__ == "__main__":
    main()
