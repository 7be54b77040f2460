"""What transcripts run against: a redis-server, or Mydis in one of its arrangements."""

import os
import re

import mydis_harness as harness
from resp_client import Client, parse_address, wait_until


# Seconds. redis-server's DEBUG STRINGMATCH-TEST alone takes 15 and more where others are at work.
REPLY_LIMIT = 120.0


class Target:
    """A server to talk to. `redis_version` is None for Mydis, a tuple for a real Redis."""

    def __init__(self, host, port):
        self.host, self.port = host, port
        self._control = None
        self.redis_version = None
        info = self.control().call("INFO", "server")
        if b"mydis_version:" not in info:
            version = re.search(rb"^redis_version:(\d+)\.(\d+)", info, re.MULTILINE)
            self.redis_version = tuple(map(int, version.groups()))

    def connect(self):
        return Client(self.host, self.port, REPLY_LIMIT)

    def control(self):
        """The runner's own connection, which no transcript sees."""
        if self._control is None:
            self._control = self.connect()
        return self._control

    def reset(self):
        """An empty state for the next file."""
        control = self.control()
        for command in (["FLUSHALL"], ["SCRIPT", "FLUSH"], ["FUNCTION", "FLUSH"]):
            control.send(*command)
        if control.read() != ("+", b"OK"):
            raise RuntimeError("FLUSHALL did not answer +OK")
        control.read(), control.read()
        self.wait_alone()

    def wait_alone(self):
        """The server has seen the end of the last file's connections: PUBLISH counts none of them."""
        wait_until(lambda: self.clients("connected") == 1, 10, "the end of the other connections")

    def blocked_clients(self):
        return self.clients("blocked")

    def clients(self, which):
        info = self.control().call("INFO", "clients").decode()
        return int(re.search(rf"^{which}_clients:(\d+)", info, re.MULTILINE).group(1))

    cut = None  # A function that restarts the server from a snapshot, where the target does that.

    def close(self):
        if self._control is not None:
            self._control.close()
            self._control = None


class RemoteTarget(Target):
    """tcp:HOST:PORT, started by somebody else."""

    def __init__(self, address):
        super().__init__(*parse_address(address))

    def wait_alone(self):
        """It may have other clients."""


class _Owned(Target):
    """A target that starts its servers and ends them."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        super().__init__(server.host, server.redis_port)

    def fail(self):
        self.folder.keep = True

    def close(self):
        super().close()
        self.server.kill()
        self.folder.remove()


class RedisTarget(_Owned):
    def __init__(self):
        folder = harness.Folder()
        super().__init__(harness.RedisServer(folder.path).start(), folder)


class MydisTarget(_Owned):
    def __init__(self, binary=None):
        folder = harness.Folder()
        super().__init__(harness.Instance(folder.path, binary=binary).start(), folder)


class SnapshotTarget(MydisTarget):
    """At every cut the instance takes a snapshot and is started again from it."""

    def cut(self):
        self.server.snapshot()
        self.control().close()
        self._control = None
        self.server.stop()
        self.server.start()


class FollowerTarget(Target):
    """Three instances; the transcripts talk to one that does not lead."""

    def __init__(self, binary=None):
        self.cluster = harness.Cluster(3, binary=binary)
        follower = self.cluster.followers()[0]
        super().__init__(follower.host, follower.redis_port)

    def fail(self):
        self.cluster.folder.keep = True

    def close(self):
        super().close()
        self.cluster.close()


def open_target(name, binary=None):
    """A Target by the name tools/transcript gives it."""
    if name.startswith("tcp:"):
        return RemoteTarget(name)
    if name == "redis":
        return RedisTarget()
    binary = os.path.realpath(binary or harness.default_binary())
    if not os.access(binary, os.X_OK):
        raise RuntimeError(f"there is no program {binary}, build it with ./dev build")
    return {"mydis": MydisTarget, "follower": FollowerTarget, "snapshot": SnapshotTarget}[name](binary)
