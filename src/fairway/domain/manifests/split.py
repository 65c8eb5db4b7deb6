"""Cut a stream of YAML into documents exactly where Helm cuts it.

The rule not to break: the text of a document is what Helm stores and prints, byte for byte, so nothing here may
normalise line ends, quotes or trailing blanks. Source: Helm v4.3, pkg/release/v1/util/manifest.go (older ones also
drop the white space before a separator, which is the only difference between their records and ours).
"""

from __future__ import annotations

import re

GO_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""What Go's unicode.IsSpace calls white space; Python's str.strip() also takes \\x1c-\\x1f, which Go keeps."""

_SEPARATOR = re.compile(r"^---[ \t]*", re.MULTILINE)


def split_documents(text: str) -> list[str]:
    """The documents of `text` in order, without separators; blank ones are left out, comment-only ones stay."""
    parts = _SEPARATOR.split(text.lstrip(GO_SPACE))
    return [part.lstrip(GO_SPACE) for part in parts if part.strip(GO_SPACE)]


_STREAM_SEPARATOR = re.compile(r"^---(?P<rest>[^\n]*)\n?", re.MULTILINE)


def split_stream(text: str) -> list[str]:
    """The documents of a stored manifest as the Kubernetes client cuts them before it reads them.

    Unlike `split_documents` it keeps trailing line ends, on which the value of a block scalar at a document's end
    depends. Raises ValueError for a separator line with more than a comment on it.
    Source: `YAMLReader` in k8s.io/apimachinery, pkg/util/yaml/decoder.go.
    """
    documents: list[str] = []
    start = 0
    for separator in _STREAM_SEPARATOR.finditer(text):
        rest = separator["rest"].strip()
        if rest and not rest.startswith("#"):
            raise ValueError(f"a line that starts with --- is a separator and cannot hold {rest[:40]!r}")
        documents.append(text[start : separator.start()])
        start = separator.end()
    documents.append(text[start:])
    return [document if document.endswith("\n") else f"{document}\n" for document in documents if document]
