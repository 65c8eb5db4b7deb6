"""Trust and client certificates for the connection to one API server.

The rule not to break: a private key touches the disk only in a file of mode 0600 that is gone before this returns,
because OpenSSL's Python binding loads keys from files alone.
"""

from __future__ import annotations

import ssl
import tempfile

from fairway.adapters.kube.target import Target
from fairway.domain.errors import UserError


def tls_context(target: Target) -> ssl.SSLContext | None:
    """The context for an https server; None for http. Raises UserError when the authority is no certificate."""
    if not target.server.startswith("https://"):
        return None
    if target.insecure:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if not target.ca:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=target.ca.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise UserError(
            f"the certificate authority of {target.name} is not a PEM certificate",
            where=target.where,
            fix="copy certificate-authority-data again, whole",
        ) from error
    return context


def load_client_certificate(context: ssl.SSLContext, certificate: bytes, key: bytes, target: Target) -> None:
    """Use this certificate for new connections. Raises UserError when the two do not fit."""
    with tempfile.NamedTemporaryFile(prefix="fairway-") as file:
        file.write(certificate + b"\n" + key + b"\n")
        file.flush()
        try:
            context.load_cert_chain(file.name, password=_no_password)
        except (ssl.SSLError, OSError) as error:
            raise UserError(
                f"the client certificate and key of {target.name} can't be used: {_reason(error)}",
                where=target.where,
                fix="renew them, both from the same source",
            ) from error


def _no_password() -> str:
    raise OSError("the key is encrypted, which Kubernetes clients do not support")


def _reason(error: OSError) -> str:
    return getattr(error, "reason", None) or str(error)
