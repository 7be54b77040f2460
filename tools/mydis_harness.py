"""Starts, stops and hurts real server processes for the tests. Standard library only.

    with Cluster(3) as cluster:
        leader = cluster.leader()
        leader.kill()

Every process started here ends with the program that started it, also when that is killed. Port
numbers are found by binding and held by a lock file, so that tests may run side by side. Data and
logs lie in one temporary folder that is removed at the end; `keep_logs()` keeps and prints it.

Environment: MYDIS_BINARY is the program under test, MYDIS_TEST_PORTS=LOW-HIGH the ports to choose
from, MYDIS_KEEP=1 keeps the folders.
"""

import atexit
import ctypes
import fcntl
import glob
import mmap
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from resp_client import Client, RespError, wait_until

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
PORTS_PER_INSTANCE = 4
START_LIMIT = 30.0

_SANITIZER_REPORT = re.compile(
    r".*(AddressSanitizer|LeakSanitizer|ThreadSanitizer|: runtime error: )")

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
_held_ports = {}  # Open lock files by the port base given out.
_running = set()


def default_binary():
    return os.environ.get("MYDIS_BINARY") or os.path.join(ROOT, "build", "release", "mydis")


def is_sanitized(binary):
    """Whether the program was built with AddressSanitizer or ThreadSanitizer."""
    with open(binary, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as contents:
        return any(contents.find(name) >= 0 for name in (b"__asan_init", b"__tsan_init"))


def may_unshare(*namespaces):
    """Whether this machine lets this user have such namespaces, named as unshare's options."""
    return subprocess.run(["unshare", "--fork", *namespaces, "true"], stdin=subprocess.DEVNULL,
                          capture_output=True, check=False).returncode == 0


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port_base(count=PORTS_PER_INSTANCE):
    """The first of `count` ports in a row that nobody uses; held until released or this program ends."""
    low, high = map(int, os.environ.get("MYDIS_TEST_PORTS", "22000-31999").split("-"))
    folder = os.path.join(tempfile.gettempdir(), "mydis-test-ports")
    os.makedirs(folder, exist_ok=True)
    bases = list(range(low, high + 2 - PORTS_PER_INSTANCE, PORTS_PER_INSTANCE))
    random.shuffle(bases)
    for base in bases:
        lock = open(os.path.join(folder, str(base)), "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        if all(_is_free(base + i) for i in range(count)):
            _held_ports[base] = lock
            return base
        lock.close()
    raise RuntimeError(f"no {count} free ports in a row between {low} and {high}")


def release_port_base(base):
    """Lets others have it again."""
    _held_ports.pop(base).close()


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@atexit.register
def _end_all():
    for process in list(_running):
        process.kill()


class Folder:
    """A temporary folder for data and logs."""

    def __init__(self, prefix="mydis-test-"):
        self.path = tempfile.mkdtemp(prefix=prefix)
        self.keep = bool(os.environ.get("MYDIS_KEEP"))

    def remove(self):
        if self.keep:
            print(f"kept: {self.path}", flush=True)
        else:
            shutil.rmtree(self.path, ignore_errors=True)


class Process:
    """A server process: its command line, its log file and its signals."""

    def __init__(self, arguments, log_path, environment=None):
        self.arguments = arguments
        self.log_path = log_path
        self.environment = environment
        self.popen = None

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen is not None and self.popen.poll() is None

    def spawn(self):
        assert not self.alive()
        with open(self.log_path, "ab") as log:
            self.popen = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(self.environment or {})}, preexec_fn=_die_with_parent)
        _running.add(self)

    def wait(self, limit=10.0):
        """Waits for the process to end, gives its exit status."""
        status = self.popen.wait(limit)
        _running.discard(self)
        return status

    def kill(self):
        """kill -9, and no trace of the process afterwards."""
        if self.popen is not None:
            self.popen.kill()
            self.popen.wait()
        _running.discard(self)

    def stop(self, limit=20.0):
        """Ends the process as an operator does. Gives its exit status."""
        if not self.alive():
            return self.popen.returncode if self.popen else None
        self.popen.send_signal(signal.SIGCONT)
        self.popen.terminate()
        try:
            return self.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError(f"{self.arguments[0]} did not end {limit:g} s after SIGTERM; "
                               f"its log ends:\n{self.log_tail()}") from None

    def pause(self):
        """Returns when every thread has stopped: each goes on until the signal reaches it."""
        self.popen.send_signal(signal.SIGSTOP)
        wait_until(self._stands_still, 10, "the threads have stopped")

    def _stands_still(self):
        for path in glob.glob(f"/proc/{self.popen.pid}/task/*/stat"):
            try:
                with open(path) as file:
                    state = file.read().rpartition(")")[2].split()[0]
            except FileNotFoundError:  # The thread has ended.
                continue
            if state not in "Tt":
                return False
        return True

    def resume(self):
        self.popen.send_signal(signal.SIGCONT)

    def log(self):
        try:
            with open(self.log_path, errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def sanitizer_report(self):
        """What a sanitizer has said of the process; empty: nothing."""
        log = self.log()
        found = _SANITIZER_REPORT.search(log)
        return log[found.start():][:20_000] if found else ""

    def log_tail(self, lines=25):
        return "\n".join(self.log().splitlines()[-lines:])


class _Server(Process):
    """A process that answers on a Redis port."""

    redis_port = None
    host = "127.0.0.1"
    tls = None  # An ssl.SSLContext, if clients are to speak TLS.

    @property
    def address(self):
        return f"{self.host}:{self.redis_port}"

    def connect(self, timeout=30.0):
        return Client(self.host, self.redis_port, timeout, self.tls)

    def call(self, *arguments, timeout=30.0):
        """One command on a connection of its own."""
        with self.connect(timeout) as client:
            return client.call(*arguments)

    def info(self, section="everything"):
        """INFO as a dictionary of texts."""
        text = self.call("INFO", section).decode()
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def answers(self):
        """Whether the server takes commands now."""
        if not self.alive():
            raise RuntimeError(f"{' '.join(self.arguments)} ended with status "
                               f"{self.popen.returncode}; its log ends:\n{self.log_tail()}")
        try:
            with self.connect(timeout=2.0) as client:
                client.call("PING")
                client.call("GET", "mydis-harness")
                return True
        except (OSError, RespError):
            return False

    def wait_ready(self, limit=START_LIMIT):
        try:
            wait_until(self.answers, limit, f"{self.address} to answer")
        except TimeoutError as error:
            raise TimeoutError(f"{error}; its log ends:\n{self.log_tail()}") from None
        return self

    def start(self):
        self.spawn()
        return self.wait_ready()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


class RedisServer(_Server):
    """A redis-server (Debian's) without persistence, on a free port."""

    def __init__(self, folder, *options, program="redis-server"):
        self.redis_port = free_port_base(1)
        super().__init__([program, "--port", str(self.redis_port), "--bind", self.host,
                          "--save", "", "--appendonly", "no", "--dir", folder,
                          "--enable-debug-command", "yes", *options],
                         os.path.join(folder, "redis-server.log"))


class Instance(_Server):
    """One mydis process. Options are command line words, underscores and all left to the caller."""

    def __init__(self, folder, options=(), binary=None, data_dir=None, port_base=None, name=None,
                 environment=None):
        self.port_base = port_base or free_port_base()
        self.redis_port = self.port_base + 1
        self.name = name or f"i{self.port_base}"
        self.data_dir = data_dir or os.path.join(folder, self.name)
        self.binary = binary or default_binary()
        self.options = list(options)
        super().__init__([self.binary, "server", "--data-dir", self.data_dir, "--port-base",
                          str(self.port_base), *self.options],
                         os.path.join(folder, f"{self.name}.log"), environment)

    @property
    def http_port(self):
        return self.port_base

    @property
    def raft_port(self):
        return self.port_base + 2

    @property
    def raft_address(self):
        return f"{self.host}:{self.raft_port}"

    def role(self):
        """master or slave, as ROLE says it; None if it does not answer."""
        try:
            return self.call("ROLE", timeout=2.0)[0].decode()
        except (OSError, RespError):
            return None

    def status(self, timeout=5.0):
        """MYDIS STATUS as a dictionary, its members as dictionaries by instance id."""
        fields = _text_pairs(self.call("MYDIS", "STATUS", timeout=timeout))
        members = [_text_pairs(member) for member in fields["members"]]
        fields["members"] = {member["instance-id"]: member for member in members}
        return fields

    def snapshot(self):
        """Has the instance take a snapshot now. Gives the log index it stands for."""
        self.call("MYDIS", "SNAPSHOT", timeout=120.0)
        return self.status()["snapshot-index"]

    def digest(self):
        """(log index, hash of the whole state there)."""
        index, digest = self.call("MYDIS", "DIGEST", timeout=60.0)
        return index, digest

    def cli(self, *arguments, limit=60.0):
        """Runs `mydis cli` or another subcommand against this instance."""
        return subprocess.run([self.binary, *arguments, "--address", self.address],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=limit)

    def wipe(self):
        shutil.rmtree(self.data_dir, ignore_errors=True)


def _text_pairs(reply):
    """A flat list of names and values as a dictionary, with texts for bytes."""
    def text(value):
        return value.decode() if isinstance(value, bytes) else value
    return {text(name): text(value) for name, value in zip(reply[::2], reply[1::2])}


class Cluster:
    """n instances that were started together with --expect n --join."""

    def __init__(self, n=3, options=(), binary=None, start=True):
        self.folder = Folder()
        self.binary = binary or default_binary()
        bases = [free_port_base() for _ in range(n)]
        self.seeds = ",".join(f"127.0.0.1:{base + 2}" for base in bases)
        self.instances = [
            Instance(self.folder.path,
                     ["--expect", str(n), "--join", self.seeds, "--instance-id", f"n{i + 1}", *options],
                     self.binary, port_base=base, name=f"n{i + 1}")
            for i, base in enumerate(bases)]
        if start:
            try:
                self.start()
            except BaseException:
                self.folder.keep = True
                self.close()
                raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.folder.keep = True
        self.close()

    def __iter__(self):
        return iter(self.instances)

    def __getitem__(self, index):
        return self.instances[index]

    def start(self):
        """Starts all, waits until each is a voter: one that is not there yet does not count in a loss."""
        for instance in self.instances:
            instance.spawn()
        self.wait_ready()
        for instance in self.instances:
            wait_until(lambda i=instance: i.status()["voters"] == len(self.instances), START_LIMIT,
                       f"{instance.name} to see {len(self.instances)} voters")

    def wait_ready(self, limit=START_LIMIT):
        for instance in self.instances:
            if instance.alive():
                instance.wait_ready(limit)
        self.leader(limit)

    def add(self, *options, name=None):
        """A further instance that joins; started, not waited for."""
        name = name or f"n{len(self.instances) + 1}"
        instance = Instance(self.folder.path, ["--join", self.seeds, "--instance-id", name, *options],
                            self.binary, name=name)
        self.instances.append(instance)
        instance.spawn()
        return instance

    def leader(self, limit=START_LIMIT):
        """The instance that says it leads. Waits until exactly one of those alive does."""
        def find():
            found = [i for i in self.instances if i.alive() and i.role() == "master"]
            return found[0] if len(found) == 1 else None
        return wait_until(find, limit, "one leader")

    def roles(self):
        """(leader, [all others alive]), both as they were at one moment: a busy machine may have another one next."""
        leader = self.leader()
        return leader, [i for i in self.instances if i.alive() and i is not leader]

    def followers(self):
        """All but the leader that are alive."""
        return self.roles()[1]

    def wait_equal(self, limit=30.0, among=None):
        """Waits until `among` (default: those alive) stand at one log index, and compares their states."""
        chosen = among or [i for i in self.instances if i.alive()]

        def digests():
            found = {i.name: i.digest() for i in chosen}
            return found if len({index for index, _ in found.values()}) == 1 else None
        found = wait_until(digests, limit, "all instances to apply the same entries")
        assert len({digest for _, digest in found.values()}) == 1, f"states differ: {found}"

    def close(self):
        for instance in self.instances:
            instance.kill()
            release_port_base(instance.port_base)
        if self.folder.keep:
            for instance in self.instances:
                print(f"--- end of the log of {instance.name} ({instance.log_path})\n"
                      f"{instance.log_tail()}", flush=True)
        reports = [instance.sanitizer_report() for instance in self.instances]
        self.folder.remove()
        assert not any(reports), "\n".join(reports)


def milliseconds():
    return time.monotonic() * 1000
