# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is wrong with a machine's clock, in Swedish and English."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.errors import Sentence

WRONG: Mapping[str, Sentence] = MappingProxyType(
    {
        "silent": Sentence(sv="har inte berättat om sin klocka på fem minuter", en="has told nothing for five minutes"),
        "stranger": Sentence(
            sv="berättar om sin klocka och finns inte i inställningarna", en="tells of its clock and is in no settings"
        ),
        "down": Sentence(sv="tidstjänsten svarar inte", en="the time service does not answer"),
        "old": Sentence(
            sv="tidstjänsten har inte frågats på fem minuter", en="the time service was not asked for five minutes"
        ),
        "unsynchronised": Sentence(
            sv="kärnan håller klockan för osynkroniserad", en="the kernel holds the clock for unsynchronised"
        ),
        "unknown": Sentence(
            sv="kärnan säger inte om klockan är synkroniserad",
            en="the kernel does not say whether the clock is synchronised",
        ),
        "leap": Sentence(
            sv="tidstjänsten säger att den inte är synkroniserad",
            en="the time service says that it is not synchronised",
        ),
        "sourceless": Sentence(sv="ingen källa följs", en="no source is followed"),
        "unlisted": Sentence(
            sv="källan är inte en av de tillåtna", en="the source is not one of those that are allowed"
        ),
        "unproven": Sentence(
            sv="källan har inte visat vem den är (NTS)", en="the source has not proved who it is (NTS)"
        ),
        "unreached": Sentence(
            sv="källan svarade inte de tre senaste gångerna", en="the source did not answer the last three times"
        ),
        "stratum": Sentence(sv="källan är för långt från normaltiden", en="the source is too far from standard time"),
        "aged": Sentence(
            sv="det är för länge sedan en källa följdes", en="it is too long ago that a source was followed"
        ),
        "error": Sentence(sv="klockan kan gå för mycket fel", en="the clock may be off by too much"),
        "skewed": Sentence(
            sv="går mer än en sekund från databasserverns klocka",
            en="differs by more than a second from the database server's clock",
        ),
        "differ": Sentence(sv="maskinernas klockor skiljer sig åt", en="the machines' clocks differ from each other"),
    }
)
"""By reason of the rule (rule.py)."""
