#!/usr/bin/python3
"""Random pipelines through a follower give, byte for byte, the replies that redis-server gives.

    tests/cluster/pipeline_test.py                     the seeds below
    PIPELINE_SEED=17 tests/cluster/pipeline_test.py    one seed, to see a failure again
"""

import os
import random
import threading

from support import ClusterTest, harness, main
from resp_client import encode

_SEEDS = [1, 2, 3, 4, 5, 6]
_COMMANDS = 10000
_END = b"$17\r\nend of the stream\r\n"
_KEYS = [f"k{i}" for i in range(12)] + ["n1", "n2", "n3", "bits", "a key with spaces", "\r\n"]
_VALUES = ["", "0", "7", "-12", "3.5", "text", "9223372036854775807", "x" * 300, "y" * 5000, "\0\r\n"]


def _plain(rng):
    """A command that reads, writes, or is wrong, without a reply that depends on the server."""
    def key():
        return rng.choice(_KEYS)

    def value():
        return rng.choice(_VALUES)

    def small():
        return rng.randrange(-20, 40)

    return rng.choice([
        lambda: ["SET", key(), value()],
        lambda: ["SET", key(), value(), rng.choice(["NX", "XX", "GET", "KEEPTTL", "EX", "BAD"])],
        lambda: ["SET", key(), value(), "EX", "1000", "GET"],
        lambda: ["GET", key()],
        lambda: ["GET", key()],
        lambda: ["INCR", key()],
        lambda: ["INCR", rng.choice(["n1", "n2", "n3"])],
        lambda: ["INCRBY", key(), small()],
        lambda: ["DECR", key()],
        lambda: ["INCRBYFLOAT", rng.choice(["n1", "n2"]), "0.25"],
        lambda: ["APPEND", key(), rng.choice(["a", "", "tail"])],
        lambda: ["SETRANGE", key(), rng.randrange(0, 30), "mid"],
        lambda: ["GETRANGE", key(), small(), small()],
        lambda: ["STRLEN", key()],
        lambda: ["MSET", key(), value(), key(), value()],
        lambda: ["MSETNX", key(), value(), "new:%d" % rng.randrange(50), value()],
        lambda: ["MGET", key(), key(), "none"],
        lambda: ["GETSET", key(), value()],
        lambda: ["GETDEL", key()],
        lambda: ["DEL", key(), key()],
        lambda: ["EXISTS", key(), key()],
        lambda: ["TYPE", key()],
        lambda: ["EXPIRE", key(), "100000"],
        lambda: ["PERSIST", key()],
        lambda: ["RENAME", key(), key()],
        lambda: ["COPY", key(), key(), "DB", rng.randrange(0, 3)],
        lambda: ["MOVE", key(), rng.randrange(0, 3)],
        lambda: ["DBSIZE"],
        lambda: ["SETBIT", "bits", rng.randrange(0, 200), rng.randrange(0, 2)],
        lambda: ["GETBIT", key(), rng.randrange(0, 200)],
        lambda: ["BITCOUNT", key()],
        lambda: ["BITFIELD", "bits", "INCRBY", "u5", rng.randrange(0, 50), "1", "GET", "u8", "0"],
        lambda: ["BITOP", rng.choice(["AND", "OR", "XOR"]), "bits", key(), key()],
        lambda: ["PING"],
        lambda: ["PING", value()],
        lambda: ["ECHO", value()],
        lambda: ["SELECT", rng.randrange(0, 3)],
        lambda: ["SELECT", rng.choice(["16", "-1", "x"])],
        lambda: ["CLIENT", "SETNAME", rng.choice(["ada", "bob", "with space"])],
        lambda: ["CLIENT", "GETNAME"],
        lambda: ["NOSUCHCOMMAND", "a", "b"],
        lambda: ["GET"],
        lambda: ["SET", key()],
        lambda: ["OBJECT", "ENCODING", "none"],
        lambda: ["FLUSHDB"] if rng.random() < 0.1 else ["GET", key()],
        lambda: ["COMMAND", "GETKEYS", "MSET", "a", "1", "b", "2"],
        lambda: ["WAIT", "0", "0"],
    ])()


