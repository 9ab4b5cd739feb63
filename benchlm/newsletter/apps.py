from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    name = "benchlm.newsletter"

    def ready(self) -> None:
        from benchlm.newsletter import checks, logs  # noqa: F401 (registers the system checks)

        logs.hide_tokens()
