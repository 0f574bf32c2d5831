"""All that goes with a project's interactions."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.state.resources.interactions.related.records import Records
from emulator.state.resources.interactions.related.triggers import Triggers
from emulator.state.resources.interactions.related.voices import Voices
from emulator.state.resources.interactions.related.webhooks import Webhooks


@dataclass(slots=True)
class Related:
    """By kind; tokens are kept by their hexadecimal digits."""

    credentials: Records = field(default_factory=Records, repr=False)
    triggers: Triggers = field(default_factory=Triggers, repr=False)
    voices: Voices = field(default_factory=Voices, repr=False)
    webhooks: Webhooks = field(default_factory=Webhooks, repr=False)
    tokens: Records = field(default_factory=Records, repr=False)
