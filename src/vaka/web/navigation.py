# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The pages that stand in the head of the portal and of the office, in groups, and which of them somebody may open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from vaka.access.permissions import Permission


@dataclass(frozen=True, slots=True)
class Room:
    """A page that the head leads to."""

    name: str
    """What the page calls itself, so that the head knows where one is."""
    path: str
    """Below the application's address, or in the portal below the authority's."""
    title: str
    """Marked for translation."""
    needs: Permission


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that answer one kind of question. One with a single page is led to by the page's title."""

    title: str
    """Marked for translation."""
    rooms: Sequence[Room]

    def holds(self, name: str) -> bool:
        """Whether a page of that name is one of these."""
        return any(room.name == name for room in self.rooms)


def open_groups(groups: Sequence[Group], may_open: Callable[[Permission], bool]) -> list[Group]:
    """Return the groups in which something is open, each with what is."""
    open_now = (replace(group, rooms=[room for room in group.rooms if may_open(room.needs)]) for group in groups)
    return [group for group in open_now if group.rooms]


def rooms_where(groups: Sequence[Group], is_shown: Callable[[Room], bool]) -> list[Group]:
    """Return the groups with those of their rooms that are shown; without the groups that have none."""
    shown = (replace(group, rooms=[room for room in group.rooms if is_shown(room)]) for group in groups)
    return [group for group in shown if group.rooms]
