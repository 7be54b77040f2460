"""Runs the containers of deploy/ as processes: each with an address and a host name of its own, as the user
that the image has, and with nothing but its command line and environment.

    Network.enter()             first of all: the program starts itself anew, in namespaces of its own
    network = Network()
    pod = Pod(network, "mydis-0", arguments, environment, folder)
    network.names["mydis"] = [pod]
    pod.start()

The network is a bridge with a network namespace at it for each pod, and /etc/hosts stands for DNS. All of it
ends with the program. Takes root.
"""

import http.client
import itertools
import os
import subprocess
import sys

from support import BINARY, Client, harness, wait_until

USER = 999
HTTP_PORT, REDIS_PORT = 2380, 2381


def _do(*arguments):
    subprocess.run(arguments, stdin=subprocess.DEVNULL, check=True)


class Network:
    @staticmethod
    def enter():
        """REQUIRES: nothing was started yet."""
        if os.environ.get("MYDIS_IN_NAMESPACES") != str(os.getpid()):
            shell = 'export MYDIS_IN_NAMESPACES=$$; exec "$@"'
            os.execvp("unshare", ["unshare", "--mount", "--net", "--propagation", "private", "bash", "-c",
                                  shell, "bash", sys.executable, "-W", "ignore", *sys.argv])
        # Where `ip netns` keeps its names.
        _do("mount", "-t", "tmpfs", "tmpfs", "/run")

    def __init__(self, folder):
        self.names = {}  # Host name to the pods that it stands for.
        self._hosts = os.path.join(folder, "hosts")
        self._numbers = itertools.count(2)
        self.write_names()
        _do("mount", "--bind", self._hosts, "/etc/hosts")
        _do("ip", "link", "set", "lo", "up")
        _do("ip", "link", "add", "mydis", "type", "bridge")
        _do("ip", "address", "add", "10.77.0.1/24", "dev", "mydis")
        _do("ip", "link", "set", "mydis", "up")

    def close(self):
        _do("ip", "link", "delete", "mydis")
        _do("umount", "/etc/hosts")

    def next_address(self):
        return f"10.77.0.{next(self._numbers)}"

    def write_names(self):
        with open(self._hosts, "w") as file:
            file.write("127.0.0.1 localhost\n")
            for name, pods in self.names.items():
                for pod in pods:
                    file.write(f"{pod.host} {name}\n")


class Pod(harness.Process):
    """One container: its process, and the address that it has until it is moved."""

    redis_port = REDIS_PORT

    def __init__(self, network, name, arguments, environment, folder, password):
        self.network = network
        self.name = name
        self.password = password
        self.host = network.next_address()
        _do("ip", "netns", "add", name)
        _do("ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
        _do("ip", "link", "set", f"to-{name}", "master", "mydis", "up")
        _do("ip", "-n", name, "link", "set", "lo", "up")
        _do("ip", "-n", name, "link", "set", "eth0", "up")
        self._have_address()
        confined = ["ip", "netns", "exec", name, "setpriv", f"--reuid={USER}", f"--regid={USER}",
                    "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
        super().__init__([*confined, BINARY, *arguments], os.path.join(folder, f"{name}.log"), environment)

    def _have_address(self):
        _do("ip", "-n", self.name, "address", "flush", "dev", "eth0")
        _do("ip", "-n", self.name, "address", "add", f"{self.host}/24", "dev", "eth0")

    def move(self):
        """Another address, as a pod has that was made anew. REQUIRES: it does not run."""
        self.host = self.network.next_address()
        self._have_address()
        self.network.write_names()

    def close(self):
        self.kill()
        _do("ip", "netns", "delete", self.name)

    def get(self, path):
        """The status of an HTTP GET; None if nobody answers."""
        connection = http.client.HTTPConnection(self.host, HTTP_PORT, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()

    def wait_for(self, path, status=200):
        if not self.alive():
            self.spawn()
        try:
            wait_until(lambda: self.get(path) == status or not self.alive(), 60, f"{path} of {self.name}")
        except TimeoutError as error:
            raise TimeoutError(f"{error}; its log ends:\n{self.log_tail()}") from None
        assert self.alive(), self.log_tail()

    def connect(self, timeout=30.0):
        client = Client(self.host, self.redis_port, timeout)
        client.call("AUTH", self.password)
        return client

    def call(self, *arguments):
        with self.connect() as client:
            return client.call(*arguments)

    def members(self):
        """The names of its cluster's voters; none while one is none yet."""
        pairs = self.call("MYDIS", "STATUS")
        fields = dict(zip(pairs[::2], pairs[1::2]))
        members = [dict(zip(member[::2], member[1::2])) for member in fields[b"members"]]
        names = sorted(member[b"instance-id"].decode() for member in members)
        return names if fields[b"voters"] == len(names) else []

    def leads(self):
        return self.call("ROLE")[0] == b"master"
