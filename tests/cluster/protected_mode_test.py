#!/usr/bin/python3
"""While nobody needs a password, only clients of the same machine are served."""

import socket
import subprocess
import time

from certificates import Authority
from support import Client, ClusterTest, main, wait_until


def own_address():
    """An address of this machine that is not loopback, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # Sends nothing; the route tells.
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address


class ProtectedMode(ClusterTest):
    def setUp(self):
        super().setUp()
        self.outside = own_address()
        if self.outside is None:
            self.skipTest("this machine has no address but loopback")

    def make(self, *options):
        return self.instance(self.folder(), "--bind-address", "0.0.0.0", "--advertise-address",
                             "127.0.0.1", *options)

    def start(self, *options):
        return self.make(*options).start()

    def remote(self, instance, tls=None):
        """A client that comes from an address of the network."""
        client = Client(self.outside, instance.redis_port, tls=tls)
        self.addCleanup(client.close)
        return client

    def check_denied(self, client):
        client.send("SET", "k", "v")
        self.assertRegex(client.wait_closed(20), rb"\A-DENIED [^\r\n]*CONFIG SET requirepass[^\r\n]*\r\n\Z")

    def test_remote_clients_are_denied_until_a_password_is_needed(self):
        instance = self.start()
        for _ in range(5):
            self.check_denied(self.remote(instance))
        self.assertEqual(instance.call("EXISTS", "k"), 0)
        self.assertEqual(instance.log().count("DENIED"), 1)
        self.assertGreaterEqual(int(instance.info("stats")["rejected_connections"]), 5)
        with instance.connect() as local:
            local.call("CONFIG", "SET", "requirepass", "secret")
        client = self.remote(instance)
        self.assertIn("NOAUTH", str(client.try_call("PING")))
        client.call("AUTH", "secret")
        self.assertEqual(client.call("PING"), b"PONG")

    def test_it_can_be_turned_off(self):
        instance = self.start()
        self.check_denied(self.remote(instance))
        self.assertEqual(instance.call("CONFIG", "GET", "protected-mode"), [b"protected-mode", b"yes"])
        instance.call("CONFIG", "SET", "protected-mode", "no")
        self.assertEqual(self.remote(instance).call("PING"), b"PONG")
        instance.call("CONFIG", "SET", "protected-mode", "yes")
        self.check_denied(self.remote(instance))
        open_to_all = self.start("--protected-mode", "no")
        self.assertEqual(self.remote(open_to_all).call("PING"), b"PONG")
        with_password = self.make("--password", "secret")
        with_password.spawn()
        wait_until(lambda: "this instance leads" in with_password.log(), 30, "it to lead")
        self.assertEqual(self.remote(with_password).call("AUTH", "secret"), b"OK")

    def test_guesses_are_slowed(self):
        """Each answer after the tenth takes a second, and is the right one all the same."""
        instance = self.make("--password", "secret")
        instance.spawn()
        wait_until(lambda: "this instance leads" in instance.log(), 30, "it to lead")
        client = self.remote(instance)
        for _ in range(10):
            self.assertIn("WRONGPASS", str(client.try_call("AUTH", "guess")))
        for command in (["AUTH", "guess"], ["AUTH", "secret"], ["HELLO", "3", "AUTH", "default", "secret"]):
            started = time.monotonic()
            client.try_call(*command)
            self.assertGreater(time.monotonic() - started, 0.9)
        self.assertEqual(client.call("PING"), b"PONG")
        with instance.connect() as local:
            local.call("AUTH", "secret")
            token = local.call("TOKEN", "CREATE", "NAME", "t").decode()
        self.assertEqual(self.remote(instance).call("AUTH", token), b"OK")
        client.call("MULTI")
        client.call("AUTH", "secret")
        self.assertIn("too many wrong passwords", str(client.call("EXEC")[0]))
        self.assertEqual(self.http_status(instance, "-u", "default:guess")[0], "401")
        self.assertEqual(self.http_status(instance, "-u", "default:secret")[0], "404")

    def http_status(self, instance, *options, scheme="http", path="/v1/keys/k"):
        run = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", *options,
                              f"{scheme}://{self.outside}:{instance.http_port}{path}"],
                             capture_output=True, text=True, timeout=20)
        body, _, status = run.stdout.rpartition("\n")
        return status, body + run.stderr

    def test_http(self):
        instance = self.start()
        status, body = self.http_status(instance)
        self.assertEqual(status, "403", body)
        self.assertIn('"code":"DENIED"', body)
        # What tells nothing but whether it lives is everybody's.
        for path, status in (("/livez", "200"), ("/readyz", "200"), ("/v1/openapi.json", "200"), ("/ui", "200"),
                             ("/metrics", "403"), ("/v1/cluster", "403"), ("/nosuch", "403"), ("/get/k", "403")):
            self.assertEqual(self.http_status(instance, path=path)[0], status, path)
        instance.call("CONFIG", "SET", "protected-mode", "no")
        self.assertNotEqual(self.http_status(instance)[0], "403")

    def test_over_tls(self):
        authority = Authority(self.folder())
        certificate, key = authority.issue("server", "mydis")
        instance = self.make("--tls-cert", certificate, "--tls-key", key)
        instance.tls = authority.context()
        instance.start()
        context = authority.context()
        context.check_hostname = False
        self.check_denied(self.remote(instance, context))
        self.assertEqual(self.http_status(instance, "-k", scheme="https")[0], "403")

    def test_a_needed_certificate_is_as_good_as_a_password(self):
        authority = Authority(self.folder())
        certificate, key = authority.issue("server", "mydis")
        instance = self.make("--tls-cert", certificate, "--tls-key", key, "--tls-ca", authority.ca)
        instance.tls = authority.context(certificate, key)
        instance.start()
        context = authority.context(certificate, key)
        context.check_hostname = False
        wait_until(lambda: instance.call("PING") == b"PONG", 30, "it to answer")
        self.assertEqual(self.remote(instance, context).call("PING"), b"PONG")


if __name__ == "__main__":
    main()
