#!/usr/bin/python3
"""The C++ library's client while instances die: every call happens once, and none is left in doubt."""

import os
import re
import subprocess
import threading

from certificates import Authority
from support import BINARY, ClusterTest, main, wait_until

PROGRAM = os.path.join(os.path.dirname(BINARY), "client_load")
EXAMPLES = os.path.join(os.path.dirname(BINARY), "library_docs")


class Load:
    """client_load under way: its lines come as it prints them."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.strip())

    def _say(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def errors(self):
        return [line for line in self.lines if line.startswith("error")]

    def progress(self):
        """Answers so far."""
        before = len(self.lines)
        self._say("?")
        wait_until(lambda: any(line.startswith("progress") for line in self.lines[before:])
                   or self.process.poll() is not None, 30, "the program's progress")
        return int(self.lines[-1].split()[1]) if self.lines[-1].startswith("progress") else 0

    def wait_for(self, more):
        """Waits until it has so many more answers."""
        wanted = self.progress() + more
        wait_until(lambda: self.progress() >= wanted or self.errors(), 60, f"{more} more answers")

    def finish(self):
        """What it has done, and what is stored: [(name, done, unknown, stored)]."""
        self._say("stop")
        self.process.stdin.close()
        self.process.wait(120)
        self._reader.join(10)
        found = (re.fullmatch(r"(\w+) done=(\d+) unknown=(\d+) stored=(-?\d+)", line)
                 for line in self.lines)
        return [(match[1], *(int(number) for number in match.groups()[1:])) for match in found if match]

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class ClientLibraryTest(ClusterTest):
    def load(self, *arguments):
        load = Load(*arguments)
        self.addCleanup(load.kill)
        return load

    def check(self, load):
        counts = load.finish()
        self.assertEqual(load.errors(), [])
        self.assertEqual([name for name, *_ in counts],
                         ["incr", "append", "transact", "transact", "produce", "consume", "publish"])
        for name, done, unknown, stored in counts:
            self.assertGreater(done, 0, name)
            self.assertEqual((unknown, stored), (0, done), name)

    def test_every_instance_dies_once(self):
        cluster = self.cluster(3)
        load = self.load(*(instance.address for instance in cluster))
        load.wait_for(300)
        for instance in cluster:
            instance.kill()
            load.wait_for(300)
            instance.start()
            instance.wait_ready()
            load.wait_for(300)
        self.check(load)

    def test_an_instance_that_stands_still(self):
        cluster = self.cluster(3)
        load = self.load(*(instance.address for instance in cluster))
        load.wait_for(300)
        paused = cluster.leader()
        paused.pause()
        # All of its sessions have gone elsewhere.
        load.wait_for(3000)
        paused.resume()
        load.wait_for(300)
        self.check(load)

    def test_the_examples_of_the_guide(self):
        cluster = self.cluster(3)
        run = subprocess.run([EXAMPLES, *(instance.address for instance in cluster)],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, "hello\n", ""))

    def test_tls_and_a_token(self):
        authority = Authority(self.folder())
        certificate, key = authority.issue("server", "mydis")
        instance = self.instance(self.folder(), "--tls-cert", certificate, "--tls-key", key)
        instance.tls = authority.context()
        instance.start()
        token = instance.call("TOKEN", "CREATE", "NAME", "loader")
        token = token[-1] if isinstance(token, list) else token
        load = self.load("--token", token.decode(), "--tls-ca", authority.ca, instance.address)
        load.wait_for(300)
        self.check(load)
        stranger = self.load("--token", "mydis_nobody_secret", "--tls-ca", authority.ca, instance.address)
        self.assertEqual(stranger.process.wait(30), 1)
        wait_until(stranger.errors, 30, "the program's error")
        self.assertIn("WRONGPASS", stranger.errors()[0])
        plain = self.load(instance.address)
        self.assertEqual(plain.process.wait(30), 1)


if __name__ == "__main__":
    main()
