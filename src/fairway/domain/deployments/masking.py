"""Secrets never reach the ledger or a log: free text is masked on its way in, here and nowhere else.

Masks too much rather than too little: passwords in addresses, values behind a name that says that they are secret
(`domain.values.secrets` decides which), bearer and basic credentials, private keys, and tokens of well-known form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fairway.domain.values.secrets import MASK, looks_secret

LONGEST = 8000

_USERINFO = re.compile(r"(://)([^/\s:@]*):([^\s/]*)@")
_TOKEN_AS_USER = re.compile(r"(https?://)([^/\s:@]{16,})@")
_NAME = re.compile(r"""(?<![\w.\[\]-])([\w.\[\]-]+)(["']?\s*[=:]\s*)""")
"""A key with its sign; in JSON the closing quote stands between them."""
_SIGN = re.compile(r"""["']?\s*[=:]\s*""")
_VALUE = re.compile(
    r"""(?x)
    (?:(?i:bearer|basic|digest|token|negotiate|apikey)\s+)*
    (?:[^\s,;&"'}]*[=:]\s+)*        # what looks like a key again belongs to the value
    (?:"(?:[^"\\]|\\.)*" | '[^']*' | ["']?[^\s,;&"'}]+)
    """
)
_SCHEME = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/._~=-]{8,}")
_KNOWN = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abposr]-[\w-]{10,}|AKIA[0-9A-Z]{16}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_PLAIN = re.compile(r"[\w@%+=:,./*-]+")


def mask(text: str) -> str:
    """The text with everything that looks like a secret hidden."""
    text = _PEM.sub(MASK, text)
    text = _USERINFO.sub(rf"\1\2:{MASK}@", text)
    text = _TOKEN_AS_USER.sub(rf"\1{MASK}@", text)
    text = _hide_assigned(text)
    text = _SCHEME.sub(rf"\1 {MASK}", text)
    return _KNOWN.sub(MASK, text)


def fit_to_keep(text: str) -> str:
    """Masked, at most `LONGEST` characters (the end is what tells why), and storable: no NUL, no half characters."""
    text = text.encode(errors="replace").decode().replace("\0", "�")
    if len(text) > LONGEST:
        text = f"… {text[-LONGEST:]}"
    return mask(text)


def mask_command(arguments: Sequence[str]) -> str:
    """A command line as a shell would read it; the values of secret options are hidden, in either form.

    `--token x`, `--token=x`, `--set db.password=x`, `https://user:x@host` all lose their x.
    """
    shown: list[str] = []
    hide_next = False
    for argument in arguments:
        shown.append(MASK if hide_next else _quoted(mask(_hide_settings(argument))))
        hide_next = not hide_next and argument.startswith("-") and "=" not in argument and looks_secret(argument)
    return " ".join(shown)


def _hide_settings(argument: str) -> str:
    """`a.password=x y,b=1` as helm's `--set` reads it: a value goes on to the next comma, blanks and all."""
    parts = [part.partition("=") for part in re.split(r"(?<!\\),", argument)]
    return ",".join(
        f"{name}={MASK}" if sign and looks_secret(name) else name + sign + rest for name, sign, rest in parts
    )


def _hide_assigned(text: str) -> str:
    parts: list[str] = []
    start = 0
    while name := _NAME.search(text, start):
        parts.append(text[start : name.end()])
        start = name.end()
        key = name[1].rstrip("]")
        if (looks_secret(key) or key.lower().endswith("authorization")) and (value := _VALUE.match(text, start)):
            parts.append(MASK)
            start = value.end()
            # What was taken for the value turned out to be a key: its value goes too.
            while (sign := _SIGN.match(text, start)) and (value := _VALUE.match(text, sign.end())):
                start = value.end()
    return "".join([*parts, text[start:]])


def _quoted(argument: str) -> str:
    if _PLAIN.fullmatch(argument.replace(MASK, "x")):
        return argument
    return "'" + argument.replace("'", "'\"'\"'") + "'"
