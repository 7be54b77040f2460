#!/usr/bin/python3
"""Clients' ports speak TLS when they have a certificate; a client may be known by its own."""

import json
import os
import shutil
import socket
import ssl
import subprocess

import redis

from certificates import Authority
from support import BINARY, Client, Closed, ClusterTest, RespError, harness, main, wait_until


class TlsTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.folder())
        self.server_files = self.authority.issue("server", "mydis")

    def tls_options(self, *more):
        certificate, key = self.server_files
        return ["--tls-cert", certificate, "--tls-key", key, *more]

    def start(self, *more):
        instance = self.instance(self.folder(), *self.tls_options(*more))
        instance.tls = self.authority.context()
        return instance

    def plain(self, instance):
        client = Client(instance.host, instance.redis_port)
        self.addCleanup(client.close)
        return client

    def cli(self, instance, *options):
        """`mydis cli PING`."""
        return subprocess.run([instance.binary, "cli", "--address", instance.address, *options, "PING"],
                              capture_output=True, text=True, timeout=20)

    def serial(self, instance):
        """Of the certificate that the instance shows to new clients."""
        with self.connect(instance).socket as connection:
            return connection.getpeercert()["serialNumber"]


class Clients(TlsTest):
    def test_mydis_bench_and_a_uri(self):
        instance = self.start().start()
        run = subprocess.run([instance.binary, "bench", "--address", instance.address, "--json", "-t",
                              "set,get", "-n", "2000", "-P", "4", "--tls-ca", self.authority.ca],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual([(test["requests"], test["errors"]) for test in json.loads(run.stdout)["tests"]],
                         [(2000, 0), (2000, 0)])
        run = subprocess.run([instance.binary, "bench", "--address", instance.address, "-t", "set"],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 1)
        self.assertIn("it speaks TLS, and was spoken to without", run.stderr)
        run = subprocess.run([instance.binary, "cli", "-u", f"rediss://localhost:{instance.redis_port}",
                              "--tls-ca", self.authority.ca, "PING"],
                             capture_output=True, text=True, timeout=20)
        self.assertEqual(run.stdout, "PONG\n", run.stderr)

    def test_redis_cli_redis_py_and_mydis_cli(self):
        instance = self.start().start()
        run = subprocess.run(["redis-cli", "--tls", "--cacert", self.authority.ca, "-p",
                              str(instance.redis_port), "SET", "k", "from redis-cli"],
                             capture_output=True, text=True, timeout=20)
        self.assertEqual(run.stdout.strip(), "OK", run.stderr)
        client = redis.Redis(port=instance.redis_port, ssl=True, ssl_ca_certs=self.authority.ca)
        self.addCleanup(client.close)
        self.assertEqual(client.get("k"), b"from redis-cli")
        large = os.urandom(8 << 20)
        client.set("large", large)
        self.assertEqual(client.get("large"), large)
        pipeline = client.pipeline(transaction=False)
        for i in range(2000):
            pipeline.incr("counter")
        self.assertEqual(pipeline.execute(), list(range(1, 2001)))
        subscriber = client.pubsub()
        self.addCleanup(subscriber.close)
        subscriber.subscribe("news")
        self.assertEqual(subscriber.get_message(timeout=10)["type"], "subscribe")
        self.assertEqual(client.publish("news", "heard"), 1)
        self.assertEqual(subscriber.get_message(timeout=10)["data"], b"heard")
        self.assertEqual(self.cli(instance, "--tls-ca", self.authority.ca).stdout, "PONG\n")
        run = instance.cli("cluster", "get", "write-consistency", "--tls-ca", self.authority.ca)
        self.assertEqual(run.stdout, "eventual\n", run.stderr)

    def test_clients_know_the_server(self):
        instance = self.start().start()
        stranger = Authority(self.folder(), "stranger")
        self.assertEqual(self.cli(instance, "--tls-ca", self.authority.ca).stdout, "PONG\n")
        for options, words in ((("--tls-ca", stranger.ca), "certificate"), (("--tls",), "certificate"),
                               (("--tls-ca", self.authority.ca, "--tls-server-name", "other.example"),
                                "hostname mismatch")):
            run = self.cli(instance, *options)
            self.assertEqual(run.returncode, 1, run.stdout)
            self.assertIn(words, run.stderr)
            # It does run there.
            self.assertNotIn("mydis server starts it", run.stderr)
            self.assertIn("--tls-server-name say must fit", run.stderr)
        run = self.cli(instance, "--tls-ca", "/no/such/file")
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertEqual(run.stderr, "mydis cli: --tls-ca: cannot use the CA certificates in /no/such/file: "
                                     "No such file or directory\n")

    def test_bad_files_are_named_by_their_options(self):
        certificate, key = self.server_files
        other = self.authority.issue("other", "mydis")[1]
        garbage = os.path.join(self.folder(), "garbage")
        with open(garbage, "w") as file:
            file.write("no certificate\n")
        for options, words in (
                (("/none", key), "--tls-cert: cannot use the certificate in /none: No such file or directory"),
                ((garbage, key), f"--tls-cert: cannot use the certificate in {garbage}: it holds no PEM certificate"),
                ((certificate, "/none"), "--tls-key: cannot use the private key in /none: No such file or directory"),
                ((certificate, garbage), f"--tls-key: cannot use the private key in {garbage}: it holds no PEM"),
                ((certificate, other), f"--tls-key: cannot use the private key in {other}: it is another"),
                ((certificate, key, "/none"), "--tls-ca: cannot use the CA certificates in /none: No such file"),
                ((certificate, key, garbage), f"--tls-ca: cannot use the CA certificates in {garbage}: it holds no")):
            with self.subTest(options=options):
                names = zip(("--tls-cert", "--tls-key", "--tls-ca"), options)
                run = subprocess.run([BINARY, "server", "--data-dir", self.folder(), "--port-base",
                                      str(harness.free_port_base()), *(word for pair in names for word in pair)],
                                     stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
                self.assertEqual(run.returncode, 1)
                self.assertIn(f"mydis server: {words}", run.stderr)

    def test_http_is_encrypted_too(self):
        instance = self.start().start()
        run = subprocess.run(["curl", "-sS", "--cacert", self.authority.ca, "-o", "/dev/null", "-w",
                              "%{http_code}", f"https://127.0.0.1:{instance.http_port}/nowhere"],
                             capture_output=True, text=True, timeout=20)
        self.assertEqual(run.stdout, "404", run.stderr)

    def test_a_plain_client_gets_an_alert_and_one_line(self):
        instance = self.start().start()
        for _ in range(20):
            client = self.plain(instance)
            client.send("SET", "k", "v")
            self.assertEqual(client.wait_closed(10), b"\x15\x03\x03\x00\x02\x02\x0a")
        run = self.cli(instance)
        self.assertEqual(run.returncode, 1)
        lines = [line for line in instance.log().splitlines() if "is refused" in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("the connection is not encrypted", lines[0])
        self.assertEqual(instance.call("EXISTS", "k"), 0)

    def test_a_tls_client_of_a_plain_port_is_told(self):
        instance = self.instance(self.folder()).start()
        run = self.cli(instance, "--tls-ca", self.authority.ca)
        self.assertEqual(run.returncode, 1)
        self.assertIn("TLS", run.stderr)

    def test_a_handshake_that_does_not_go_on_is_ended(self):
        instance = self.start().start()
        silent, halting = self.plain(instance), self.plain(instance)
        halting.send_bytes(b"\x16\x03\x01\x02\x00\x01")
        for client in (silent, halting):
            self.assertEqual(client.wait_closed(60), b"")

    def test_settings(self):
        instance = self.start("--tls-ca", self.authority.ca, "--tls-auth-clients", "optional").start()
        certificate, key = self.server_files
        for name, value in (("tls-cert-file", certificate), ("tls-key-file", key),
                            ("tls-ca-cert-file", self.authority.ca), ("tls-auth-clients", "optional"),
                            ("tls-auth-clients-user", "off"), ("tls-port", str(instance.redis_port))):
            self.assertEqual(instance.call("CONFIG", "GET", name), [name.encode(), value.encode()])
        with self.assertRaisesRegex(RespError, "start the instance with other --tls options"):
            instance.call("CONFIG", "SET", "tls-cert-file", "other")

    def test_files_are_read_anew(self):
        instance = self.start().start()
        with instance.connect() as old:
            before = self.serial(instance)
            other = self.authority.issue("other", "mydis")
            shutil.copy(other[0], self.server_files[0])
            # Certificate and key do not go together for a moment.
            wait_until(lambda: "what was read before stays in use" in instance.log(), 30, "a complaint")
            self.assertEqual(self.serial(instance), before)
            shutil.copy(other[1], self.server_files[1])
            wait_until(lambda: self.serial(instance) != before, 30, "the new certificate")
            self.assertEqual(old.call("PING"), b"PONG")

    def test_a_cluster_over_tls_with_encrypted_peers(self):
        keys = os.path.join(self.folder(), "keys")
        cluster = self.cluster(3, options=self.tls_options("--cluster-key-file", keys), start=False)
        with open(os.open(keys, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write("ab" * 32 + "\n")
        for instance in cluster:
            instance.tls = self.authority.context()
        cluster.start()
        cluster.followers()[0].call("SET", "k", "v")
        cluster.leader().kill()
        self.assertEqual(cluster.followers()[0].call("STRONG", "GET", "k"), b"v")


class Certificates(TlsTest):
    """--tls-ca: clients show certificates, and may be users by them."""

    def client(self, instance, common_name=None, authority=None, subject=None):
        files = ()
        if common_name is not None:
            files = (authority or self.authority).issue(f"client-{common_name}", common_name, subject)
        client = Client(instance.host, instance.redis_port, tls=self.authority.context(*files))
        self.addCleanup(client.close)
        return client

    def check_refused(self, instance, *who, **more):
        # With TLS 1.3 the client learns of it after its own part of the handshake.
        with self.assertRaises((ssl.SSLError, Closed, ConnectionResetError)):
            self.client(instance, *who, **more).call("PING")

    def start_mutual(self, *more):
        instance = self.start("--tls-ca", self.authority.ca, *more)
        instance.tls = self.authority.context(*self.authority.issue("admin", "admin"))
        return instance.start()

    def test_only_those_of_the_ca_are_served(self):
        instance = self.start_mutual()
        self.assertEqual(self.client(instance, "anybody").call("PING"), b"PONG")
        self.check_refused(instance)
        self.check_refused(instance, "anybody", Authority(self.folder(), "stranger"))
        # The client may see the end before it is logged.
        wait_until(lambda: "is refused: the TLS handshake has failed" in instance.log(), 30, "the line in the log")
        certificate, key = self.authority.issue("mydis", "mydis")
        run = self.cli(instance, "--tls-ca", self.authority.ca, "--tls-cert", certificate,
                       "--tls-key", key)
        self.assertEqual(run.stdout, "PONG\n", run.stderr)

    def test_optional(self):
        instance = self.start_mutual("--tls-auth-clients", "optional")
        self.assertEqual(self.client(instance).call("PING"), b"PONG")
        self.assertEqual(self.client(instance, "anybody").call("PING"), b"PONG")
        self.check_refused(instance, "anybody", Authority(self.folder(), "stranger"))

    def test_user_from_certificate(self):
        instance = self.start_mutual("--tls-user-from-certificate")
        admin = self.connect(instance)
        # Without a password: only who has the certificate is alice.
        admin.call("ACL", "SETUSER", "alice", "on", "resetpass", "~a:*", "+@all")
        admin.call("ACL", "SETUSER", "bob", "off", "nopass", "~*", "+@all")
        alice = self.client(instance, "alice")
        self.assertEqual(alice.call("ACL", "WHOAMI"), b"alice")
        with self.assertRaisesRegex(RespError, "NOPERM"):
            alice.call("GET", "b:1")
        alice.call("RESET")
        self.assertEqual(alice.call("ACL", "WHOAMI"), b"alice")
        with self.assertRaisesRegex(RespError, "WRONGPASS"):
            admin.call("AUTH", "alice", "")
        # Nobody, a user who is off, and a certificate with two names are the user default.
        for who, subject in (("nobody", None), ("bob", None), ("two", "/CN=alice/CN=admin")):
            client = self.client(instance, who, subject=subject)
            self.assertEqual(client.call("ACL", "WHOAMI"), b"default")
        refused = {entry[entry.index(b"username") + 1] for entry in admin.call("ACL", "LOG")
                   if entry[entry.index(b"reason") + 1] == b"tls-cert"}
        self.assertLessEqual({b"nobody", b"bob"}, refused)
        self.assertNotIn(b"alice", refused)
        with open(os.path.join(instance.data_dir, "audit.log")) as file:
            self.assertRegex(file.read(), r'"user":"nobody".*"detail":"tls-cert"')
        admin.call("CONFIG", "SET", "requirepass", "secret")
        with self.assertRaisesRegex(RespError, "NOAUTH"):
            self.client(instance, "nobody").call("PING")
        self.assertEqual(self.client(instance, "alice").call("PING"), b"PONG")
        admin.call("ACL", "DELUSER", "alice")
        self.assertEqual(alice.wait_closed(20), b"")

    def test_user_from_certificate_after_a_restart(self):
        instance = self.start_mutual("--tls-user-from-certificate")
        instance.call("ACL", "SETUSER", "alice", "on", "resetpass", "~*", "+@all")
        instance.call("ACL", "SETUSER", "admin", "on", "resetpass", "~*", "+@all")
        instance.call("ACL", "SETUSER", "default", "off")
        instance.stop()
        instance.start()
        self.assertEqual(self.client(instance, "alice").call("ACL", "WHOAMI"), b"alice")


if __name__ == "__main__":
    main()
