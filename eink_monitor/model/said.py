"""What a source may yield."""

from __future__ import annotations

from eink_monitor.model.event import Event
from eink_monitor.model.listing import Listing
from eink_monitor.model.outlook import Outlook
from eink_monitor.model.reading import Reading

Said = Reading | Outlook | Listing | Event
