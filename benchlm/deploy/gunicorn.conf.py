"""gunicorn for one machine: one process a core, threads for slow clients, no access log (it would hold addresses)."""

import gc
import os

wsgi_app = "benchlm.wsgi:application"
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "benchlm.deploy.worker.PatientWorker"
workers = int(os.environ.get("WEB_CONCURRENCY", os.cpu_count() or 1))
threads = 16
preload_app = True  # one copy of the code in memory for all processes; new code needs a restart, not a reload
timeout = graceful_timeout = 30
keepalive = 5
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 (heartbeats must not wait for a disk)
limit_request_line = limit_request_field_size = 8190
limit_request_fields = 100
forwarded_allow_ips = ""  # whether the proxy's word counts is for BEHIND_PROXY and TRUSTED_PROXIES to say
accesslog = None
control_socket_disable = True  # two sites of one user would share one socket


def when_ready(server) -> None:
    """Load what the first request would, once for all processes, and leave them nothing that two must not share."""
    from django.db import connections
    from django.urls import get_resolver

    from benchlm.deploy.warming import warm_up

    get_resolver().url_patterns  # noqa: B018 (reading it imports every view)
    warm_up()
    connections.close_all()
    gc.collect()
    gc.freeze()  # a collection would write to these pages, and each process would get its own copy
