"""The visitor's network address: used within a request, never kept, and how often one client may do a thing."""

import datetime
import ipaddress
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b

from django.conf import settings

HOUR = 3600
MOST_CLIENTS = 50_000  # in memory; the oldest goes first
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_salt = secrets.token_bytes(32)  # what stands for a client means nothing outside this process
_lock = threading.Lock()
_clients: dict[bytes, deque[float]] = {}


def client_may(doing: str, network: str, an_hour: int, now: datetime.datetime) -> bool:
    """Count one thing that a client does; False beyond its share in an hour, which the workers divide."""
    text, moment = f"{doing}:{network}".encode(), now.timestamp()
    client = blake2b(text, key=_salt, digest_size=16).digest()
    with _lock:
        seen = _clients.pop(client, None) or deque()
        while seen and seen[0] <= moment - HOUR:
            seen.popleft()
        is_allowed = len(seen) < max(1, an_hour // settings.WORKERS)
        if is_allowed:
            seen.append(moment)
        _clients[client] = seen
        while len(_clients) > MOST_CLIENTS:
            del _clients[next(iter(_clients))]
    return is_allowed


def forget_clients() -> None:
    with _lock:
        _clients.clear()


def client_address(meta: Mapping[str, str]) -> Address | None:
    """The peer, or behind trusted proxies the first address from the right of X-Forwarded-For that is none of them."""
    peer = parsed(meta.get("REMOTE_ADDR", ""))
    hops = [
        peer,
        *(parsed(hop.strip()) for hop in reversed(meta.get("HTTP_X_FORWARDED_FOR", "").split(",")) if hop.strip()),
    ]
    for hop in hops:
        if not is_trusted(hop):
            return hop
    return hops[-1]


def parsed(text: str) -> Address | None:
    """An address without zone, else None."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if getattr(address, "scope_id", None) else address


def is_trusted(address: Address | None) -> bool:
    return address is not None and any(address in network for network in _trusted(tuple(settings.TRUSTED_PROXIES)))


@lru_cache(maxsize=8)
def _trusted(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def network_of(address: Address | None) -> str:
    """What counts as one client: an IPv4 address, the /56 of an IPv6 address."""
    if address is None:
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ipaddress.ip_network((address, 32 if address.version == 4 else 56), strict=False))
