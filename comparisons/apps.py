from django.apps import AppConfig


class ComparisonsConfig(AppConfig):
    name = "comparisons"

    def ready(self) -> None:
        from comparisons import checks  # noqa: F401 (registers the system checks)
