"""What goes over the wire between instances, as whoever sits on it sees it: a TCP proxy that records."""

import socket
import threading


class Wiretap:
    """Passes connections to `address`:port on to 127.0.0.1:port, and keeps every byte of both ways.

    An instance that advertises `address` (another one of the loopback network) is reached by the
    others through it.
    """

    def __init__(self, address, ports):
        self.address = address
        self._lock = threading.Lock()
        self._connections = []  # Of each [from the client, from the server].
        self._sockets = []
        for port in ports:
            listener = socket.create_server((address, port))
            self._sockets.append(listener)
            threading.Thread(target=self._accept, args=(listener, port), daemon=True).start()

    def connections(self):
        """[(what the client has sent, what the server has sent), ...]"""
        with self._lock:
            return [(bytes(sent), bytes(answered)) for sent, answered in self._connections]

    def recorded(self):
        return b"\n".join(sent + b"\n" + answered for sent, answered in self.connections())

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
            record = [bytearray(), bytearray()]
            with self._lock:
                self._connections.append(record)
                self._sockets += [client, server]
            for source, target, into in ((client, server, record[0]), (server, client, record[1])):
                threading.Thread(target=self._pass_on, args=(source, target, into), daemon=True).start()

    def _pass_on(self, source, target, into):
        try:
            while data := source.recv(65536):
                with self._lock:
                    into.extend(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for each in (source, target):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
