"""A JSON Web Token that we sign ourselves (RFC 7519, RS256), as a service account does."""

from __future__ import annotations

import base64
import json

from eink_monitor.errors import AuthFailed
from eink_monitor.sources.http.auth import SignedJwt

_LONGEST = 3600  # s; Google takes no more


def assertion(auth: SignedJwt, who: str, now: int) -> str:
    """The signed token. ``AuthFailed`` where the key is none; ``ImportError`` without the library ``cryptography``."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pem, issuer = parts(auth)
    token_url = auth.token_url.text if auth.token_url else ""
    claims = {"iss": issuer, "sub": auth.subject, "aud": auth.audience or token_url, "scope": auth.scope}
    times = {"iat": now, "exp": now + min(auth.lives, _LONGEST)}
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise AuthFailed(f"{who}: the key of auth is no RSA private key", "copy the whole file, with its BEGIN and END")
    head = _packed({"alg": "RS256", "typ": "JWT"})
    signed = f"{head}.{_packed({name: value for name, value in claims.items() if value} | times)}"
    return f"{signed}.{_url_safe(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def parts(auth: SignedJwt) -> tuple[str, str]:
    """The private key (PEM) and the issuer, out of a service account's file where the key is one."""
    text, issuer = auth.key.reveal().strip(), auth.issuer.reveal() if auth.issuer else ""
    if not text.startswith("{"):
        return text.replace("\\n", "\n"), issuer
    try:
        account = json.loads(text)
        return str(account["private_key"]), issuer or str(account["client_email"])
    except (ValueError, KeyError, TypeError):
        return "", issuer


def _packed(value: object) -> str:
    return _url_safe(json.dumps(value, separators=(",", ":")).encode())


def _url_safe(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