def _transaction(rng):
    commands = []
    if rng.random() < 0.4:
        commands.append(["WATCH", rng.choice(_KEYS), rng.choice(_KEYS)])
        if rng.random() < 0.5:
            commands.append(_plain(rng))
    commands.append(["MULTI"])
    commands += [_plain(rng) for _ in range(rng.randrange(0, 8))]
    if rng.random() < 0.1:
        commands.append(rng.choice([["MULTI"], ["WATCH", "k1"], ["UNWATCH"]]))
    commands.append(["DISCARD"] if rng.random() < 0.15 else ["EXEC"])
    return commands


def _stream(rng, count):
    """Commands of one pipeline, as a list of byte strings."""
    commands = []
    while len(commands) < count:
        chance = rng.random()
        if chance < 0.9:
            # Stretches of one kind and stretches of all kinds.
            commands += [_plain(rng) for _ in range(rng.randrange(1, 20))]
        elif chance < 0.97:
            commands += _transaction(rng)
        elif chance < 0.98:
            commands += [["CLIENT", "REPLY", "SKIP"], _plain(rng), _plain(rng)]
        elif chance < 0.99:
            commands += [["CLIENT", "REPLY", "OFF"], *[_plain(rng) for _ in range(rng.randrange(6))],
                         ["CLIENT", "REPLY", "ON"]]
        elif chance < 0.995:
            commands += [["EXEC"], ["DISCARD"], ["UNWATCH"]]
        else:
            commands += [["RESET"]]
    commands += [["CLIENT", "REPLY", "ON"], ["DISCARD"], ["ECHO", "end of the stream"]]
    return [encode(words) for words in commands]


def _pieces(rng, data):
    """The stream cut at random points, mostly into few large pieces, sometimes into many tiny ones."""
    at = 0
    while at < len(data):
        size = rng.choice([1, 7, 100, 4000, 20000, 100000, 1 << 20])
        yield data[at:at + size]
        at += size


def _converse(server, data, seed, resp3):
    """Everything that the server answers to `data`, sent while reading."""
    with server.connect(timeout=120) as client:
        if resp3:
            client.call("HELLO", "3")
        rng = random.Random(seed)

        def send():
            for piece in _pieces(rng, data):
                client.send_bytes(piece)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        answer = bytearray()
        while not answer.endswith(_END):
            part = client.socket.recv(1 << 18)
            if not part:
                raise AssertionError(f"closed after {len(answer)} bytes, which end {answer[-200:]}")
            answer += part
        sender.join(60)
        return bytes(answer)


class Pipelines(ClusterTest):
    def compare(self, seeds, server, oracle, resp3=False):
        for seed in seeds:
            rng = random.Random(seed)
            data = b"".join(_stream(rng, _COMMANDS))
            answers = []
            for instance in (oracle, server):
                instance.call("FLUSHALL")
                answers.append(_converse(instance, data, seed, resp3))
            wanted, given = answers
            if wanted != given:
                at = next((i for i, (a, b) in enumerate(zip(wanted, given)) if a != b),
                          min(len(wanted), len(given)))
                self.fail(f"PIPELINE_SEED={seed}: the replies differ from byte {at} on\n"
                          f"both:  …{wanted[max(0, at - 400):at]!r}\n"
                          f"redis: {wanted[at:at + 200]!r}\nmydis: {given[at:at + 200]!r}")

    def oracle(self):
        server = harness.RedisServer(self.folder())
        self.addCleanup(server.kill)
        return server.start()

    def seeds(self):
        one = os.environ.get("PIPELINE_SEED")
        return [int(one)] if one else _SEEDS

    def test_through_a_follower(self):
        follower = self.cluster().followers()[0]
        oracle = self.oracle()
        self.compare(self.seeds(), follower, oracle)
        self.compare(self.seeds()[:2], follower, oracle, resp3=True)


if __name__ == "__main__":
    main()
