#!/usr/bin/python3
"""What DUMP gives on one server, RESTORE takes on the other: redis-server and Mydis, both ways."""

import random
import struct

from support import BINARY, ClusterTest, harness, main

_POLYNOMIAL = 0x95ac9329ac4bc9b5
_TABLE = []
for _byte in range(256):
    for _ in range(8):
        _byte = (_byte >> 1) ^ (_POLYNOMIAL if _byte & 1 else 0)
    _TABLE.append(_byte)

# Types that redis-server knows since 7.2: sets in listpacks, streams with active times.
_NEW_TYPES = (20, 21)


def crc64(data):
    crc = 0
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xff]
    return crc


def with_version(payload, version):
    body = payload[:-10] + struct.pack("<H", version)
    return body + struct.pack("<Q", crc64(body))


def text(rng):
    kind = rng.randrange(5)
    if kind == 0:
        return str(rng.choice([0, 1, -1, 127, 128, -129, 40000, -8388608, 2**31, -2**63, 2**63]))
    if kind == 1:
        return "word" * rng.randrange(60)
    if kind == 2:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(30)))
    return f"element {rng.randrange(10**6)}"


def texts(rng, count):
    found = {}
    while len(found) < count:
        word = text(rng)
        found[word if isinstance(word, bytes) else word.encode()] = None
    return list(found)


def fill(rng, key, kind, size):
    """Commands that make a value, and those that show it."""
    words = texts(rng, size)
    if kind == "string":
        return [("SET", key, rng.choice([text(rng), "x" * 5000]))], [("GET", key)]
    if kind == "list":
        return [("RPUSH", key, *words)], [("LRANGE", key, 0, -1)]
    if kind == "set":
        return [("SADD", key, *words)], [("SCARD", key), ("SORT", key, "ALPHA")]
    if kind == "integers":
        numbers = [rng.randrange(-10**rng.randrange(1, 18), 10**6) for _ in range(size)]
        return [("SADD", key, *numbers)], [("SCARD", key), ("SORT", key)]
    if kind == "zset":
        pairs = [x for w in words for x in (rng.choice([1, -2.5, "inf", 0.125]), w)]
        return [("ZADD", key, *pairs)], [("ZRANGE", key, 0, -1, "WITHSCORES")]
    if kind == "hash":
        pairs = [x for w in words for x in (w, text(rng))]
        return [("HSET", key, *pairs)], [("HLEN", key), ("HMGET", key, *words)]
    make = []
    for i, word in enumerate(words):
        fields = rng.choice([("f",), ("f", "g"), ("h", str(i))])
        make.append(("XADD", key, f"{i + 1}-{i % 3}", *[x for f in fields for x in (f, word)]))
    make += [("XDEL", key, "2-1"), ("XGROUP", "CREATE", key, "g", "0"),
             ("XREADGROUP", "GROUP", "g", "a", "COUNT", size // 2 + 1, "STREAMS", key, ">"),
             ("XREADGROUP", "GROUP", "g", "b", "COUNT", 2, "STREAMS", key, ">"),
             ("XACK", key, "g", "3-2"), ("XGROUP", "CREATE", key, "idle", "$")]
    return make, [("XRANGE", key, "-", "+"), ("XINFO", "STREAM", key), ("XINFO", "GROUPS", key),
                  ("XPENDING", key, "g"), ("XREADGROUP", "GROUP", "g", "b", "STREAMS", key, "0")]


def sorted_if_set(replies, kind):
    return replies if kind != "set" else [replies[0], sorted(replies[1])]


class Payloads(ClusterTest):
    KINDS = {"string": "SET", "list": "RPUSH", "set": "SADD", "integers": "SADD", "zset": "ZADD",
             "hash": "HSET", "stream": "XADD"}

    def carry(self, source, target, key, make, show, kind, new_types):
        for words in make:
            source.call(*words)
        payload = source.call("DUMP", key)
        if payload[0] in _NEW_TYPES and not new_types:
            return False
        if not new_types:
            payload = with_version(payload, 10)
        self.assertEqual(target.call("RESTORE", key, 0, payload, "REPLACE"), b"OK")
        expected = sorted_if_set([source.call(*words) for words in show], kind)
        self.assertEqual(sorted_if_set([target.call(*words) for words in show], kind), expected)
        if new_types:  # Older ones call all lists quicklists.
            self.assertEqual(target.call("OBJECT", "ENCODING", key),
                             source.call("OBJECT", "ENCODING", key))
        return True

    def test_both_ways(self):
        rng = random.Random(7)
        folder = self.folder()
        carried = 0
        with harness.RedisServer(folder).start() as redis, \
                harness.Instance(folder, binary=BINARY).start() as mydis:
            version = redis.info("server")["redis_version"]
            new_types = tuple(map(int, version.split(".")[:2])) >= (7, 2)
            for kind, command in self.KINDS.items():
                if mydis.call("COMMAND", "INFO", command) == [None]:
                    continue
                for size in [1, 2, 10, 130, 700]:
                    for way in range(2):
                        key = f"{kind} {size} {way}"
                        make, show = fill(rng, key, kind, size)
                        ends = [redis, mydis] if way == 0 else [mydis, redis]
                        with self.subTest(key=key):
                            carried += self.carry(*ends, key, make, show, kind, new_types)
        self.assertGreater(carried, 30)


if __name__ == "__main__":
    main()
