"""The application that job_queues_test.py and its workers share, as Celery imports it."""

import os

from celery import Celery

app = Celery("jobs", broker=os.environ["JOBS_SERVER"], backend=os.environ["JOBS_SERVER"])


@app.task(bind=True)
def double(self, n):
    """Like all of these, it counts how often each task has begun; the server does, for all workers."""
    self.backend.client.hincrby("processed", self.request.id, 1)
    return 2 * n


@app.task(bind=True)
def total(self, numbers):
    self.backend.client.hincrby("processed", self.request.id, 1)
    return sum(numbers)


@app.task(bind=True, max_retries=2, default_retry_delay=0.1)
def third_time_lucky(self):
    if self.backend.client.hincrby("processed", self.request.id, 1) < 3:
        raise self.retry()
    return self.request.retries
