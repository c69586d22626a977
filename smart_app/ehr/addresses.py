"""Owns which addresses may be called: the guard against server-side request forgery.

A URL comes from a registration, or out of what a registered EHR says of itself (discovery, paging). The second kind
may name any public HTTPS host, because several vendors keep their authorization server apart from their FHIR server,
but nothing inside a private network unless its host is that of a registration (OWASP ASVS 5.0, 1.3.6).
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from smart_app.ehr.errors import EhrUntrusted

HostTrust = Callable[[str], bool]
Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
_CARRIER_GRADE_NAT = IPv4Network("100.64.0.0/10")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def trusting(*urls: str) -> HostTrust:
    """A rule that trusts the hosts of exactly these URLs."""
    hosts = frozenset(host_of(url) for url in urls)
    return lambda host: host in hosts


def split_url(url: str) -> SplitResult:
    """The parts of a URL that may be called as far as its text tells.

    Raises EhrUntrusted where it is not absolute HTTPS (plain HTTP is for loopback alone), where it hides a user name
    or a fragment, or where parsers could disagree on it.
    """
    if any(c.isspace() or ord(c) < 0x20 or c in '\\"<>\x7f' for c in url):
        raise EhrUntrusted
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise EhrUntrusted from None
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback_host(host))
    if not (secure and host) or "@" in parts.netloc or parts.fragment or "#" in url:
        raise EhrUntrusted
    return parts


def is_callable(url: str) -> bool:
    """Whether the text of a URL passes `split_url`."""
    try:
        split_url(url)
    except EhrUntrusted:
        return False
    return True


def host_of(url: str) -> str:
    """The host of a URL in lower case, without port. Raises EhrUntrusted for a URL that may not be called."""
    return split_url(url).hostname or ""


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL (RFC 6454). Raises EhrUntrusted for a URL that may not be called."""
    parts = split_url(url)
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]


def is_loopback_host(host: str) -> bool:
    """Whether a host name or literal means this very machine."""
    address = literal(host)
    return host == "localhost" if address is None else address.is_loopback


def literal(host: str) -> Address | None:
    """The address that a host spells out, or None for a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def may_connect(address: str, *, host: str, secure: bool, trusted: bool) -> bool:
    """Whether a connection for `host` may go to this resolved address.

    Checked on the very address that is then connected to, so a name that resolves differently the next moment gains
    nothing. A registered name is trusted with private networks but never with link-local ones, where cloud metadata
    lives; a registered literal is meant as it stands.
    """
    found = ip_address(address.partition("%")[0])
    if not secure:
        return trusted and found.is_loopback
    if trusted:
        return literal(host) is not None or not _inner(found).is_link_local
    return is_public(found)


def is_public(address: Address) -> bool:
    """Whether an address is in the public Internet, also when an IPv6 form wraps an IPv4 one."""
    inner = _inner(address)
    if inner != address:
        return is_public(inner)
    special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    shared = isinstance(address, IPv4Address) and address in _CARRIER_GRADE_NAT
    return address.is_global and not (special or shared)


def _inner(address: Address) -> Address:
    """The IPv4 address inside a mapped, 6to4, Teredo or NAT64 one; any other address is itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address
