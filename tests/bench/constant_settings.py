"""The site's own settings, with the addresses of `tests.bench.constant_site`."""

from benchlm.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.constant_site"
