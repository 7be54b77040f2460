#!/usr/bin/python3
"""Clients that wait for keys on every instance, while instances and leaders go."""

import threading
import time

from support import ClusterTest, RespError, main, wait_until
from resp_client import Closed

NOBODY = b""


class Consumer:
    """A thread that takes one element after another; every connection is given up at its first error.

    With `keep`, elements go to the list of that name as they are taken (BLMOVE), so that nothing can be lost
    with a connection.
    """

    def __init__(self, instance, queue, keep=None, timeout=0):
        self.instance, self.queue, self.keep, self.timeout = instance, queue, keep, timeout
        self.received = []
        self.time_outs = 0
        self.ended_by = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _command(self):
        if self.keep is not None:
            return "BLMOVE", self.queue, self.keep, "LEFT", "RIGHT", self.timeout
        return "BLPOP", self.queue, f"{self.queue}:last", self.timeout

    def _run(self):
        try:
            with self.instance.connect(timeout=60) as client:
                while True:
                    reply = client.call(*self._command())
                    if reply is None:
                        self.time_outs += 1
                        continue
                    element = reply if self.keep is not None else reply[1]
                    if element == NOBODY:
                        return
                    self.received.append(element)
        except (OSError, RespError) as error:
            self.ended_by = error

    def alive(self):
        return self._thread.is_alive()

    def join(self):
        self._thread.join(60)
        assert not self._thread.is_alive(), "a consumer still waits after 60 s"


class Producer:
    """A thread that pushes elements of its own; what was acknowledged is certainly there."""

    def __init__(self, instance, queue, name):
        self.instance, self.queue, self.name = instance, queue, name
        self.acknowledged = []
        self.sent = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            with self.instance.connect(timeout=60) as client:
                while not self._stop.is_set():
                    element = f"{self.name}:{len(self.sent)}".encode()
                    self.sent.append(element)
                    client.call("RPUSH", self.queue, element)
                    self.acknowledged.append(element)
        except (OSError, RespError):
            pass

    def stop(self):
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), "a producer still waits after 60 s"


