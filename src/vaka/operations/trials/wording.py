# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is said of a trial alarm that did not come through."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.errors import Sentence
from vaka.operations.trials.standing import TrialOutcome

WORDS: Mapping[TrialOutcome, Sentence] = MappingProxyType(
    {
        TrialOutcome.UNREACHABLE: Sentence(
            sv="Systemprovet kunde inte göras: myndighetens databas svarade inte.",
            en="No trial alarm could be sent: the authority's database did not answer.",
        ),
        TrialOutcome.UNANSWERED: Sentence(
            sv="Systemprovet fick inget svar av larmmottagaren.", en="The receiver did not answer the trial alarm."
        ),
        TrialOutcome.BUSY: Sentence(
            sv="Larmmottagaren svarade att den inte kunde spara systemprovet.",
            en="The receiver answered that it could not store the trial alarm.",
        ),
        TrialOutcome.REFUSED: Sentence(
            sv="Larmmottagaren avvisade systemprovet.", en="The receiver refused the trial alarm."
        ),
        TrialOutcome.UNCONFIRMED: Sentence(
            sv="Systemprovet togs emot, men bekräftelsen till anordningen uteblev.",
            en="The trial alarm was taken, and its confirmation to the device did not come.",
        ),
        TrialOutcome.UNRECORDED: Sentence(
            sv="Systemprovet fick svar men finns inte i myndighetens databas eller logg.",
            en="The trial alarm was answered, and does not stand in the authority's database or log.",
        ),
        TrialOutcome.UNSEEN: Sentence(
            sv="Systemprovet sparades, men det som visar larm för operatörer fick inte veta det.",
            en="The trial alarm was stored, and what shows operators their alarms was not told.",
        ),
        TrialOutcome.REAL: Sentence(
            sv="Systemprovet visas som ett verkligt larm: en regel hos myndigheten gör om provlarm till något annat.",
            en="The trial alarm is shown as a real one: a rule of the authority's makes test alarms something else.",
        ),
        TrialOutcome.UNPREPARED: Sentence(
            sv="Det finns ingen enhet som skickar systemprov, eller så registrerades den nyss: då kommer det första "
            "inom två minuter.",
            en="There is no device that sends trial alarms, or it was registered just now: then the first comes "
            "within two minutes.",
        ),
        TrialOutcome.SETTLING: Sentence(
            sv="Enheten som skickar systemprov registrerades nyss. Det första kommer inom två minuter.",
            en="The device that sends trial alarms was registered just now. The first comes within two minutes.",
        ),
        TrialOutcome.SILENT: Sentence(
            sv="Av flera maskiner som ska skicka systemprov har minst en inte skickat något på två minuter.",
            en="Of several machines that have to send trial alarms, at least one has sent none for two minutes.",
        ),
    }
)
"""By what became of it."""
