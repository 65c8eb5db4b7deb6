"""Charts: from a reference to something that can be rendered."""

from fairway.domain.charts.sources import Unreachable
from fairway.services.charts.fetching import Charts
from fairway.services.charts.notices import CollectedNotices
from fairway.services.charts.ports import Notices

__all__ = ["Charts", "CollectedNotices", "Notices", "Unreachable"]