class Blocking(ClusterTest):

    def blocked(self, instance):
        return int(instance.info("clients")["blocked_clients"])

    def wait_blocked(self, instance, count):
        wait_until(lambda: self.blocked(instance) == count, 20,
                   f"{count} blocked clients on {instance.name}")

    def waiter(self, instance, *command):
        """A connection that has sent a blocking command, and waits; or, on a slow machine, has waited its time."""
        before = self.blocked(instance)
        client = self.connect(instance, timeout=60)
        client.send(*command)
        wait_until(lambda: self.blocked(instance) == before + 1 or client.unread(), 30,
                   f"{before + 1} blocked clients on {instance.name}")
        return client

    def run_queue(self, kill, keep):
        """A queue with consumers and producers everywhere, on which kill(cluster, progress) is let loose."""
        cluster = self.cluster(3)
        consumers = [Consumer(instance, "queue", f"kept:{instance.name}:{i}" if keep else None, timeout)
                     for instance in cluster for i, timeout in enumerate((0, 0, 1, 0.05))]
        producers = [Producer(instance, "queue", instance.name) for instance in cluster]

        def progress(more):
            """Waits for `more` further elements at those consumers that live."""
            before = sum(len(c.received) for c in consumers)
            wait_until(lambda: sum(len(c.received) for c in consumers) >= before + more, 60,
                       f"{more} more elements")
        progress(300)
        killed = kill(cluster, progress)
        progress(300)
        for producer in producers:
            producer.stop()
        survivor = next(i for i in cluster if i.alive())
        with survivor.connect() as client:
            wait_until(lambda: client.call("STRONG", "LLEN", "queue") == 0, 60, "an empty queue")
            for _ in range(sum(consumer.alive() for consumer in consumers)):
                client.call("RPUSH", "queue", NOBODY)
        # Those whose instance was killed have ended, the others have been sent away.
        for consumer in consumers:
            consumer.join()
            if consumer.instance not in killed:
                self.assertIsNone(consumer.ended_by, f"on {consumer.instance.name}")
        return survivor, consumers, producers, killed

    def check_received(self, consumers, producers, may_lack):
        received = [element for consumer in consumers for element in consumer.received]
        self.assertEqual(len(received), len(set(received)), "an element came twice")
        sent = {element for producer in producers for element in producer.sent}
        self.assertEqual(set(received) - sent, set(), "an element that nobody sent")
        acknowledged = {element for producer in producers for element in producer.acknowledged}
        self.assertLessEqual(len(acknowledged - set(received)), may_lack, "elements were lost")
        # One producer's elements come to one consumer in the order in which they were sent.
        for consumer in consumers:
            for producer in producers:
                numbers = [int(element.rpartition(b":")[2]) for element in consumer.received
                           if element.startswith(producer.name.encode() + b":")]
                self.assertEqual(numbers, sorted(numbers))

    def test_queue_without_disturbance(self):
        _, consumers, producers, _ = self.run_queue(lambda *_: [], keep=False)
        self.check_received(consumers, producers, may_lack=0)

    def test_queue_when_the_leader_and_a_waiting_instance_are_killed(self):
        def kill(cluster, progress):
            leader = cluster.leader()
            leader.kill()
            progress(300)
            leader.start()
            progress(300)
            follower = next(i for i in cluster.followers() if i is not leader)
            follower.kill()
            return [leader, follower]
        _, consumers, producers, killed = self.run_queue(kill, keep=False)
        # A connection that died may have taken one element with it.
        dead = sum(consumer.instance in killed for consumer in consumers)
        self.check_received(consumers, producers, may_lack=dead)

    def test_nothing_is_lost_or_doubled_when_elements_are_moved(self):
        def kill(cluster, progress):
            for _ in range(2):
                leader = cluster.leader()
                leader.kill()
                progress(200)
                leader.start()
            return list(cluster)
        survivor, consumers, producers, _ = self.run_queue(kill, keep=True)
        with survivor.connect() as client:
            moved = {c.keep: client.call("STRONG", "LRANGE", c.keep, 0, -1) for c in consumers}
        everything = [element for elements in moved.values() for element in elements if element]
        self.assertEqual(len(everything), len(set(everything)), "an element is there twice")
        acknowledged = {element for producer in producers for element in producer.acknowledged}
        self.assertEqual(acknowledged - set(everything), set(), "elements were lost")
        for consumer in consumers:
            # It got what was moved for it, but for a last one that its connection took with it.
            kept = [element for element in moved[consumer.keep] if element]
            self.assertEqual(consumer.received, kept[:len(consumer.received)])
            self.assertLessEqual(len(kept) - len(consumer.received), 1)

    def test_first_come_first_served_on_each_instance(self):
        cluster = self.cluster(3)
        one, other = cluster.followers()
        waiters = {instance: [self.waiter(instance, "BLPOP", "k", 0) for _ in range(8)]
                   for instance in (one, other)}
        with cluster.leader().connect() as client:
            # Alone and in bursts, so that the instances are too early and too late for each other.
            elements = iter(range(16))
            for burst in (1, 2, 1, 5, 3, 4):
                client.call("RPUSH", "k", *[next(elements) for _ in range(burst)])
        received = {instance: [int(w.read()[1][1][1]) for w in clients]
                    for instance, clients in waiters.items()}
        self.assertEqual(sorted(received[one] + received[other]), list(range(16)))
        for instance, numbers in received.items():
            self.assertEqual(numbers, sorted(numbers), f"out of turn on {instance.name}")

    def test_a_waiter_that_was_too_late_keeps_its_place(self):
        cluster = self.cluster(3)
        leader, (one, other) = cluster.roles()
        first = self.waiter(one, "BLPOP", "k", 0)
        second = self.waiter(one, "BLPOP", "k", 0)
        with other.connect() as thief:
            for i in range(100):
                # Often gone before the first waiter's attempt.
                thief.send("RPUSH", "k", i)
                thief.send("LPOP", "k")
                thief.read()
                thief.read()
            wait_until(lambda: thief.call("STRONG", "EXISTS", "k") == 0, 30, "an empty list")
        leader.call("RPUSH", "k", "for the first")
        got = [first.read()[1][1][1]]
        if second.unread():
            got.append(second.read()[1][1][1])
        # Who won once, and perhaps hears of it only now, tells nothing of the places.
        if not any(element.isdigit() for element in got):
            self.assertEqual(got, [b"for the first"])

    def test_time_outs_outlive_the_leader(self):
        cluster = self.cluster(3)
        leader, (follower, other) = cluster.roles()
        long = self.waiter(other, "BLPOP", "k", 0)
        started = time.monotonic()
        short = self.waiter(follower, "BLPOP", "k", 2)
        leader.kill()
        self.assertEqual(short.read(), ("*nil", None))
        self.assertGreaterEqual(time.monotonic() - started, 2)
        follower.call("RPUSH", "k", "v")
        self.assertEqual(long.read()[1][1], ("$", b"v"))

    def test_time_outs_while_there_is_no_majority(self):
        cluster = self.cluster(3)
        leader, (follower, other) = cluster.roles()
        forever = self.waiter(follower, "BRPOP", "k", 0)
        waiter = self.waiter(follower, "BRPOP", "k", 1)
        leader.kill()
        other.kill()
        self.assertEqual(waiter.read(), ("*nil", None))
        leader.start()
        leader.call("RPUSH", "k", "v")
        self.assertEqual(forever.read()[1][1], ("$", b"v"))

    def test_a_client_that_leaves_takes_nothing(self):
        cluster = self.cluster(3)
        follower, other = cluster.followers()
        for leave in ("close", "kill", "half close"):
            with self.subTest(leave):
                waiter = self.connect(follower)
                number = waiter.call("CLIENT", "ID")
                waiter.send("BLPOP", "k", 0)
                self.wait_blocked(follower, 1)
                if leave == "close":
                    waiter.close()
                elif leave == "kill":
                    self.assertEqual(follower.call("CLIENT", "KILL", "ID", number), 1)
                    waiter.wait_closed()
                else:
                    waiter.send("PING")
                    waiter.socket.shutdown(1)
                    self.assertEqual(waiter.wait_closed(), b"")
                self.wait_blocked(follower, 0)
                other.call("RPUSH", "k", leave)
                self.assertEqual(follower.call("STRONG", "LPOP", "k"), leave.encode())

    def test_unblock_or_element_but_never_both(self):
        cluster = self.cluster(3)
        follower, other = cluster.followers()
        control, pusher = self.connect(follower), self.connect(other)
        outcomes = set()
        waiter = self.connect(follower)
        number = waiter.call("CLIENT", "ID")
        for turn in range(200):
            waiter.send("BLPOP", "k", 0)
            self.wait_blocked(follower, 1)
            pusher.send("RPUSH", "k", turn)
            # Sooner or later, so that each wins at times.
            if turn % 2:
                pusher.read()
            control.send("CLIENT", "UNBLOCK", number)
            if not turn % 2:
                pusher.read()
            unblocked = control.read()
            reply = waiter.read()
            outcomes.add(unblocked)
            if unblocked == (":", b"1"):
                self.assertEqual(reply, ("*nil", None))
                self.assertEqual(control.call("STRONG", "LPOP", "k"), b"%d" % turn)
            else:
                self.assertEqual(unblocked, (":", b"0"))
                self.assertEqual(reply[1][1], ("$", b"%d" % turn))
        self.assertEqual(len(outcomes), 2, f"only {outcomes} in 200 turns")

    def test_wait_is_unblocked(self):
        cluster = self.cluster(3)
        follower, other = cluster.followers()
        waiter = self.connect(follower)
        number = waiter.call("CLIENT", "ID")
        other.pause()
        for words, answer in ((("TIMEOUT",), (":", b"1")),
                              (("ERROR",), ("-", b"UNBLOCKED client unblocked via CLIENT UNBLOCK"))):
            waiter.call("SET", "k", "v")
            waiter.call("WAIT", 1, 10000)
            waiter.send("WAIT", 2, 0)
            self.wait_blocked(follower, 1)
            self.assertEqual(follower.call("CLIENT", "UNBLOCK", number, *words), 1)
            self.assertEqual(waiter.read(), answer)
        self.assertEqual(waiter.call("PING"), b"PONG")

    def test_a_stop_closes_the_waiters_and_takes_nothing(self):
        cluster = self.cluster(3)
        follower, other = cluster.followers()
        waiters = [self.waiter(follower, "BLPOP", "k", 0) for _ in range(3)]
        follower.stop()
        for waiter in waiters:
            self.assertEqual(waiter.wait_closed(), b"")
        other.call("RPUSH", "k", "v")
        self.assertEqual(other.call("LLEN", "k"), 1)

    def test_a_stopped_instance_goes_on_waiting(self):
        cluster = self.cluster(3)
        follower, other = cluster.followers()
        waiter = self.waiter(follower, "BLPOP", "k", 0)
        follower.pause()
        other.call("RPUSH", "k", "taken")
        self.assertEqual(other.call("LPOP", "k"), b"taken")
        other.call("RPUSH", "k", "left")
        follower.resume()
        self.assertEqual(waiter.read()[1][1], ("$", b"left"))

    def test_strong_ones_do_not_hold_up_others(self):
        cluster = self.cluster(3)
        leader, (follower, other) = cluster.roles()
        strong = self.waiter(follower, "STRONG", "BLPOP", "k", 0)
        plain = self.waiter(follower, "BLPOP", "k", 0)
        other.pause()
        leader.call("RPUSH", "k", 1)
        leader.call("RPUSH", "k", 2)
        self.assertEqual(plain.read()[1][1], ("$", b"2"))
        self.assertEqual(strong.unread(), b"")
        other.resume()
        self.assertEqual(strong.read()[1][1], ("$", b"1"))

    def test_a_restored_state_serves(self):
        cluster = self.cluster(3)
        leader, (follower, other) = cluster.roles()
        waiter = self.waiter(follower, "BLPOP", "k", 0)
        follower.pause()
        leader.call("RPUSH", "k", "v")
        with leader.connect() as client:
            for _ in range(3):
                for i in range(200):
                    client.send("SET", f"fill:{i}", "x" * 100)
                for _ in range(200):
                    client.read()
                leader.snapshot()
                other.snapshot()
        follower.resume()
        self.assertEqual(waiter.read()[1][1], ("$", b"v"))

    def test_what_is_pipelined_behind_waits(self):
        cluster = self.cluster(3)
        follower, other = cluster.followers()
        client = self.connect(follower)
        for words in (("SET", "a", 1), ("BLPOP", "k", 0), ("INCR", "a"), ("GET", "a"),
                      ("BLPOP", "k", 0), ("GET", "a")):
            client.send(*words)
        self.assertEqual(client.read(), ("+", b"OK"))
        self.wait_blocked(follower, 1)
        self.assertEqual(other.call("STRONG", "GET", "a"), b"1")
        other.call("RPUSH", "k", "v")
        self.assertEqual(client.read()[1][1], ("$", b"v"))
        self.assertEqual(client.read(), (":", b"2"))
        self.assertEqual(client.read(), ("$", b"2"))
        self.wait_blocked(follower, 1)
        other.call("RPUSH", "k", "w")
        self.assertEqual(client.read()[1][1], ("$", b"w"))
        self.assertEqual(client.read(), ("$", b"2"))


if __name__ == "__main__":
    main()
