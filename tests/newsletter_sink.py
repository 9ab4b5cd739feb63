"""A real SMTP server for tests, in a thread of its own: it keeps what it accepted and answers as a script says."""

import asyncio
import email
import email.policy
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

logging.getLogger("mail.log").setLevel(logging.WARNING)
Script = Callable[[str, str, int], str | None]
DROP = "drop"  # close the connection without a word


class Server(SMTP):
    """aiosmtpd's server, which a script can also make silent or hang up at any point."""

    def __init__(self, *args, sink: "Sink", **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.sink = sink

    def connection_made(self, transport) -> None:
        super().connection_made(transport)
        self.sink.transports.append(transport)

    async def _handle_client(self) -> None:
        answer = self.sink.ask("CONNECT", "")
        if answer == DROP:
            self.transport.close()
        elif answer and answer.startswith("wait"):
            await asyncio.sleep(float(answer.split()[1]))
            self.transport.abort()
        elif answer:
            await self.push(answer)
            self.transport.close()
        else:
            await super()._handle_client()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 (aiosmtpd's name)
        if self.sink.ask("BODY", self.envelope.rcpt_tos[0] if self.envelope.rcpt_tos else "") == DROP:
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)  # go on, and the end, in one packet
            self.transport.write(b"354 go on\r\n")
            connection.shutdown(socket.SHUT_RDWR)
            self.transport.close()
            return
        await super().smtp_DATA(arg)


class Sink(Controller):
    """`script(stage, recipient, nth time)` gives an answer, DROP, or None for "accepted". Stages: CONNECT, EHLO, RCPT, BODY, DATA."""

    def __init__(self, script: Script | None = None, **options) -> None:
        """`options` are those of aiosmtpd's server, for example `tls_context`."""
        self.script = script or (lambda stage, recipient, nth: None)
        self.options = options
        self.accepted: list[tuple[str, bytes]] = []
        self.asked: dict[tuple[str, str], int] = {}
        self.transports = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        super().__init__(self, hostname="127.0.0.1", port=port, ready_timeout=10)

    def factory(self) -> Server:
        return Server(
            self, sink=self, hostname="sink.example", enable_SMTPUTF8=False, data_size_limit=10_000_000, **self.options
        )

    def _trigger_server(self) -> None:
        """Nothing to wait for: the port listens already, and a probe would count as a client."""
        self.smtpd = self.factory()
        self._factory_invoked.set()

    def stop(self, no_assert: bool = False) -> None:
        """Hang up first: the loop would wait for ever for a client that stays."""
        for transport in self.transports:
            self.loop.call_soon_threadsafe(transport.abort)
        super().stop(no_assert)

    def ask(self, stage: str, recipient: str) -> str | None:
        key = (stage, recipient)
        self.asked[key] = self.asked.get(key, 0) + 1
        return self.script(stage, recipient, self.asked[key])

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        answer = self.ask("EHLO", "")
        if answer == DROP:
            server.transport.close()
        elif answer:
            await asyncio.sleep(float(answer.split()[1]))
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        answer = self.ask("RCPT", address)
        if answer == DROP:
            server.transport.close()
            return "250 never read"
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        (recipient,) = envelope.rcpt_tos
        answer = self.ask("DATA", recipient)
        if answer and answer.startswith("wait"):
            self.accepted.append((recipient, envelope.original_content))
            await asyncio.sleep(float(answer.split()[1]))
            answer = None
        elif not answer or answer.startswith("2"):
            self.accepted.append((recipient, envelope.original_content))
        return answer or "250 taken"

    # --- what tests look at -----------------------------------------------------------------------------------------
    @property
    def mailer(self) -> dict:
        options = {"host": self.hostname, "port": self.port, "timeout": 2}
        return {"default": {"BACKEND": "benchlm.newsletter.smtp.EmailBackend", "OPTIONS": options}}

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.accepted]

    @property
    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(raw, policy=email.policy.default) for _, raw in self.accepted]


@contextmanager
def listening(settings, **options) -> Iterator[Sink]:
    """A started server that accepts all, and the site's settings that send to it."""
    server = Sink(**options)
    server.start()
    settings.MAILERS = server.mailer
    settings.SITE_URL = "https://benchlm.example"
    settings.NEWSLETTER_FROM = "BenchLM <weekly@benchlm.example>"
    settings.NEWSLETTER_POSTAL_ADDRESS = "1 Test Street, Testville"
    yield server
    server.stop()
