"""What goes over the wire between instances: TCP proxies that record it, or slow it down."""

import socket
import threading
import time


class _Proxy:
    """Passes connections to `address`:port on to 127.0.0.1:port.

    An instance that advertises `address` (another one of the loopback network) is reached by the
    others through it.
    """

    def __init__(self, address, ports):
        self.address = address
        self._lock = threading.Lock()
        self._sockets = []
        for port in ports:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.prepare(listener)
            listener.bind((address, port))
            listener.listen()
            self._sockets.append(listener)
            threading.Thread(target=self._accept, args=(listener, port), daemon=True).start()

    def prepare(self, listener):
        """Called before it listens."""

    def connected(self):
        """Called for a new connection: two functions that see what the client and the server send."""
        raise NotImplementedError

    def close(self):
        for each in self._sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def _accept(self, listener, port):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", port))
            except OSError:
                client.close()
                continue
            sent, answered = self.connected()
            with self._lock:
                self._sockets += [client, server]
            for source, target, see in ((client, server, sent), (server, client, answered)):
                threading.Thread(target=self._pass_on, args=(source, target, see), daemon=True).start()

    @staticmethod
    def _pass_on(source, target, see):
        try:
            while data := source.recv(65536):
                see(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for each in (source, target):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class Wiretap(_Proxy):
    """Keeps every byte of both ways."""

    def __init__(self, address, ports):
        self._connections = []  # Of each [from the client, from the server].
        super().__init__(address, ports)

    def connected(self):
        record = [bytearray(), bytearray()]
        with self._lock:
            self._connections.append(record)

        def into(kept):
            def keep(data):
                with self._lock:
                    kept.extend(data)
            return keep
        return into(record[0]), into(record[1])

    def connections(self):
        """[(what the client has sent, what the server has sent), ...]"""
        with self._lock:
            return [(bytes(sent), bytes(answered)) for sent, answered in self._connections]

    def recorded(self):
        return b"\n".join(sent + b"\n" + answered for sent, answered in self.connections())


class SlowWire(_Proxy):
    """Each connection passes `rate` bytes a second; `passed` counts those of all."""

    def __init__(self, address, ports, rate):
        self.rate = rate
        self.passed = 0
        super().__init__(address, ports)

    def prepare(self, listener):
        # What waits here would else be on its way already, as the sender sees it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)

    def connected(self):
        def see(data):
            with self._lock:
                self.passed += len(data)
            time.sleep(len(data) / self.rate)
        return see, see


def put_between(cluster, network, make):
    """Has the instances of a cluster that is not started yet reach each other through make(address, ports) each.

    `network` is the third number of their addresses, another one for each test of a process.
    """
    proxies = []
    for number, instance in enumerate(cluster, 1):
        address = f"127.0.{network}.{number}"
        proxies.append(make(address, (instance.raft_port, instance.raft_port + 1)))
        instance.arguments += ["--advertise-address", address]
    seeds = ",".join(f"{proxy.address}:{instance.raft_port}" for proxy, instance in zip(proxies, cluster))
    for instance in cluster:
        instance.arguments[instance.arguments.index("--join") + 1] = seeds
    return proxies
