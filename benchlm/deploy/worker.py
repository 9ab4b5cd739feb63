"""gunicorn's threaded worker, made patient: a client that stalls while it sends a request costs a socket, not a thread."""

import re
import selectors
import socket
import struct
import time

from gunicorn.http.errors import InvalidHeader
from gunicorn.http.message import Request
from gunicorn.workers.gthread import TConn, ThreadWorker

SECONDS = 10  # for a request to arrive; then the connection is closed
MOST_BYTES = 131_072  # waited for without a thread: any head that gunicorn's limits allow, and every form of a visitor
STALLED_SECONDS = 30  # that a thread waits for the next piece of a longer body
END_OF_HEAD = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r\n", re.IGNORECASE)
ASKS_FIRST = re.compile(rb"\r\nexpect:", re.IGNORECASE)  # it sends no body before it gets an answer


class PatientWorker(ThreadWorker):
    """Collects requests in the loop that waits for sockets anyway; gunicorn's own holds a thread for each until it is whole."""

    def enqueue_req(self, conn: TConn) -> None:
        """Give a connection to a thread once its request is here, else wait for the rest without one."""
        if conn.parser is None:
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", STALLED_SECONDS, 0))
        conn.received = conn.parser.unreader.take_buffered() if conn.parser else b""
        conn.sock.setblocking(False)
        if has_arrived(conn):
            super().enqueue_req(conn)
            return
        conn.timeout = time.monotonic() + SECONDS
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, lambda sock: self.on_pending_socket_readable(conn, sock))

    def on_pending_socket_readable(self, conn: TConn, client: object) -> None:
        """Called with each further piece, which does not prolong the time that there is for all of them."""
        if has_arrived(conn):
            self.poller.unregister(client)
            self.pending_conns.remove(conn)
            super().enqueue_req(conn)

    def handle_error(self, req: object, client: socket.socket, addr: tuple, exc: Exception) -> None:
        """gunicorn's own would log who sent a bad request."""
        super().handle_error(req, client, ("a client", -1), exc)

    def handle_request(self, req: Request, conn: TConn) -> object:
        """Django would take the machine's own name for a host that is missing; RFC 9112, 3.2 wants 400."""
        if req.version >= (1, 1) and not any(name == "HOST" for name, _ in req.headers):
            raise InvalidHeader("HOST", req=req)
        return super().handle_request(req, conn)

    def handle(self, conn: TConn) -> object:
        """In a thread: what was read goes back to where gunicorn's parser looks for it."""
        conn.data_ready = True
        conn.init()
        conn.parser.unreader.unread(conn.received)
        return super().handle(conn)


def has_arrived(conn: TConn) -> bool:
    """Read what is there; whether a thread can go on with it: a whole request, a very long one, or a client that left."""
    while not is_whole(conn.received):
        try:
            piece = conn.sock.recv(16_384)
        except BlockingIOError:
            return False
        except OSError:
            return True
        if not piece:
            return True
        conn.received += piece
    return True


def is_whole(received: bytes) -> bool:
    """Whether a request's head, and a body whose length it names, are here, or as much as is waited for."""
    end = received.find(END_OF_HEAD)
    if end < 0:
        return len(received) >= MOST_BYTES
    head = received[: end + 2]
    length = LENGTH.search(head)
    if length is None or ASKS_FIRST.search(head):
        return True
    return len(received) >= min(end + len(END_OF_HEAD) + int(length[1]), MOST_BYTES)
