"""The servers that are measured: each starts at its best, on loopback, with its data in one folder.

A contender has `pids` (whose processor time counts), `close()`, and for the Redis protocol `port`.
"""

import os
import subprocess

from mydis_harness import Cluster, Instance, Process, RedisServer, free_port_base
from resp_client import wait_until


class Redis:
    """Debian's redis-server. Persistence off, or on as durable as it gets."""

    def __init__(self, folder, durable):
        self.name = "redis-server" + (" appendfsync always" if durable else "")
        # No rewrite of the append-only file falls into a measurement.
        options = ["--appendonly", "yes", "--appendfsync", "always",
                   "--auto-aof-rewrite-percentage", "0"] if durable else []
        path = os.path.join(folder, "redis-durable" if durable else "redis")
        os.makedirs(path)
        self.server = RedisServer(path, *options).start()
        self.port = self.server.redis_port
        self.pids = [self.server.pid]

    def close(self):
        self.server.kill()


class Mydis:
    """One instance of Mydis, durable as by default."""

    def __init__(self, folder, binary):
        self.name = "Mydis"
        os.makedirs(folder, exist_ok=True)
        self.server = Instance(folder, binary=binary).start()
        self.port = self.server.redis_port
        self.pids = [self.server.pid]

    def close(self):
        self.server.stop()


class MydisCluster:
    """Three instances; clients are at a follower. With a cluster key they speak encrypted."""

    def __init__(self, binary, key_file=None):
        self.name = "Mydis, 3 instances" + (" with cluster keys" if key_file else "")
        options = ("--cluster-key-file", key_file) if key_file else ()
        self.cluster = Cluster(3, options, binary=binary)
        self.port = self.cluster.followers()[0].redis_port
        self.pids = [instance.pid for instance in self.cluster]

    def close(self):
        for instance in self.cluster:
            instance.stop()
        self.cluster.close()


class StandIn:
    """redis-server in Mydis's place, to try the benchmark itself."""

    def __init__(self, folder, durable):
        self.inner = Redis(os.path.join(folder, "stand-in"), durable)
        self.name = "stand-in (redis-server)"
        self.port = self.inner.port
        self.pids = self.inner.pids

    def close(self):
        self.inner.close()


class EtcdCluster:
    """Three instances of Debian's etcd, durable as by default."""

    def __init__(self, folder):
        self.name = "etcd, 3 instances"
        bases = [free_port_base(2) for _ in range(3)]
        self.endpoints = [f"127.0.0.1:{base}" for base in bases]
        members = ",".join(f"e{i}=http://127.0.0.1:{base + 1}" for i, base in enumerate(bases))
        self.processes = []
        for i, base in enumerate(bases):
            client, peer = f"http://127.0.0.1:{base}", f"http://127.0.0.1:{base + 1}"
            process = Process(
                ["etcd", "--name", f"e{i}", "--data-dir", os.path.join(folder, f"etcd{i}"),
                 "--listen-client-urls", client, "--advertise-client-urls", client,
                 "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                 "--initial-cluster", members, "--initial-cluster-token", "mydis-bench",
                 "--logger", "zap", "--log-level", "error"],
                os.path.join(folder, f"etcd{i}.log"))
            process.spawn()
            self.processes.append(process)
        self.pids = [process.pid for process in self.processes]
        try:
            wait_until(lambda: self.leader() is not None, 30, "etcd to elect a leader")
        except TimeoutError:
            self.close()
            raise

    def leader(self):
        """The leader's endpoint, or None while there is none."""
        found = None
        for endpoint in self.endpoints:
            answer = subprocess.run(
                ["etcdctl", "--endpoints", endpoint, "endpoint", "status", "-w", "simple"],
                env={**os.environ, "ETCDCTL_API": "3"}, capture_output=True, text=True)
            # endpoint, id, version, size, is leader, is learner, …
            fields = [field.strip() for field in answer.stdout.split(",")]
            if answer.returncode != 0:
                return None
            if fields[4] == "true":
                found = endpoint
        return found

    def close(self):
        for process in self.processes:
            process.stop()
