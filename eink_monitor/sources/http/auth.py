"""How a vendor wants to know who asks: the kinds of ``auth:``. What they issue is kept by ``granted``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from eink_monitor.clock import HOUR
from eink_monitor.settings import Duration, Personal, Secret
from eink_monitor.sources._expression import NOTHING, Expression
from eink_monitor.sources._template import Template
from eink_monitor.sources.http.asking import Asking

Sent = Literal["form", "json", "basic"]
"""How client_id and client_secret go to a token endpoint: in a form, in JSON, or as user and password (RFC 6749)."""


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """``Authorization: Bearer`` and a token that lasts."""

    token: Secret
    type: Literal["bearer"] = "bearer"


@dataclass(frozen=True, kw_only=True)
class HeaderKey:
    """A header with a key: ``name: X-Api-Key``."""

    name: str
    value: Secret
    type: Literal["header"] = "header"


@dataclass(frozen=True, kw_only=True)
class Basic:
    """User and password (RFC 7617)."""

    user: Secret
    password: Secret | None = None
    type: Literal["basic"] = "basic"


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A token that a vendor issues for a time; it travels in ``header`` behind ``scheme``."""

    header: str = "Authorization"
    scheme: str = "Bearer"


@dataclass(frozen=True, kw_only=True)
class ClientCredentials(Issued):
    """OAuth 2 for programs: a token for an id and a secret (RFC 6749, 4.4); ``more`` are further parameters."""

    token_url: Template
    client_id: Secret
    client_secret: Secret
    scope: str = ""
    send: Sent = "form"
    more: Mapping[str, Secret] = field(default_factory=dict)
    type: Literal["client_credentials"] = "client_credentials"


@dataclass(frozen=True, kw_only=True)
class RefreshGrant(Issued):
    """OAuth 2 with a refresh token (RFC 6749, 6), which may be replaced at each use: it is only the first one."""

    token_url: Template
    client_id: Secret
    refresh_token: Secret
    client_secret: Secret | None = None
    scope: str = ""
    send: Sent = "form"
    type: Literal["refresh"] = "refresh"


@dataclass(frozen=True, kw_only=True)
class Login(Issued, Asking):
    """A call that answers with a token.

    ``{{user}}`` and ``{{password}}`` stand for themselves in its body, form and headers; where it is ``basic``, they
    go as RFC 7617 says. It holds until ``expires``, a time or a number of seconds, or for as long as it ``lives``.
    """

    token: Expression
    user: Personal[str] = ""
    password: Secret | None = None
    basic: bool = False
    method: Literal["get", "post"] = "post"
    expires: Expression = NOTHING
    lives: Duration = Duration(HOUR)
    type: Literal["login"] = "login"


@dataclass(frozen=True, kw_only=True)
class SignedJwt(Issued):
    """A token for a signed assertion (RFC 7523), as Google's service accounts have it.

    Without ``token_url`` the assertion is the token. ``key`` is a private key (PEM), or the whole JSON file of a
    service account.
    """

    key: Secret
    issuer: Secret | None = None
    subject: str = ""
    audience: str = ""
    scope: str = ""
    token_url: Template | None = None
    lives: Duration = Duration(HOUR)
    type: Literal["jwt"] = "jwt"


@dataclass(frozen=True, kw_only=True)
class Hmac:
    """A signature of each request, in ``header``.

    In the ``message`` that is signed, ``{{method}}``, ``{{path}}`` (with its query), ``{{query}}`` and ``{{body}}``
    stand for parts of the request.
    """

    secret: Secret
    message: str
    header: str
    digest: Literal["sha256", "sha1", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    scheme: str = ""
    type: Literal["hmac"] = "hmac"


Auth = Bearer | HeaderKey | Basic | ClientCredentials | RefreshGrant | Login | SignedJwt | Hmac
