#!/usr/bin/python3
"""A value that takes the network longer than followers wait for their leader: nobody is elected, nothing sent twice."""

import os
import threading

from support import ClusterTest, main, wait_until
from wire import SlowWire, put_between

_MEGABYTE = 1 << 20
_RATE = 6 * _MEGABYTE
_SIZE = 30 * _MEGABYTE  # Five seconds on each connection; a follower waits one or two.


class SlowNetwork(ClusterTest):
    def setUp(self):
        super().setUp()
        self.three = self.cluster(start=False, options=("--raft-timeout", "120s"))
        self.wires = put_between(self.three, 3, lambda *where: SlowWire(*where, _RATE))
        for wire in self.wires:
            self.addCleanup(wire.close)
        self.three.start()
        self.leader = self.three.leader()

    def passed(self):
        return sum(wire.passed for wire in self.wires)

    def writes_behind(self, instance, stop):
        """INCRs of another client until `stop`; how many were answered."""
        with instance.connect(timeout=120.0) as client:
            count = 0
            while not stop.is_set():
                count += 1
                self.assertEqual(client.call("INCR", "counter"), count)
            return count

    def write(self, instance):
        """SETs a large value there while another client writes; how often the value went over the wire."""
        term, before = self.leader.info("mydis")["raft_term"], self.passed()
        value = os.urandom(_SIZE)
        stop, counts = threading.Event(), []
        self.leader.call("DEL", "counter")
        others = threading.Thread(target=lambda: counts.append(self.writes_behind(self.leader, stop)))
        others.start()
        try:
            self.assertEqual(instance.call("SET", "large", value, timeout=120.0), b"OK")
            for each in self.three:
                wait_until(lambda i=each: i.call("GET", "large", timeout=120.0) == value, 60, f"{each.name} to have it")
        finally:
            stop.set()
            others.join(60)
        self.assertEqual(counts, [int(self.leader.call("GET", "counter"))])
        self.assertEqual(self.leader.info("mydis")["raft_term"], term, "another leader was elected")
        return (self.passed() - before) / _SIZE

    def test_at_the_leader(self):
        self.assertLess(self.write(self.leader), 2.5)

    def test_at_a_follower(self):
        self.assertLess(self.write(self.three.followers()[0]), 3.5)


if __name__ == "__main__":
    main()
