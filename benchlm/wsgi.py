"""The WSGI application that gunicorn serves: kept pages, and Django behind them."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchlm.settings")
django = get_wsgi_application()

from benchlm.pagestore import in_front  # noqa: E402 (it reads the settings)

application = in_front(django)
