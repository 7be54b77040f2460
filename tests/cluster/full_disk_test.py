#!/usr/bin/python3
"""An instance whose disk has no room says so to everybody who writes, loses nothing, and goes on when there is some."""

import os
import socket

from support import BINARY, ClusterTest, IncrLoad, RespError, encode, harness, main, wait_until

_ROOM = 160  # Megabytes: some segments of the log.
_VALUE = b"x" * 50_000

# The program, with a small disk of its own at the place of its data.
_WRAPPER = """#!/bin/sh
for word; do
  case "$before" in --data-dir) folder=$word;; esac
  before=$word
done
mkdir -p "$folder"
exec unshare {user} --mount sh -c 'mount -t tmpfs -o size={room}m none "$0" && exec {program} "$@"' "$folder" "$@"
"""


class FullDisk(ClusterTest):
    def small(self):
        path = os.path.join(self.folder(), "mydis")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o755), "w") as file:
            file.write(_WRAPPER.format(user="" if os.geteuid() == 0 else "--map-root-user", room=_ROOM,
                                       program=os.path.abspath(BINARY)))
        return path

    def on_disk(self, instance, name):
        return f"/proc/{instance.pid}/root{instance.data_dir}/{name}"

    def fill_up(self, instance):
        """Somebody else's file takes all the room that there is."""
        with open(self.on_disk(instance, "somebody-elses"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 65536)
            except OSError:
                pass

    def empty(self, instance):
        os.remove(self.on_disk(instance, "somebody-elses"))

    def test_each_write_of_a_pipeline_is_answered(self):
        instance = harness.Instance(self.folder(), binary=self.small())
        self.addCleanup(instance.kill)
        instance.start()
        sent = 5000  # More than there is room for.
        with socket.create_connection(("127.0.0.1", instance.redis_port)) as pipe:
            pipe.settimeout(60)
            answers = pipe.makefile("rb")
            replies = []
            for begin in range(0, sent, 250):
                pipe.sendall(b"".join(encode(["SET", f"k{begin + i}", _VALUE]) for i in range(250)))
                replies += [answers.readline() for _ in range(250)]
        refused = [reply for reply in replies if reply != b"+OK\r\n"]
        self.assertGreater(len(refused), 100)
        self.assertGreater(len(replies) - len(refused), 100)
        for reply in refused:
            self.assertRegex(reply, b"^-(DISKFULL|UNKNOWN) ")
        # What is in doubt is what was under way at that moment.
        self.assertLess(sum(reply.startswith(b"-UNKNOWN") for reply in refused), 50)
        for i, reply in enumerate(replies):
            if reply == b"+OK\r\n":
                self.assertEqual(instance.call("STRLEN", f"k{i}"), len(_VALUE))

    def test_goes_on_when_there_is_room(self):
        instance = harness.Instance(self.folder(), binary=self.small())
        self.addCleanup(instance.kill)
        instance.start()
        self.fill_up(instance)
        client = self.connect(instance)

        def refused():
            return isinstance(self.attempt(client, "SET", "a", _VALUE), str)
        wait_until(refused, 60, "a write to be refused")
        self.assertEqual(client.call("PING"), b"PONG")
        self.empty(instance)
        wait_until(lambda: not refused(), 30, "writes to go on")

    def attempt(self, client, *words):
        try:
            return client.call(*words)
        except RespError as error:
            self.assertRegex(str(error), "^(DISKFULL|UNKNOWN) ")
            return str(error)

    def test_somebody_with_room_leads(self):
        cluster = self.cluster(start=False)
        small = cluster[0]
        small.arguments[0] = self.small()
        cluster.start()

        def leads():
            if cluster.leader() is not small:
                cluster[1].cli("cluster", "transfer", small.name)
            return cluster.leader() is small
        wait_until(leads, 60, "the small one to lead")
        with IncrLoad(cluster[1]) as load:
            load.wait_for(100)
            self.fill_up(small)
            with cluster[2].connect(timeout=60.0) as client:
                for i in range(2000):
                    self.assertEqual(client.call("SET", f"k{i % 100}", _VALUE), b"OK")
            load.wait_for(100)
        self.assertEqual(load.errors, [])
        self.assertIsNot(cluster.leader(), small)
        self.empty(small)
        cluster.wait_equal()
        self.assertEqual(self.counters(small, load), load.acknowledged)


if __name__ == "__main__":
    main()
