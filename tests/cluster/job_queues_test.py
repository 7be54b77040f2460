#!/usr/bin/python3
"""Job queues that exist: jobs are added at one follower, workers are at another, the leader dies.

Nobody is connected to the leader, so all that they may notice is a pause: every job is done exactly
once, and no program sees an error or loses its connection.
"""

import os
import shutil
import signal
import subprocess
import sys
import unittest
from datetime import timedelta

from support import ClusterTest, harness, main, npm_install, wait_until

try:
    import redis
    import rq
except ImportError:
    rq = None
try:
    import celery
except ImportError:
    celery = None

_HERE = os.path.dirname(os.path.realpath(__file__))
_LIMIT = 120.0
# What a program of these says when its server did something that it did not expect.
_COMPLAINTS = ("ConnectionError", "TimeoutError", "ResponseError", "Could not connect",
               "Connection to broker lost", "CRITICAL")


class JobQueues(ClusterTest):
    def setUp(self):
        super().setUp()
        self.mydis = self.cluster()
        self.leader, (self.producer, self.other) = self.mydis.roles()

    def program(self, name, *arguments, **environment):
        """A program that is ended with the test."""
        environment = {"PYTHONPATH": _HERE, "PYTHONDONTWRITEBYTECODE": "1", **environment}
        log = os.path.join(self.mydis.folder.path, f"{name}.log")
        program = harness.Process(arguments, log, environment)
        program.spawn()
        self.addCleanup(program.kill)
        return program

    def wait_for(self, condition, what, *programs):
        """Waits for the condition while the programs live."""
        def holds():
            for program in programs:
                self.assertTrue(program.alive(), program.log())
            return condition()
        try:
            return wait_until(holds, _LIMIT, what)
        except TimeoutError as error:
            self.fail("\n".join([str(error), *(program.log_tail() for program in programs)]))

    def check_instances(self):
        """The survivors and the dead one, when it is back, have the same data."""
        self.leader.start()
        self.mydis.wait_equal()

    def check_program(self, name, *arguments, **environment):
        """Runs a program that has the leader killed by saying "halfway", and says "passed" in the end."""
        program = self.program(name, *arguments, **environment)
        self.wait_for(lambda: "halfway" in program.log(), "jobs under way", program)
        self.leader.kill()
        try:
            status = program.wait(2 * _LIMIT)
        except subprocess.TimeoutExpired:
            self.fail(f"{name} does not end: {program.log()}")
        self.assertEqual(status, 0, program.log())
        self.assertRegex(program.log(), "passed\n$")
        for words in _COMPLAINTS:
            self.assertNotIn(words, program.log())
        print(program.log().splitlines()[-1], flush=True)

    def check_in_node(self, name, *packages):
        """Runs a program of queue_check.js's kind."""
        if not shutil.which("npm") or not shutil.which("node"):
            self.skipTest("npm or node is not installed")
        folder = npm_install(self, *packages)
        ports = (str(i.redis_port) for i in (self.producer, self.other, self.leader))
        self.check_program(name, "node", os.path.join(_HERE, f"{name}_check.js"), folder, *ports)
        self.check_instances()

    def test_bullmq(self):
        # Of an exact version: it is published weekly, and in new major versions every few months.
        self.check_in_node("bullmq", "bullmq@6.7.0", "ioredis@5")

    def test_bee_queue(self):
        self.check_in_node("bee_queue", "bee-queue@1")

    def check_worker(self, worker):
        """Ends it as its operator does."""
        worker.popen.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(30), 0, worker.log())
        for words in _COMPLAINTS:
            self.assertNotIn(words, worker.log())

    def rq_worker(self, name, *options):
        return self.program(name, sys.executable, "-m", "rq.cli", "worker", "--url",
                            f"redis://{self.other.address}/0", *options, "high", "low")

    @unittest.skipIf(rq is None, "python3-rq is not installed")
    def test_rq(self):
        connection = redis.Redis(port=self.producer.redis_port)
        low, high = (rq.Queue(name, connection=connection) for name in ("low", "high"))
        workers = [self.rq_worker(f"worker{i}", "--with-scheduler") for i in (1, 2)]
        wanted, attempts = {}, {}

        def add(queue, function, arguments, result, begun=1, delay=None, **options):
            if delay:
                delay = timedelta(seconds=delay)
                job = queue.enqueue_in(delay, function, *arguments, **options)
            else:
                job = queue.enqueue(function, *arguments, **options)
            wanted[job.id], attempts[job.id] = result, begun
            return job

        def add_all():
            squares = [add(low, "rq_jobs.square", [n], n * n) for n in range(30)]
            for first in (squares[:5], squares[20:25]):
                ids = [job.id for job in first]
                add(high, "rq_jobs.total", [ids], sum(wanted[i] for i in ids), depends_on=ids)
            for n in range(5):
                add(high, "rq_jobs.third_time_lucky", [], 3, 3, retry=rq.Retry(max=2))
                add(low, "rq_jobs.square", [n], n * n, delay=1)
            add(low, "rq_jobs.third_time_lucky", [], 3, 3, retry=rq.Retry(max=2, interval=1))

        def finished_jobs():
            self.assertEqual(high.failed_job_registry.get_job_ids(), [])
            return sum(queue.finished_job_registry.count for queue in (low, high))

        add_all()
        self.wait_for(lambda: finished_jobs() > 10, "ten jobs", *workers)
        self.leader.kill()
        add_all()
        failing = low.enqueue("rq_jobs.needs", "thing")
        wanted[failing.id], attempts[failing.id] = None, 2
        failed = low.failed_job_registry
        self.wait_for(lambda: failing.id in failed.get_job_ids(), "a job to fail", *workers)
        self.assertIn("there is no thing", failing.latest_result().exc_string)
        connection.set("thing", "is there")
        failed.requeue(failing.id)
        self.wait_for(lambda: finished_jobs() >= len(wanted), f"{len(wanted)} jobs", *workers)
        for worker in workers:
            self.check_worker(worker)

        # A worker for what is there already, and its end.
        for n in range(10):
            add(high, "rq_jobs.square", [n], n * n)
        burst = self.rq_worker("burst", "--burst")
        self.assertEqual(burst.wait(_LIMIT), 0, burst.log())
        self.check_rq_counts(connection, (low, high), wanted, attempts)
        self.check_instances()

    def check_rq_counts(self, connection, queues, wanted, attempts):
        for queue in queues:
            self.assertEqual(queue.count, 0)
            for registry in (queue.started_job_registry, queue.failed_job_registry,
                             queue.deferred_job_registry, queue.scheduled_job_registry):
                self.assertEqual(registry.get_job_ids(), [], registry.key)
        finished = [queue.finished_job_registry.get_job_ids() for queue in queues]
        self.assertEqual(sorted(sum(finished, [])), sorted(wanted))
        jobs = rq.job.Job.fetch_many(list(wanted), connection=connection)
        self.assertEqual({job.id: job.return_value() for job in jobs}, wanted)
        begun = {i.decode(): int(n) for i, n in connection.hgetall("processed").items()}
        self.assertEqual(begun, attempts)
        # As the queue counts: one result for each time it ended.
        results = {job.id: sum(result.type == result.Type.SUCCESSFUL for result in job.results())
                   for job in jobs}
        self.assertEqual(results, dict.fromkeys(wanted, 1))
        self.assertEqual(rq.Worker.count(connection=connection), 0)

    @unittest.skipIf(celery is None, "python3-celery is not installed")
    def test_celery(self):
        worker = self.program("worker", sys.executable, "-m", "celery", "-A", "celery_jobs", "worker",
                              "--concurrency", "2", "--loglevel", "INFO",
                              JOBS_SERVER=f"redis://{self.other.address}/0")
        self.check_program("producer", sys.executable, os.path.join(_HERE, "celery_check.py"),
                           self.leader.address, JOBS_SERVER=f"redis://{self.producer.address}/0")
        self.assertTrue(worker.alive(), worker.log())
        self.check_worker(worker)
        left = [self.producer.call("LLEN", "celery"), self.producer.call("ZCARD", "unacked_index"),
                self.producer.call("HLEN", "unacked")]
        self.assertEqual(left, [0, 0, 0])
        self.check_instances()


if __name__ == "__main__":
    main()
