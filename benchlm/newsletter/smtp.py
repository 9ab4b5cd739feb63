"""Django's SMTP backend with connections that know whether the end of a message has left."""

import re
import select
import smtplib
import socket

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp

END_OF_MESSAGE = b".\r\n"


class Watched:
    """What a connection adds to smtplib's: a message without its end was not accepted; one with it may have been.

    The end goes out by itself, after a look whether the server has hung up meanwhile.
    """

    may_be_accepted = False

    def sendmail(self, *args, **kwargs) -> dict:
        self.may_be_accepted = False
        return super().sendmail(*args, **kwargs)

    def data(self, message: bytes) -> tuple[int, bytes]:
        self.putcmd("data")
        code, reply = self.getreply()
        if code != 354:
            raise smtplib.SMTPDataError(code, reply)
        self.sock.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )  # two sends in a row must not wait for an answer
        body = re.sub(rb"(?m)^\.", b"..", message)
        self.send(body if body.endswith(b"\r\n") else body + b"\r\n")
        if select.select([self.sock], [], [], 0)[0]:  # a word before its turn: a refusal or the end of the connection
            code, reply = self.getreply()
            self.close()
            raise smtplib.SMTPDataError(code, reply)
        self.may_be_accepted = True
        self.send(END_OF_MESSAGE)
        answer = self.getreply()
        self.may_be_accepted = False
        return answer


class Connection(Watched, smtplib.SMTP):
    pass


class SecureConnection(Watched, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    """`may_be_accepted` says of the message that just failed whether the server may have taken it all the same."""

    may_be_accepted = False

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return SecureConnection if self.use_ssl else Connection

    def open(self) -> bool | None:
        """Up to the greeting, which Django leaves to the first message: until then no recipient is concerned."""
        is_new = super().open()
        if is_new:
            self.connection.ehlo_or_helo_if_needed()
        return is_new

    def _send(self, email_message: EmailMessage) -> bool:
        self.may_be_accepted = False
        try:
            return super()._send(email_message)
        except OSError:
            self.may_be_accepted = self.connection.may_be_accepted
            raise

    def drop(self) -> None:
        """Close without a word to a server that may be gone."""
        for connection in (self.connection, self._partial_connection):
            if connection is not None:
                connection.close()
        self.connection = self._partial_connection = None
