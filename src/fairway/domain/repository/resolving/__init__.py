"""Written models to the resolved ones of `models`: cross-checks, defaults, absolute paths.

The rule not to break: nothing is read here. Files that must exist are collected as references for the service.
"""

from fairway.domain.repository.resolving.context import FileReference, ReferenceKind
from fairway.domain.repository.resolving.repository import Resolution, release_files_of, resolve_repository

__all__ = ["FileReference", "ReferenceKind", "Resolution", "release_files_of", "resolve_repository"]
