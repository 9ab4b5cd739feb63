from django.apps import AppConfig
from django.db.backends.signals import connection_created


class ComparisonsConfig(AppConfig):
    name = "comparisons"

    def ready(self) -> None:
        from comparisons import checks, turns  # noqa: F401 (registers the system checks)

        connection_created.connect(turns.take_turns, dispatch_uid="turns")
