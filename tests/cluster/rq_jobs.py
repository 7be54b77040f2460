"""What the workers of job_queues_test.py run, as RQ imports it."""

from rq import get_current_job


def _count():
    """How often the job has begun, with this time. The server counts for all workers."""
    job = get_current_job()
    return job.connection.hincrby("processed", job.id, 1)


def square(n):
    _count()
    return n * n


def total(ids):
    """The sum of the results of jobs that were to be done before."""
    _count()
    job = get_current_job()
    return sum(each.return_value() for each in job.fetch_dependencies() if each.id in ids)


def third_time_lucky():
    attempts = _count()
    if attempts < 3:
        raise ValueError("on purpose")
    return attempts


def needs(key):
    _count()
    if not get_current_job().connection.exists(key):
        raise ValueError(f"there is no {key}")
