"""Jobs of the worker are done though a worker is killed in the midst of one, or the database does not answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import OperationalError, connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job
from psycopg_pool import PoolTimeout
from tests.node.leads.knowing import NOON

from assay.node import jobs
from assay.node.access.permissions import Role
from assay.node.serving import tasks
from assay.node.serving.queues import QUEUES
from assay.node.telling import actions
from assay.node.telling import tasks as telling
from assay.node.telling.models import Message

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_other_jobs(transactional_db):
    """Begin and end without jobs: those are not emptied as our own tables are."""
    _forget_jobs()
    yield
    _forget_jobs()


def _forget_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
        cursor.execute("DELETE FROM procrastinate_workers")


class Slow:
    """An HTTP server that lets the first request hang and answers the others."""

    def __init__(self) -> None:
        self.asked = 0
        self.hangs = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked += 1
                if outer.asked == 1:
                    outer.hangs.set()
                    time.sleep(60)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def slow():
    made = Slow()
    yield made
    made.server.shutdown()
    made.server.server_close()


def _done(to_do, *of, **words):
    """Return what a coroutine gives; in a thread of its own, as a browser's tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(async_to_sync(to_do), *of, **words).result()


@pytest.fixture
def worker():
    """A function that starts a real worker; it ends with the test."""
    started = []

    def start(*words):
        known = {
            "DATABASE_URL": settings.ASSAY.database_url,
            "ASSAY_DATA_FOLDER": str(settings.ASSAY.data_folder),
            "ASSAY_SECRET_KEY": settings.SECRET_KEY,
            "ASSAY_WEBHOOKS_MAY_REACH": "127.0.0.1",
            "DJANGO_SETTINGS_MODULE": "assay.node.settings",
        }
        command = [sys.executable, "-m", "django", "procrastinate", "worker", "--concurrency", "1", *words]
        started.append(subprocess.Popen(command, env={**os.environ, **known}, start_new_session=True))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()


def test_what_a_killed_worker_was_at_is_done_by_the_next(slow, worker, user_of, monkeypatch):
    monkeypatch.setattr(settings, "ASSAY", replace(settings.ASSAY, webhooks_may_reach=("127.0.0.1",)))
    url = f"http://127.0.0.1:{slow.server.server_port}/"
    endpoint = actions.add_endpoint(user_of(Role.REVOPS), "x", "standard", url, events=["lead"], now=NOON)
    message = Message.objects.create(endpoint=endpoint, event="lead.arrived", content={}, made_at=NOON, not_before=NOON)
    telling.on_their_way([message])
    first = worker("--queues", "telling")
    assert slow.hangs.wait(60)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert ProcrastinateJob.objects.get(task_name="telling.send").status == "doing"
    assert _done(jobs.take_up_stalled, app.job_manager) == (0, 0)  # perhaps it is only slow
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    _done(tasks.take_up_stalled.func, timestamp=0)
    second = worker("--queues", "telling", "--one-shot")
    assert second.wait(60) == 0
    message.refresh_from_db()
    assert message.sent_at is not None
    assert slow.asked == 2


def test_what_takes_long_delays_no_message(slow, worker, user_of, monkeypatch):
    monkeypatch.setattr(settings, "ASSAY", replace(settings.ASSAY, webhooks_may_reach=("127.0.0.1",)))
    slow.asked = 1  # it hangs no more
    url = f"http://127.0.0.1:{slow.server.server_port}/"
    endpoint = actions.add_endpoint(user_of(Role.REVOPS), "x", "standard", url, events=["lead"], now=NOON)
    app.configure_task("rulebook.look").defer(look_id=0)
    message = Message.objects.create(endpoint=endpoint, event="lead.arrived", content={}, made_at=NOON, not_before=NOON)
    telling.on_their_way([message])
    assert worker("--queues", ",".join(QUEUES["worker"]), "--one-shot").wait(60) == 0
    message.refresh_from_db()
    assert message.sent_at is not None
    assert ProcrastinateJob.objects.get(task_name="rulebook.look").status == "todo"
    assert worker("--queues", ",".join(QUEUES["long worker"]), "--one-shot").wait(60) == 0
    assert ProcrastinateJob.objects.get(task_name="rulebook.look").status != "todo"


def test_every_task_is_done_by_one_worker_and_mail_by_the_one_that_is_always_quick():
    app.perform_import_paths()
    asked = {task.queue for task in app.tasks.values()}
    queues = [queue for own in QUEUES.values() for queue in own]
    assert len(queues) == len(set(queues))
    assert asked <= set(queues), "say in serving/queues.py which worker does it"
    quick = {name for name, task in app.tasks.items() if task.queue in QUEUES["worker"]}
    assert {"telling.send", "telling.tell", "telling.digests", "portal.due", "serving.take_up_stalled"} <= quick


def _stalled(task, **more) -> ProcrastinateJob:
    job_id = app.configure_task(task, **more).defer(timestamp=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = 3 WHERE id = %s", [job_id])
    return ProcrastinateJob.objects.get(pk=job_id)


def test_a_periodic_job_that_was_cut_short_makes_way_for_its_next_turn():
    cut_short = _stalled("telling.tell", queueing_lock="telling.tell")
    app.configure_task("telling.tell", queueing_lock="telling.tell").defer(timestamp=1)
    _done(tasks.take_up_stalled.func, timestamp=0)
    assert not ProcrastinateJob.objects.filter(pk=cut_short.pk).exists()
    assert ProcrastinateJob.objects.get().args == {"timestamp": 1}


def test_a_job_that_ends_its_worker_each_time_is_given_up():
    job = _stalled("rulebook.look")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET attempts = %s", [jobs.MOST_TRIES])
    _done(tasks.take_up_stalled.func, timestamp=0)
    assert ProcrastinateJob.objects.get(pk=job.pk).status == "failed"


def _waits(strategy, error, attempts=0):
    job = Job(id=1, status="doing", queue="q", lock=None, queueing_lock=None, task_name="t", attempts=attempts)
    decision = strategy.get_retry_decision(exception=error, job=job)
    return None if decision is None else decision.retry_at


@pytest.mark.parametrize("error", [OperationalError(), PoolTimeout()])
def test_a_job_is_tried_again_where_the_database_does_not_answer(error):
    found = [_waits(jobs.AGAIN, error, attempts) for attempts in range(jobs.MOST_TRIES)]
    assert found == sorted(found)
    assert found[-1] - found[0] < timedelta(minutes=6)
    assert _waits(jobs.AGAIN, error, jobs.MOST_TRIES) is None


def test_a_mistake_of_ours_is_not_tried_again():
    assert _waits(jobs.AGAIN, ZeroDivisionError()) is None


def test_every_task_says_what_becomes_of_it_where_the_database_does_not_answer():
    app.perform_import_paths()
    ours = {name: task for name, task in app.tasks.items() if task.func.__module__.startswith("assay.")}
    assert ours
    by_itself = {"serving.take_up_stalled", "serving.forget_jobs"}  # their next turn does as well
    for name, task in ours.items():
        decides = task.retry_strategy is not None and _waits(task.retry_strategy, OperationalError()) is not None
        assert decides or name in by_itself, name
