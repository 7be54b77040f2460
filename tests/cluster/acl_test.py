#!/usr/bin/python3
"""Users on a cluster: made at one instance, used at any other at once, and kept."""

import os
import subprocess

from support import ClusterTest, Closed, RespError, main, wait_until


class Acl(ClusterTest):
    def log_in(self, instance, user, password):
        client = self.connect(instance)
        self.assertEqual(client.call("AUTH", user, password), b"OK")
        return client

    def test_a_user_made_at_one_follower_logs_in_at_another_at_once(self):
        cluster = self.cluster()
        makers = [self.connect(instance) for instance in cluster]
        for i in range(30):
            maker, user = makers[i % 3], cluster[(i + 1) % 3]
            maker.call("ACL", "SETUSER", f"user{i}", "on", ">secret", "~app:*", "+@all")
            client = self.log_in(user, f"user{i}", "secret")
            self.assertEqual(client.call("SET", "app:x", i), b"OK")
            self.assertRegex(str(client.try_call("SET", "other", i)), "^NOPERM")
            error = self.connect(user).try_call("AUTH", f"user{i}", "wrong")
            self.assertRegex(str(error), "^WRONGPASS")

    def test_a_new_password_of_default_is_asked_for_everywhere_at_once(self):
        cluster = self.cluster()
        admin = self.connect(cluster[0])
        admin.call("STRONG", "CONFIG", "SET", "requirepass", "secret")
        for instance in cluster:
            with instance.connect() as client:
                self.assertRegex(str(client.try_call("GET", "k")), "^NOAUTH")
                self.assertEqual(client.call("AUTH", "secret"), b"OK")
                self.assertEqual(client.call("GET", "k"), None)
        admin.call("CONFIG", "SET", "requirepass", "")

    def test_removed_users_are_disconnected_everywhere(self):
        cluster = self.cluster()
        admin = self.connect(cluster.followers()[0])
        admin.call("ACL", "SETUSER", "ada", "on", ">pw", "+@all", "~*", "&news")
        clients = [self.log_in(instance, "ada", "pw") for instance in cluster]
        subscribers = [self.log_in(instance, "ada", "pw") for instance in cluster]
        for subscriber in subscribers:
            subscriber.call("SUBSCRIBE", "news")
        admin.call("ACL", "SETUSER", "ada", "resetchannels")
        for subscriber in subscribers:
            with self.assertRaises(Closed):
                subscriber.read()
        for client in clients:
            self.assertEqual(client.call("PING"), b"PONG")
        # One of the same name made at once afterwards is another user.
        admin.call("ACL", "DELUSER", "ada")
        admin.call("ACL", "SETUSER", "ada", "on", ">pw", "+@all", "~*")
        for client in clients:
            self.wait_refused(client)

    def test_users_survive_a_new_leader_restarts_and_snapshots(self):
        cluster = self.cluster()
        admin = self.connect(cluster.followers()[0])
        admin.call("ACL", "SETUSER", "ada", "on", ">pw", "+@all", "-flushall", "~app:*", "(%R~* +get)")
        rules = admin.call("ACL", "LIST")
        leader, (follower, _) = cluster.roles()
        client = self.log_in(follower, "ada", "pw")
        leader.kill()
        self.assertEqual(client.call("SET", "app:x", 1), b"OK")
        self.assertRegex(str(client.try_call("SET", "x", 1)), "^NOPERM")
        for instance in cluster:
            if not instance.alive():
                instance.start()
        for instance in cluster:
            instance.snapshot()
        for instance in cluster:
            instance.kill()
        for instance in cluster:
            instance.spawn()
        for instance in cluster:
            instance.wait_ready()
            self.assertEqual(instance.call("STRONG", "ACL", "LIST"), rules)
            client = self.log_in(instance, "ada", "pw")
            self.assertEqual(client.call("GET", "app:x"), b"1")
            self.assertEqual(client.call("GET", "y"), None)
            self.assertRegex(str(client.try_call("FLUSHALL")), "^NOPERM")

    def test_two_operators_change_one_user_at_the_same_time(self):
        cluster = self.cluster()
        clients = [self.connect(instance) for instance in cluster]
        clients[0].call("STRONG", "ACL", "SETUSER", "ada")
        for i in range(30):
            for n, client in enumerate(clients):
                client.send("ACL", "SETUSER", "ada", f"~{n}:{i}")
            for client in clients:
                self.assertEqual(client.read(), ("+", b"OK"))
        user = clients[0].call("STRONG", "ACL", "GETUSER", "ada")
        keys = user[user.index(b"keys") + 1].split()
        self.assertEqual(len(keys), 90)

    def test_no_password_in_clear_is_on_any_disk(self):
        cluster = self.cluster()
        admin = self.connect(cluster.followers()[0])
        secret = "the-horse-is-battery-stapled"
        admin.call("ACL", "SETUSER", "ada", "on", ">" + secret)
        admin.call("MULTI")
        admin.call("ACL", "SETUSER", "bob", "on", ">" + secret)
        admin.call("EXEC")
        admin.call("STRONG", "CONFIG", "SET", "requirepass", secret)
        admin.call("STRONG", "CONFIG", "SET", "requirepass", "")
        self.log_in(cluster.leader(), "bob", secret)
        for instance in cluster:
            instance.snapshot()
            for folder, _, names in os.walk(instance.data_dir):
                for name in names:
                    with open(os.path.join(folder, name), "rb") as file:
                        self.assertNotIn(secret.encode(), file.read(), name)

    def test_the_first_password_is_that_of_the_new_cluster(self):
        cluster = self.cluster(start=False, options=["--password", "first"])
        for instance in cluster:
            instance.spawn()
        for instance in cluster:
            client = self.connect_when_there(instance)
            self.assertRegex(str(client.try_call("GET", "k")), "^NOAUTH")
            self.assertRegex(str(client.try_call("AUTH", "wrong")), "^WRONGPASS")
            self.assertEqual(client.call("AUTH", "first"), b"OK")
            wait_until(lambda: not isinstance(client.try_call("GET", "k"), RespError))
        client.call("STRONG", "ACL", "SETUSER", "default", "resetpass", ">second")
        # The option says nothing about a cluster that is there.
        cluster[0].kill()
        cluster[0].spawn()
        client = self.connect_when_there(cluster[0])
        wait_until(lambda: client.try_call("AUTH", "second") == b"OK")
        self.assertRegex(str(client.try_call("AUTH", "first")), "^WRONGPASS")

    def test_an_instance_that_joins_asks_for_the_password_once_it_knows_it(self):
        folder = self.folder()
        first = self.instance(folder, "--password", "first")
        first.spawn()
        client = self.connect_when_there(first)
        client.call("AUTH", "first")
        wait_until(lambda: client.try_call("SET", "k", "v") == b"OK")
        second = self.instance(folder, "--join", first.raft_address)
        second.spawn()
        early = self.connect_when_there(second)
        wait_until(lambda: str(early.try_call("PING")).startswith("NOAUTH"))
        self.assertEqual(early.call("AUTH", "first"), b"OK")
        self.assertEqual(early.call("GET", "k"), b"v")

    def test_the_client_program_logs_in(self):
        instance = self.instance(self.folder(), "--password", "first")
        instance.spawn()
        client = self.connect_when_there(instance)
        client.call("AUTH", "first")
        wait_until(lambda: client.try_call("ACL", "SETUSER", "ada", "on", ">pw", "+acl|whoami") == b"OK")

        def run(*words, **environment):
            done = subprocess.run([instance.binary, *words], capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=60,
                                  env={**os.environ, "MYDIS_ADDRESS": instance.address, **environment})
            return done.returncode, done.stdout + done.stderr

        self.assertEqual(run("cli", "--user", "ada", "-a", "pw", "ACL", "WHOAMI"), (0, "ada\n"))
        self.assertEqual(run("cli", "--pass", "first", "ACL", "WHOAMI"), (0, "default\n"))
        self.assertEqual(run("cli", "ACL", "WHOAMI", REDISCLI_AUTH="first"), (0, "default\n"))
        self.assertEqual(run("cli", "--user", "ada", "ACL", "WHOAMI", REDISCLI_AUTH="pw"), (0, "ada\n"))
        status, text = run("cli", "-a", "wrong", "ACL", "WHOAMI")
        self.assertEqual(status, 1)
        self.assertRegex(text, "^AUTH ...: WRONGPASS")
        self.assertRegex(run("cluster", "status")[1], "NOAUTH")
        self.assertEqual(run("cluster", "status", "--pass", "first")[0], 0)

    def connect_when_there(self, instance):
        found = []

        def there():
            try:
                found.append(instance.connect())
            except OSError:
                return False
            self.addCleanup(found[0].close)
            return True
        wait_until(there)
        return found[0]


if __name__ == "__main__":
    main()
