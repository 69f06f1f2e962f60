# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How statuses are said to people, and what they mean, in Swedish and English."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.assurance.assessment import Status
from vaka.errors import Sentence

STATUSES: Mapping[Status, Sentence] = MappingProxyType(
    {
        Status.MET: Sentence(sv="Uppfyllt", en="Met"),
        Status.FAILING: Sentence(sv="Brister", en="Failing"),
        Status.OUTDATED: Sentence(sv="Inaktuellt", en="Outdated"),
        Status.UNTESTED: Sentence(sv="Ej prövat", en="Not tested"),
        Status.NOT_ASKED: Sentence(sv="Ej begärt", en="Not asked for"),
        Status.NOT_APPLICABLE: Sentence(sv="Ej tillämpligt", en="Not applicable"),
    }
)

MEANINGS: Mapping[Status, Sentence] = MappingProxyType(
    {
        Status.FAILING: Sentence(
            sv="Någon har sett efter, och något är inte som det ska.",
            en="Somebody has looked, and something is not as it must be.",
        ),
        Status.UNTESTED: Sentence(
            sv="Det går inte att säga: underlag saknas, eller så ser ingen efter just nu. Räknas aldrig som uppfyllt.",
            en="Nobody can say: there is no evidence, or nobody looks at present. It never counts as met.",
        ),
        Status.OUTDATED: Sentence(
            sv="Det var uppfyllt när någon senast såg efter, och det var för länge sedan.",
            en="It was met when somebody last looked, and that is too long ago.",
        ),
        Status.NOT_ASKED: Sentence(
            sv="Leverantören ska göra det när ni begär det, och ni har inte begärt det.",
            en="The supplier owes it once you ask for it, and you have not.",
        ),
        Status.MET: Sentence(
            sv="Allt som ska gälla har setts, och underlaget är tillräckligt nytt.",
            en="Everything that must be so was seen to be so, and the evidence is new enough.",
        ),
        Status.NOT_APPLICABLE: Sentence(
            sv="Ni har gått med på att villkoret inte gäller er.",
            en="You have agreed that the term does not concern you.",
        ),
    }
)
"""What each status means to an authority, what is worst first."""
