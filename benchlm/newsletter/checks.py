"""What keeps mail from leaving, in words: said by `manage.py check --deploy`, by `send_weekly`, and to nobody else."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Tags, Warning, register

STAYS_HERE = ("filebased.EmailBackend", "console.EmailBackend", "dummy.EmailBackend", "locmem.EmailBackend")
LOCAL = ("localhost", "127.0.0.1", "::1")


def faults() -> list[str]:
    """Why no mail may be sent. A local run whose mail stays on the machine needs nothing."""
    site, backend = urlsplit(settings.SITE_URL), settings.MAILERS["default"]["BACKEND"]
    stays_here = backend.endswith(STAYS_HERE)
    if stays_here and site.hostname in LOCAL:
        return []
    found = []
    if site.scheme != "https":
        found.append("SITE_URL is not https: the links of a mail would be open to others.")
    if stays_here:
        found.append("EMAIL_URL leads to a file: a public site needs a mail server or a provider.")
    if "@" not in settings.NEWSLETTER_FROM or settings.NEWSLETTER_FROM.endswith("@localhost"):
        found.append("NEWSLETTER_FROM is missing: a mail needs a sender.")
    if not settings.NEWSLETTER_POSTAL_ADDRESS.strip():
        found.append("NEWSLETTER_POSTAL_ADDRESS is missing: a mail needs the sender's postal address.")
    return found


@register(Tags.security, deploy=True)
def check_newsletter(app_configs, **kwargs) -> list[Warning]:
    """A site that has begun to set up its mail hears what is left; one without mail hears nothing."""
    has_begun = settings.NEWSLETTER_FROM or settings.NEWSLETTER_POSTAL_ADDRESS
    return [Warning(fault, id="newsletter.W001") for fault in (faults() if has_begun else [])]
