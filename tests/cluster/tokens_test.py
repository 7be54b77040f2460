#!/usr/bin/python3
"""Tokens on a cluster: good everywhere at once, over at their end, gone when revoked; the first
administrator; the audit log; `mydis token`."""

import json
import os
import stat
import subprocess

from support import BINARY, ClusterTest, RespError, harness, main, wait_until


def token_command(instance, *words, token=None):
    environment = dict(os.environ, MYDIS_TOKEN=token or "")
    return subprocess.run([BINARY, "token", *words, "--address", instance.address],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          env=environment)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def audit_lines(instance):
    with open(os.path.join(instance.data_dir, "audit.log"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Tokens(ClusterTest):
    def create(self, instance, *words):
        run = token_command(instance, "create", *words)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout.splitlines()[-1]

    def test_one_without_limits_is_called_so(self):
        cluster = self.cluster()
        run = token_command(cluster[0], "create")
        self.assertEqual(run.returncode, 0)
        self.assertRegex(run.stdout, r"\Amydis_[^\n]+\n\Z")
        self.assertEqual(run.stderr, "mydis token: it may read and write all keys, for ever: --prefix, --read-only "
                                     "and --expires make one that may do less\n")
        for words in (["--prefix", "a:"], ["--read-only"], ["--admin"], ["--expires", "1h"]):
            self.create(cluster[0], *words)
        run = subprocess.run([BINARY, "token", "--help"], capture_output=True, text=True, timeout=20)
        self.assertIn("read and write all keys, for ever", " ".join(run.stdout.split()))

    def test_good_at_every_instance_at_once_and_gone_when_revoked(self):
        cluster = self.cluster()
        for i in range(20):
            token = self.create(cluster[i % 3], "--prefix", "app:", "--name", f"t{i}")
            client = self.connect(cluster[(i + 1) % 3])
            self.assertEqual(client.call("AUTH", token), b"OK")
            self.assertEqual(client.call("SET", "app:x", i), b"OK")
            self.assertRegex(str(client.try_call("SET", "other", i)), "^NOPERM")
            revoked = token_command(cluster[(i + 2) % 3], "revoke", token if i % 2 else f"t{i}")
            self.assertEqual(revoked.stdout, "revoked 1\n", revoked.stderr)
            self.wait_refused(client)
            # A revocation reaches the other instances with the log.
            wait_until(lambda: "WRONGPASS invalid token" in
                       str(self.connect(cluster[i % 3]).try_call("AUTH", token)), 10, "the refusal")

    def test_its_end_is_kept_by_the_cluster(self):
        cluster = self.cluster()
        for seconds in (2, 4, 8, 16):
            token = self.create(cluster.followers()[0], "--expires", f"{seconds}s", "--name", f"short{seconds}")
            clients = [self.connect(instance) for instance in cluster]
            if all(client.try_call("AUTH", token) == b"OK" for client in clients):
                break  # Else it was over before all had logged in: a slow machine.
        else:
            self.fail("no token was good everywhere until its end")
        cluster.leader().kill()
        survivors = [instance for instance in cluster if instance.alive()]
        for instance, client in zip(cluster, clients):
            if not instance.alive():
                continue
            self.wait_refused(client)
        admin = self.connect(survivors[0])
        wait_until(lambda: admin.call("TOKEN", "LIST") == [], 30, "the token's end")
        self.assertRegex(str(admin.try_call("AUTH", token)), "^WRONGPASS invalid token")

    def test_list_for_programs(self):
        cluster = self.cluster()
        self.create(cluster[0], "--prefix", "a:", "--prefix", "b:", "--read-only", "--name", "reader")
        run = token_command(cluster[1], "list")
        rows = [line.split("\t") for line in run.stdout.splitlines()]
        self.assertEqual(rows[0], ["NAME", "ACCESS", "KEYS", "CREATED", "EXPIRES"])
        row = next(row for row in rows if row[0] == "reader")
        self.assertEqual(row[1:3] + row[4:], ["read-only", "%R~a:* %R~b:*", "never"])
        self.assertRegex(row[3], r"\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\Z")
        listed = json.loads(token_command(cluster[2], "list", "--json").stdout)
        self.assertEqual([t["access"] for t in listed if t["name"] == "reader"], ["read-only"])

    def test_wrong_words(self):
        cluster = self.cluster()
        for words, message in ((["craete"], "did you mean create?"),
                               ([], "give an action: create, list, revoke"),
                               (["revoke"], "write it as: mydis token revoke NAME..."),
                               (["create", "x"], "mydis token create --name x"),
                               (["create", "--admin", "--read-only"], "give one of"),
                               (["create", "--expires", "soon"], "--expires: soon is not a length"),
                               (["create", "--admin", "--prefix", "x"], "leave out --prefix")):
            run = token_command(cluster[0], *words)
            self.assertEqual((run.returncode, run.stdout), (2, ""), words)
            self.assertIn(message, run.stderr)
        run = token_command(cluster[0], "revoke", "nobody")
        self.assertEqual((run.returncode, run.stderr),
                         (1, "mydis token: there is no token nobody; TOKEN LIST shows them\n"))

    def test_the_audit_log_has_what_was_refused_and_administered(self):
        cluster = self.cluster()
        instance = cluster.followers()[0]
        token = self.create(instance, "--prefix", "app:", "--name", "audited")
        client = self.connect(instance)
        client.call("AUTH", token)
        client.try_call("SET", b"other\xff", "value")
        client.try_call("CONFIG", "SET", "maxmemory", "1")
        self.connect(instance).try_call("AUTH", "audited", "secret")
        path = os.path.join(instance.data_dir, "audit.log")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        lines = audit_lines(instance)
        refused = [(line["user"], line["what"], line["detail"]) for line in lines
                   if line["event"] == "refused"]
        self.assertIn(("token:audited", '"other\\xff"', "key"), refused)
        self.assertIn(("token:audited", '"config|set"', "command"), refused)
        self.assertIn(("audited", '"AUTH"', "auth"), refused)
        administered = [line["what"] for line in lines if line["event"] == "administered"]
        self.assertTrue(any('"TOKEN" "CREATE"' in what for what in administered), administered)
        everything = read(path)
        self.assertNotIn(token, everything)
        self.assertNotIn("secret", everything)


class FirstAdministrator(ClusterTest):
    def test_only_the_token_gets_in(self):
        folder = self.folder()
        file = os.path.join(folder, "admin.token")
        instance = self.instance(folder, "--admin-token-file", file)
        instance.spawn()
        client = self.log_in(instance, file)
        token = read(file).strip()
        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        self.assertEqual(client.call("SET", "k", 1), b"OK")
        self.assertRegex(str(self.connect(instance).try_call("GET", "k")), "^NOAUTH")
        run = token_command(instance, "create", "--read-only", token=token)
        self.assertEqual(run.returncode, 0, run.stderr)
        instance.kill()
        instance.spawn()
        self.assertEqual(self.log_in(instance, file).call("GET", "k"), b"1")
        self.assertEqual(read(file).strip(), token)

    def log_in(self, instance, file):
        def attempt():
            try:
                client = self.connect(instance)
                client.call("AUTH", read(file).strip())
                client.call("GET", "k")
                return client
            except (OSError, RespError):
                return None
        return wait_until(attempt, 30, "the administrator's login")

    def test_a_file_that_others_can_read_is_refused(self):
        folder = self.folder()
        file = os.path.join(folder, "admin.token")
        for mode, text, message in ((0o644, "mydis_admin_1\n", "chmod 600 it"),
                                    (0o600, "secret\n", "holds no token")):
            with open(file, "w", encoding="utf-8") as out:
                out.write(text)
            os.chmod(file, mode)
            run = subprocess.run([BINARY, "server", "--data-dir", os.path.join(folder, "d"),
                                  "--port-base", str(harness.free_port_base()),
                                  "--admin-token-file", file],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            self.assertEqual(run.returncode, 1)
            self.assertIn(f"mydis server: --admin-token-file: {file} ", run.stderr)
            self.assertIn(message, run.stderr)


if __name__ == "__main__":
    main()
