# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is wrong with backups, as authorities read it (term 24)."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.errors import Sentence

OF_BACKUP: Mapping[tuple[str, str], Sentence] = MappingProxyType(
    {
        ("recovery-point", "late"): Sentence(
            sv="Det senaste som kan återställas är {count} [minut|minuter] gammalt: äldre än avtalat.",
            en="The newest that can be restored is {count} [minute|minutes] old: older than agreed.",
        ),
        ("restore-drill", "failed"): Sentence(
            sv="Det senaste återläsningsprovet kunde inte genomföras.",
            en="The latest restore drill could not be carried out.",
        ),
        ("restore-drill", "different"): Sentence(
            sv="I det senaste återläsningsprovet var {count} [del inte vad den|delar inte vad de] skulle vara.",
            en="In the latest restore drill {count} [part was not what it|parts were not what they] had to be.",
        ),
        ("restore-drill", "slow"): Sentence(
            sv="Det senaste återläsningsprovet tog {count} [minut|minuter]: längre än avtalat.",
            en="The latest restore drill took {count} [minute|minutes]: longer than agreed.",
        ),
        ("restore-drill", "lost"): Sentence(
            sv="Vid det senaste återläsningsprovet hade {count} [minuts|minuters] ändringar gått förlorade: mer än "
            "avtalat.",
            en="At the latest restore drill {count} [minute|minutes] of changes would have been lost: more than "
            "agreed.",
        ),
        ("backup-separation", "unreadable"): Sentence(
            sv="Säkerhetskopiorna kunde inte läsas när de senast skulle kontrolleras.",
            en="The backups could not be read when they were last to be checked.",
        ),
        ("backup-separation", "damaged"): Sentence(
            sv="{count} [del av säkerhetskopiorna är skadad|delar av säkerhetskopiorna är skadade].",
            en="{count} [part of the backups is|parts of the backups are] damaged.",
        ),
        ("backup-separation", "plain"): Sentence(
            sv="{count} [säkerhetskopia är inte krypterad|säkerhetskopior är inte krypterade].",
            en="{count} [backup is|backups are] not encrypted.",
        ),
        ("backup-separation", "erasable"): Sentence(
            sv="Den som driver plattformen kan ta bort eller skriva över säkerhetskopiorna.",
            en="Whoever runs the platform can remove or overwrite the backups.",
        ),
        ("backup-separation", "together"): Sentence(
            sv="Enligt registret står säkerhetskopiorna inte i en annan hall än driften.",
            en="By the register the backups are not in another hall than operations.",
        ),
    }
)
