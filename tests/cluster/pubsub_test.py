#!/usr/bin/python3
"""Messages, keyspace events and invalidations on every instance, in one order, through failures."""

import threading

from support import Closed, ClusterTest, main, wait_until

END = b"the end"


class Subscriber:
    """A connection that listens in a thread of its own and keeps what it hears, up to END."""

    def __init__(self, instance, *command):
        self.name = instance.name
        self.client = instance.connect(timeout=60)
        self.heard = []
        self.error = None
        self.client.send(*command)
        for _ in command[1:]:
            self.client.read()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while True:
                kind, value = self.client.read(timeout=60)
                texts = tuple(part[1] for part in value)
                if texts[-1] == END:
                    return
                self.heard.append(texts)
        except (Closed, OSError) as error:
            self.error = error

    def join(self):
        self._thread.join(60)
        self.client.close()


class Publisher:
    """Publishes `prefix:0`, `prefix:1` … on one instance, one at a time, until it is stopped."""

    def __init__(self, instance, prefix):
        self.prefix = prefix
        self.acknowledged = 0
        self.error = None
        self._client = instance.connect(timeout=60)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while not self._stop.is_set():
                self._client.call("PUBLISH", "news", f"{self.prefix}:{self.acknowledged}")
                self.acknowledged += 1
        except Exception as error:  # noqa: BLE001: told by the test
            self.error = error

    def wait_for(self, count):
        end = self.acknowledged + count
        wait_until(lambda: self.error or self.acknowledged >= end, 60, f"{count} more messages")

    def stop(self):
        self._stop.set()
        self._thread.join(60)
        self._client.close()


class PublishSubscribe(ClusterTest):
    def listen(self, instances, *command):
        return [Subscriber(instance, *command) for instance in instances for _ in range(2)]

    def finish(self, publishers, subscribers, instance):
        for publisher in publishers:
            publisher.stop()
            self.assertIsNone(publisher.error)
        instance.call("PUBLISH", "news", END)
        for subscriber in subscribers:
            subscriber.join()
            self.assertIsNone(subscriber.error, subscriber.name)

    def check_one_order(self, publishers, subscribers):
        heard = subscribers[0].heard
        for subscriber in subscribers[1:]:
            self.assertEqual(subscriber.heard, heard, f"{subscriber.name} heard another order")
        for publisher in publishers:
            mine = [text for _, _, text in heard if text.startswith(f"{publisher.prefix}:".encode())]
            self.assertEqual(mine, [f"{publisher.prefix}:{i}".encode()
                                    for i in range(publisher.acknowledged)])

    def test_one_order_for_all_while_the_leader_dies(self):
        cluster = self.cluster()
        leader, survivors = cluster.roles()
        subscribers = self.listen(survivors, "SUBSCRIBE", "news")
        doomed = Subscriber(leader, "SUBSCRIBE", "news")
        publishers = [Publisher(survivors[i % 2], f"p{i}") for i in range(4)]
        for publisher in publishers:
            publisher.wait_for(50)
        leader.kill()
        for publisher in publishers:
            publisher.wait_for(50)
        self.finish(publishers, subscribers, survivors[0])
        self.check_one_order(publishers, subscribers)
        doomed.join()
        self.assertEqual(doomed.heard, subscribers[0].heard[:len(doomed.heard)])

    def test_an_instance_that_starts_again_tells_nothing_old(self):
        cluster = self.cluster()
        follower, other = cluster.followers()
        publisher = Publisher(other, "old")
        publisher.wait_for(50)
        follower.kill()
        publisher.wait_for(50)
        publisher.stop()
        follower.start()
        wait_until(lambda: follower.call("PUBSUB", "NUMPAT") == 0, 30, "an answer")
        subscriber = Subscriber(follower, "SUBSCRIBE", "news")
        fresh = Publisher(other, "new")
        fresh.wait_for(20)
        self.finish([fresh], [subscriber], other)
        self.check_one_order([fresh], [subscriber])

    def test_events_on_every_instance(self):
        cluster = self.cluster()
        instances = list(cluster)
        instances[1].call("CONFIG", "SET", "notify-keyspace-events", "KEA")
        # The setting is everywhere: a strong read sees it.
        subscribers = self.listen(instances, "PSUBSCRIBE", "__key*", "news")
        for i, instance in enumerate(instances):
            instance.call("SET", f"k{i}", "v", "PX", "1")
            instance.call("MSET", "a", i, "b", i)
            instance.call("DEL", "a")
        wait_until(lambda: instances[0].call("STRONG", "EXISTS", "k0", "k1", "k2") == 0, 10,
                   "the keys to expire")
        self.finish([], subscribers, instances[2])
        heard = subscribers[0].heard
        for subscriber in subscribers[1:]:
            self.assertEqual(subscriber.heard, heard, subscriber.name)
        events = [(channel, text) for _, _, channel, text in heard]
        for i in range(3):
            self.assertIn((b"__keyspace@0__:k%d" % i, b"set"), events)
            self.assertIn((b"__keyspace@0__:k%d" % i, b"expired"), events)
        self.assertEqual(events.count((b"__keyevent@0__:del", b"a")), 3)

    def test_caches_at_followers(self):
        cluster = self.cluster()
        reader, writer = cluster.followers()
        with reader.connect() as cache, writer.connect() as other:
            cache.send("HELLO", "3")
            cache.read()
            cache.call("CLIENT", "TRACKING", "ON")
            for i in range(200):
                cache.send("GET", "k")
                cache.read()
                other.call("SET", "k", i)
                kind, value = cache.read()
                self.assertEqual((kind, value[0][1]), (">", b"invalidate"))
                # What has invalidated it can be seen.
                cache.send("GET", "k")
                self.assertEqual(cache.read(), ("$", str(i).encode()))
                other.call("DEL", "k")
                self.assertEqual(cache.read()[0], ">")

    def test_a_subscriber_sees_the_writes_before_a_message(self):
        cluster = self.cluster()
        reader, writer = cluster.followers()
        with reader.connect() as listener, writer.connect() as other:
            listener.send("HELLO", "3")
            listener.read()
            listener.send("SUBSCRIBE", "news")
            listener.read()
            for i in range(300):
                other.send("SET", "k", i)
                other.send("PUBLISH", "news", i)
                other.read(), other.read()
                self.assertEqual(listener.read()[1][2], ("$", str(i).encode()))
                listener.send("GET", "k")
                self.assertGreaterEqual(int(listener.read()[1]), i)

    def test_a_slow_subscriber_is_closed(self):
        cluster = self.cluster(1)
        instance = cluster[0]
        instance.call("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0")
        slow = self.connect(instance)
        slow.send("SUBSCRIBE", "news")
        slow.read()
        quick = Subscriber(instance, "SUBSCRIBE", "news")
        message = b"x" * 100_000
        sent = 0
        while instance.call("PUBSUB", "NUMSUB", "news")[1] == 2:
            instance.call("PUBLISH", "news", message)
            sent += 1
            wait_until(lambda: len(quick.heard) == sent or quick.error, 30, "the quick one to have it")
            self.assertLess(sent, 500, "50 MB are unread, and nothing happens")
        self.finish([], [quick], instance)
        self.assertEqual(len(quick.heard), sent)
        # What was on its way, and then the end.
        with self.assertRaises((Closed, OSError)):
            while True:
                slow.read()


if __name__ == "__main__":
    main()
