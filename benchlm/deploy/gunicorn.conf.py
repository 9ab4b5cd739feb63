"""gunicorn for one machine: one process a core, threads for slow clients, no access log (it would hold addresses)."""

import os

wsgi_app = "benchlm.wsgi:application"
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", os.cpu_count() or 1))
threads = 16
timeout = 30
keepalive = 5
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 (heartbeats must not wait for a disk)
limit_request_line = 8190
limit_request_fields = 100
accesslog = None
control_socket_disable = True  # two sites of one user would share one socket
