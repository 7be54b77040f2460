"""What the tests of `mydis cli` at an instance that goes away share: addresses that break, and clusters to break."""

import re
import selectors
import socket
import subprocess
import threading
import unittest

from support import BINARY, CliTest, harness

LIMIT = 120


class Cut:
    """An address before a server. What comes with `word` in it is carried out, but its answer is lost with the
    connection, once; with `before`, it is not even carried out. After that the address is dead, unless it `lives`.
    `then` is called before the connection ends."""

    def __init__(self, server, word, before=False, lives=False, then=None):
        self.server, self.word, self.before, self.lives, self.then = server, word.encode(), before, lives, then
        self.done = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while not self.done.is_set() or self.lives:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, socket.create_connection((self.server.host, self.server.redis_port)) as server:
                self._relay(client, server)

    def _relay(self, client, server):
        with selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ)
            ready.register(server, selectors.EVENT_READ)
            cut = False
            while True:
                for key, _ in ready.select():
                    data = key.fileobj.recv(1 << 16)
                    if not data:
                        return
                    if key.fileobj is client:
                        cut = self.word in data and not self.done.is_set()
                    if cut and (self.before or key.fileobj is server):
                        if self.then:
                            self.then()
                        self.done.set()
                        if not self.lives:
                            self.listener.close()
                        return
                    (server if key.fileobj is client else client).sendall(data)

    def close(self):
        self.lives = False
        self.done.set()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()


class Refusal(Cut):
    """An address before a server that is about to stop: it refuses the first write, or all, of those that come first;
    with `ends`, it ends the connection then."""

    def __init__(self, server, most=None, words="NOTCOMMITTED this instance is stopping; nothing was written",
                 ends=False):
        self.most, self.error, self.ends = most, f"-{words}\r\n".encode(), ends
        super().__init__(server, "NUMBERED", lives=True)

    def _relay(self, client, server):
        with selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ)
            ready.register(server, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    data = key.fileobj.recv(1 << 16)
                    if not data:
                        return
                    if key.fileobj is client and not self.done.is_set() and b"INFO" not in data:
                        data = self._refuse(client, data)
                        if self.done.is_set() and self.ends:
                            return
                    (server if key.fileobj is client else client).sendall(data)

    def _refuse(self, client, data):
        """What is left to be carried out."""
        writes = re.split(rb"(?=\*\d+\r\n\$8\r\nNUMBERED)", data)
        count = min(self.most or len(writes), len(writes) - 1)
        if count > 0:
            self.done.set()
            client.sendall(self.error * count)
        return b"".join([writes[0], *writes[1 + count:]])


class Running:
    """A `mydis cli` that is fed and read while it runs."""

    def __init__(self, test, *arguments):
        self.test = test
        self.process = subprocess.Popen([BINARY, "cli", *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        test.addCleanup(self.close)

    def close(self):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def feed(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def lines(self, count):
        return [self.process.stdout.readline().decode().rstrip("\n") for _ in range(count)]

    def finish(self):
        """What is left of standard output, and standard error. The exit status is 0."""
        out, error = self.process.communicate(timeout=LIMIT)
        self.test.assertEqual(self.process.returncode, 0, error)
        return out.decode().splitlines(), error.decode()


class ThreeInstances(unittest.TestCase):
    """A cluster for each test, since each kills an instance: a follower, that it is in use."""

    def setUp(self):
        self.maxDiff = 2000
        self.cluster = harness.Cluster(3, binary=BINARY)
        self.addCleanup(self.cluster.close)
        self.victim, self.other = self.cluster.followers()
        self.rest = [self.other, self.cluster.leader()]

    def addresses(self, first=None):
        return ["--address", ",".join([(first or self.victim).address, *(one.address for one in self.rest)])]

    def start(self, *arguments):
        return Running(self, *self.addresses(), *arguments)

    def cut(self, word, **more):
        cut = Cut(self.victim, word, **more)
        self.addCleanup(cut.close)
        return cut

    def run_cut(self, word, lines, status=0, **more):
        cut = self.cut(word, **more)
        run = subprocess.run([BINARY, "cli", *self.addresses(cut)], input="".join(f"{line}\n" for line in lines),
                             capture_output=True, text=True, timeout=LIMIT)
        self.assertTrue(cut.done.is_set(), "the connection was cut")
        self.assertEqual(run.returncode, status, run)
        return run.stdout.splitlines(), run.stderr

    def run_refused(self, most, text, *arguments, status=0, **more):
        refusal = Refusal(self.victim, most, **more)
        self.addCleanup(refusal.close)
        run = subprocess.run([BINARY, "cli", *self.addresses(refusal), *arguments], input=text, capture_output=True,
                             text=True, timeout=LIMIT)
        self.assertTrue(refusal.done.is_set(), "something was refused")
        self.assertEqual(run.returncode, status, run)
        return run.stdout.splitlines(), run.stderr


class BeforeRedis(CliTest):
    """A server that knows of no numbers."""

    def run_cut(self, word, *arguments, stdin="", status=0, **more):
        cut = Cut(self.redis, word, lives=True, **more)
        self.addCleanup(cut.close)
        run = self.run_program([BINARY, "cli", "--address", cut.address, *arguments], stdin)
        self.assertEqual(run.returncode, status, run)
        return run.stdout.decode().splitlines(), run.stderr.decode()
