"""A session of requests with our certificates and no cookies, which reports when a connection stands."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from typing import Any

from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ProxyError

from eink_monitor.sources._http.lean import requests

logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # it quotes addresses, which may hold a key

_KINDS = (HTTPConnectionPool, HTTPSConnectionPool)


class _Session(requests.Session):
    """Without redirects: even where it follows none, requests reads all of one's body to learn where it leads."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No redirect target."""


class _Adapter(requests.adapters.HTTPAdapter):
    """``pools`` are classes by scheme."""

    def __init__(self, trust: Callable[[], ssl.SSLContext], pools: dict[str, type]) -> None:
        self._trust = trust
        self._pools = pools
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *words: Any, **named: Any) -> None:
        super().init_poolmanager(*words, **named)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def get_connection_with_tls_context(self, *words: Any, **named: Any) -> Any:
        """With the proxy's address, if there is one; the vendor's own has been looked at by now."""
        try:
            return super().get_connection_with_tls_context(*words, **named)
        except ValueError as error:
            fault = error
        raise ProxyError("not the address of a proxy", fault)

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        """For HTTP proxies only: our pools know no other kind, and would bypass it."""
        if not proxy.lower().startswith("http"):
            raise ValueError
        manager = super().proxy_manager_for(proxy, proxy_ssl_context=self._trust(), **named)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Of whatever release requests is: our context, and no list of certificates beside it."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {"ssl_context": self._trust()} if host["scheme"] == "https" else {}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context verifies; requests would add its own list."""


def open_session(
    trust: Callable[[], ssl.SSLContext], reached: Callable[[], object], pools: dict[str, type] | None = None
) -> requests.Session:
    """A session for one call; to be closed.

    ``reached`` is called once a connection stands, with TLS and through a proxy where there are; ``pools`` stand in for
    those of urllib3, by scheme.
    """
    session = _Session()
    session.trust_env = False  # no .netrc, no other list of certificates
    session.headers.clear()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    adapter = _Adapter(trust, pools or {kind.scheme: _reporting(kind, reached) for kind in _KINDS})
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _reporting(pool: Any, reached: Callable[[], object]) -> Any:
    """The same kind of pool, whose connections report when they stand."""

    class Connection(pool.ConnectionCls):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            reached()

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})
