#!/usr/bin/python3
"""Values of hundreds of megabytes over HTTP: their bytes, and the memory that they take on their way."""

import os
import re
import socket

from http_client import HttpClient
from support import BINARY, SANITIZED, ClusterTest, harness, main, wait_until

_MEGABYTE = 1 << 20
_SIZE = 200 * _MEGABYTE
_PATH = "/v1/keys/large"
# No byte order, no length of a piece and no part of the value is like another.
_VALUE = os.urandom(_SIZE)
# What the kernel holds of both sides' sockets, and all that is not the value.
_ASIDE = 48 * _MEGABYTE


def memory(instance, field):
    with open(f"/proc/{instance.pid}/status") as file:
        return int(re.search(field + r":\s+(\d+) kB", file.read()).group(1)) * 1024


def peak_of(instance, action):
    """The largest size in memory while the action runs."""
    with open(f"/proc/{instance.pid}/clear_refs", "w") as file:
        file.write("5")  # The peak begins anew.
    action()
    return memory(instance, "VmHWM")


class LargeValues(ClusterTest):
    """All at a follower of three, which has been started anew and holds the value and little else."""

    @classmethod
    def setUpClass(cls):
        # The disk, and not this test, says how long so large a write takes.
        cls.shared = harness.Cluster(3, ("--raft-timeout", "120s"), binary=BINARY)
        cls.follower = cls.shared.followers()[0]
        with HttpClient(cls.follower.http_port, timeout=120.0) as client:
            put = client.put(_PATH, _VALUE)
            assert put.status == 201, put
            cls.follower.stop()
            cls.follower.start()
        with HttpClient(cls.follower.http_port, timeout=120.0) as client:
            wait_until(lambda: client.call("HEAD", _PATH).status == 200, 60, "the value to be there")
            # What reading the log took goes back to the system some seconds after it was freed.
            wait_until(lambda: client.call("HEAD", _PATH) and (
                SANITIZED or memory(cls.follower, "VmRSS") < _SIZE + _ASIDE), 60, "the memory of the start to be given back")
        cls.settled = memory(cls.follower, "VmRSS")

    @classmethod
    def tearDownClass(cls):
        cls.shared.close()

    def setUp(self):
        super().setUp()
        self.client = self.http()

    def http(self, **options):
        client = HttpClient(self.follower.http_port, timeout=120.0, **options)
        self.addCleanup(client.close)
        return client

    def read_value(self, query=""):
        response = self.client.get(_PATH + query)
        self.assertEqual(response.status, 200)
        self.assertTrue(response.body == _VALUE, "other bytes")  # assertEqual would print them.

    def grown_by(self, action, name):
        """How much more memory than the value itself there was at most."""
        grown = peak_of(self.follower, action) - self.settled
        print(f"{name}: {grown >> 20} MB", flush=True)
        return grown

    def test_1_reading_costs_what_a_redis_client_costs(self):
        self.assert_takes_less(self.grown_by(lambda: self.client.call("HEAD", _PATH), "HEAD"), _ASIDE)
        http = self.grown_by(self.read_value, "HTTP")
        strong = self.grown_by(lambda: self.read_value("?consistency=strong"), "HTTP, strong")
        with self.follower.connect(timeout=120.0) as client:
            redis = self.grown_by(lambda: client.call("GET", "large"), "RESP")
        self.assert_takes_less(http, redis + _ASIDE)
        self.assert_takes_less(strong, redis + _ASIDE)
        self.assert_takes_less(http, 1.5 * _SIZE)

    def test_2_a_slow_reader_holds_one_copy_and_nobody_else(self):
        slow = self.http()
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)

        def read_slowly():
            slow.send("GET", _PATH)
            head = slow.file.readline()
            self.assertEqual(head.split()[1], b"200")
            # While it does not read on, others are served as ever.
            for i in range(100):
                self.assertEqual(self.client.put(f"/v1/keys/k{i}", b"x" * 10_000).status, 201)
                self.assertEqual(self.client.get(f"/v1/keys/k{i}").body, b"x" * 10_000)
        self.assert_takes_less(self.grown_by(read_slowly, "slow reader"), 1.5 * _SIZE)
        while slow.file.readline() != b"\r\n":
            pass
        self.assertTrue(slow.file.read(_SIZE) == _VALUE, "other bytes")
        # The connection goes on.
        slow.send("HEAD", _PATH)
        self.assertEqual(slow.read(head_only=True).headers["content-length"], str(_SIZE))

    def test_3_a_reader_that_leaves_in_the_middle(self):
        for _ in range(5):
            gone = self.http()
            gone.send("GET", _PATH)
            self.assertEqual(gone.file.readline().split()[1], b"200")
            gone.close()
        # A half-closed one has all of it.
        half = self.http()
        half.send("GET", _PATH)
        half.socket.shutdown(socket.SHUT_WR)
        self.assertTrue(half.read().body == _VALUE, "other bytes")
        self.assertTrue(half.ended())

    def test_4_chunks_of_all_sizes(self):
        def put_in_chunks():
            self.client.send_raw(f"PUT {_PATH} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
            at, size = 0, 1
            while at < _SIZE:
                piece = _VALUE[at:at + size]
                self.client.send_raw(b"%x\r\n%b\r\n" % (len(piece), piece))
                at += size
                size = size * 3 % 5_000_011
            self.client.send_raw(b"0\r\n\r\n")
            self.assertEqual(self.client.read().status, 204)
        # What a write takes in any way: the body, the entry of the log, and the old value until then.
        self.assert_takes_less(self.grown_by(put_in_chunks, "PUT in chunks"), 5 * _SIZE)
        self.read_value()

    def test_3_a_condition_that_does_not_hold_leaves_the_connection_good(self):
        etag = self.client.call("HEAD", _PATH).etag
        self.assertEqual(self.client.get(_PATH, If_None_Match=etag).status, 304)
        self.assertEqual(self.client.get(_PATH, If_Match='"999999999"').status, 412)
        self.client.send("GET", _PATH)
        self.client.send("GET", "/v1/keys/none")
        self.assertTrue(self.client.read().body == _VALUE, "other bytes")
        self.assertEqual(self.client.read().status, 404)


if __name__ == "__main__":
    main()
