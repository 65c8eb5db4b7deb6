"""What the pages of the portal are made of; whoever runs the process gives them."""

from __future__ import annotations

from dataclasses import dataclass

from fairway.services.portal.options import PortalOptions
from fairway.services.portal.portal import Portal
from fairway.services.portal.sessions import Sessions
from fairway.services.portal.signing_in import SigningIn


@dataclass(frozen=True, slots=True)
class PortalParts:
    options: PortalOptions
    portal: Portal
    signing_in: SigningIn
    sessions: Sessions
