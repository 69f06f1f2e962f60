# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an entry of each event holds, and what it never holds although it was at hand when the entry was written.

The documentation is drawn from this, and the tests that walk over the acts hold every entry they see against it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.ledger.about import About
from vaka.ledger.catalogue_access import ACCESS
from vaka.ledger.catalogue_installation import INSTALLATION
from vaka.ledger.catalogue_work import WORK
from vaka.ledger.events import Event

CATALOGUE: Mapping[Event, About] = MappingProxyType({**WORK, **INSTALLATION, **ACCESS})
"""An event that is not here is told of with a dash; a test asks for it."""
