# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How statuses and reasons are said to people, in Swedish and English."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.terms import Term
from vaka.assurance.wording_backup import OF_BACKUP
from vaka.assurance.wording_verified import OF_VERIFIED
from vaka.errors import Sentence
from vaka.operations.timesync.wording import WRONG

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

_GENERAL: Mapping[str, Sentence] = MappingProxyType(
    {
        "no_evidence": Sentence(sv="Det finns inget underlag än.", en="There is no evidence yet."),
        "collector_down": Sentence(
            sv="Det som ska se efter har inte gjort det på för länge.",
            en="What should look has not done so for too long.",
        ),
        "missing": Sentence(sv="Det finns inget underlag än.", en="There is no evidence yet."),
        "overdue": Sentence(
            sv="Det som finns har inte gåtts igenom i tid.", en="What is there has not been gone through in time."
        ),
        "not_yet": Sentence(
            sv="Det är begärt och har inte skett än; tiden för det är inte ute.",
            en="It was asked for and has not happened yet; its time is not over.",
        ),
        "too_old": Sentence(sv="Underlaget är för gammalt.", en="The evidence is too old."),
        "not_asked": Sentence(sv="Myndigheten har inte begärt det.", en="The authority has not asked for it."),
        "agreed": Sentence(
            sv="Myndigheten har godtagit att villkoret inte gäller den.",
            en="The authority has agreed that the term does not concern it.",
        ),
    }
)

_FAILING: Mapping[tuple[str, str], Sentence] = MappingProxyType(
    {
        **OF_BACKUP,
        **OF_VERIFIED,
        **{
            ("clock-state", reason): Sentence(
                sv=f"{{count}} maskiners klockor är inte godkända. Det som väger tyngst: {wrong.sv}.",
                en=f"The clocks of {{count}} machines are not sound. What weighs most: {wrong.en}.",
            )
            for reason, wrong in WRONG.items()
        },
        ("conflicting-roles", "held"): Sentence(
            sv="{count} par av roller som inte går ihop innehas av samma människa.",
            en="{count} pairs of roles that conflict are held by one human.",
        ),
        ("duty-exceptions", "over"): Sentence(
            sv="{count} undantag är över, och det som de tillät pågår.",
            en="{count} exceptions are over while what they allowed goes on.",
        ),
        ("accounts-of-humans", "shared"): Sentence(
            sv="{count} konton eller identiteter hör inte till exakt en människa.",
            en="{count} accounts or identities do not belong to exactly one human.",
        ),
        ("identities-reused", "reused"): Sentence(
            sv="{count} identiteter av borttagna personer leder till någon annan.",
            en="{count} identities of people who were removed lead to somebody else.",
        ),
        ("designated-roles", "unapproved"): Sentence(
            sv="{count} utpekade roller har tilldelats utan myndighetens godkännande. De har ingen verkan.",
            en="{count} designated roles were given without the authority's approval. They have no effect.",
        ),
        ("emergency-grants", "unanswered"): Sentence(
            sv="{count} nödtilldelningar har inte godkänts i tid.",
            en="{count} emergency grants were not approved in time.",
        ),
        ("left-open", "open"): Sentence(
            sv="{count} sessioner hör till konton som inte är aktiva.",
            en="{count} sessions belong to accounts that are not active.",
        ),
        ("ended-accounts", "active"): Sentence(
            sv="{count} konton är aktiva fast deras sista dag har passerat.",
            en="{count} accounts are active although their last day has passed.",
        ),
        ("session-levels", "low"): Sentence(
            sv="{count} sessioner vilar inte på en utfärdare och nivå 3.",
            en="{count} sessions do not rest on an issuer and level 3.",
        ),
        ("emergency-reviews", "unreviewed"): Sentence(
            sv="{count} nödåtkomster har inte gåtts igenom i tid.",
            en="{count} emergency accesses have not been gone through in time.",
        ),
        ("log-verified", "wrong"): Sentence(
            sv="Myndigheten har kontrollerat sin logg och säger att något är fel.",
            en="The authority has verified its log and says that something is wrong.",
        ),
        ("audit-requests", "unanswered"): Sentence(
            sv="{count} frågor eller begäranden om revision och besök har inte besvarats i tid.",
            en="{count} questions or requests for audits and visits were not answered in time.",
        ),
        ("audit-samples", "changed"): Sentence(
            sv="{count} frysta populationer eller urval är inte vad de var.",
            en="{count} frozen populations or samples are not what they were.",
        ),
        ("exercise-requests", "unanswered"): Sentence(
            sv="{count} begäranden om övning har inte besvarats i tid.",
            en="{count} requests for an exercise have not been answered in time.",
        ),
        ("exercise-hours", "short"): Sentence(
            sv="{count} år tog slut med mindre än fyra timmars övning, fast myndigheten hade begärt det.",
            en="{count} years ended with less than four hours of exercise though the authority had asked.",
        ),
        ("exercise-hours", "open"): Sentence(
            sv="{count} övningar är inte stängda en månad efteråt: närvaro eller lärdomar saknas.",
            en="{count} exercises are not closed a month after: attendance or lessons are missing.",
        ),
        ("log-sealed", "stands_still"): Sentence(
            sv="Loggen förseglas inte.",
            en="The log is not being sealed.",
        ),
        # What is asked in an authority's own database, and of its devices.
        ("log-witnessed", "nobody"): Sentence(
            sv="Loggen visas inte för något vittne utanför leverantörens räckvidd.",
            en="The log is shown to no witness outside the supplier's reach.",
        ),
        ("log-witnessed", "silent"): Sentence(
            sv="{count} av loggens vittnen har inte skrivit under den på mer än fem minuter.",
            en="{count} of the log's witnesses have not signed it for more than five minutes.",
        ),
        ("log-retention", "late"): Sentence(
            sv="{count} poster i loggen är kvar fast de är äldre än myndigheten har bestämt.",
            en="{count} entries of the log are still there though older than the authority has decided.",
        ),
        ("erasure-orders", "late"): Sentence(
            sv="{count} beslutade raderingar är inte genomförda, prövade och intygade inom två dygn.",
            en="{count} erasures that were decided have not been carried out, tried and certified within two days.",
        ),
        ("erasure-orders", "readable"): Sentence(
            sv="{count} raderingar är gjorda, och ändå gick något att läsa efteråt.",
            en="{count} erasures were carried out, and still something could be read afterwards.",
        ),
        ("erasures-returned", "returned"): Sentence(
            sv="{count} raderade personer finns här igen.",
            en="{count} people who were erased are here again.",
        ),
        ("activation-policy", "altered"): Sentence(
            sv="{count} beslut om krav på koder har ändrats vid sidan av loggen, och gäller inte.",
            en="{count} decisions about what codes must be were changed beside the log, and are not in force.",
        ),
        ("activation-policy", "below"): Sentence(
            sv="Myndighetens krav på koder ligger under plattformens golv.",
            en="The authority's requirements of codes are below the platform's floor.",
        ),
        ("plain-devices", "over"): Sentence(
            sv="{count} anordningar som inte kan kryptera används fast deras undantag är över.",
            en="{count} devices that cannot encrypt are in use though their exception is over.",
        ),
        ("remote-paths", "empty"): Sentence(
            sv="Inget nät för administration gäller i registret, så ingen session avslutas för varifrån den kommer.",
            en="No network for administration is in force in the register, so no session ends for where it comes from.",
        ),
        ("remote-paths", "outside"): Sentence(
            sv="{count} sessioner på kontoret har det senaste dygnet kommit från nät som inte fanns i registret.",
            en="{count} sessions of the office came from networks that were not in the register within the last day.",
        ),
        ("remote-paths", "unplaced"): Sentence(
            sv="{count} sessioner på kontoret har använts utan att det har prövats varifrån de kom.",
            en="{count} sessions of the office were used without anything having looked from where they came.",
        ),
        ("remote-sample", "unchecked"): Sentence(
            sv="{count} stickprov av distansarbete har dragits för mer än trettio dagar sedan och är inte genomgångna.",
            en="{count} samples of remote work were drawn more than thirty days ago and have not been gone through.",
        ),
        ("administrator-class", "misplaced"): Sentence(
            sv="{count} roller står på fel slag av konto.",
            en="{count} roles are on an account of the wrong class.",
        ),
        ("holder-notices", "undelivered"): Sentence(
            sv="{count} besked om administratörer har inte kommit fram i tid.",
            en="{count} notices about administrators have not arrived in time.",
        ),
        ("machine-logins", "shared"): Sentence(
            sv="{count} inloggningar på maskinerna som root eller med ett delat konto de senaste 30 dagarna.",
            en="{count} sign-ins to the machines as root or by a shared account in the last 30 days.",
        ),
        ("machine-logins", "differ"): Sentence(
            sv="Maskinernas konton är inte de som administratörerna ska ha.",
            en="The machines' accounts are not those that administrators are to have.",
        ),
        ("invitations", "long"): Sentence(
            sv="{count} inbjudningar gällde längre än ett dygn, eller togs efter sin tid.",
            en="{count} invitations held for longer than a day, or were taken after their time.",
        ),
        ("accounts-by-hand", "by_hand"): Sentence(
            sv="{count} rader om konton, roller eller nycklar har ändrats för hand de senaste 30 dagarna.",
            en="{count} rows of accounts, roles or keys were changed by hand in the last 30 days.",
        ),
        ("trust-registry", "undecided"): Sentence(
            sv="{count} utfärdare litas på utan två personers beslut i loggen.",
            en="{count} issuers are believed without two people's decision in the log.",
        ),
        ("trust-registry", "expired"): Sentence(
            sv="{count} utfärdare har underlag som har gått ut.",
            en="{count} issuers have evidence that has expired.",
        ),
        ("maintenance-runs", "unproved"): Sentence(
            sv="{count} körningar av underhållskommandon de senaste 30 dagarna har ingen bakom sig.",
            en="{count} runs of maintenance commands in the last 30 days have nobody behind them.",
        ),
        ("scanner", "silent"): Sentence(
            sv="Genomsökningen av filer svarar inte. Inga filer tas emot.",
            en="The scanner of files does not answer. No files are taken in.",
        ),
        ("scanner", "blind"): Sentence(
            sv="Genomsökningen av filer hittar inte det som den provas med.",
            en="The scanner of files does not find what it is tried with.",
        ),
        ("scanner-signatures", "undated"): Sentence(
            sv="Genomsökningen säger inte hur gamla dess signaturer är. Inga filer tas emot.",
            en="The scanner does not say how old its signatures are. No files are taken in.",
        ),
        ("scanner-signatures", "old"): Sentence(
            sv="Genomsökningens signaturer är för gamla. Inga filer tas emot.",
            en="The scanner's signatures are too old. No files are taken in.",
        ),
        ("configuration-drift", "drifted"): Sentence(
            sv="{count} delar av den skyddade konfigurationen är inte som de senast godtogs.",
            en="{count} parts of the protected configuration are not as they were accepted last.",
        ),
        ("auditor-access", "endless"): Sentence(
            sv="{count} granskare har åtkomst utan slut, eller längre än ett år.",
            en="{count} auditors have access without an end, or for more than a year.",
        ),
        ("security-processes", "vacant"): Sentence(
            sv="{count} processer saknar en ägare som är kvar, eller en rutin som gäller.",
            en="{count} processes lack an owner who is still here, or a procedure in force.",
        ),
        ("management-certificate", "expired"): Sentence(
            sv="{count} certifikat har gått ut.",
            en="{count} certificates have expired.",
        ),
        ("management-certificate", "scope"): Sentence(
            sv="{count} certifikat har en omfattning som inte nämner leveransen.",
            en="{count} certificates have a scope that does not name this delivery.",
        ),
        ("management-certificate", "edition"): Sentence(
            sv="{count} certifikat är av en utgåva som upphörde den 31 oktober 2025.",
            en="{count} certificates are of an edition that ended on 31 October 2025.",
        ),
        ("remote-accepted", "unacknowledged"): Sentence(
            sv="{count} administratörer har inte godtagit den version som gäller.",
            en="{count} administrators have not accepted the version in force.",
        ),
        ("undertakings", "uncovered"): Sentence(
            sv="{count} aktiva konton saknar en förbindelse som gäller.",
            en="{count} active accounts lack an undertaking that holds.",
        ),
        ("undertakings", "late"): Sentence(
            sv="{count} förbindelser skrevs på efter att kontot öppnades.",
            en="{count} undertakings were signed after the account was opened.",
        ),
        ("subcontractors", "expired"): Sentence(
            sv="{count} underleverantörer saknar ett avtal som gäller.",
            en="{count} subcontractors lack an agreement in force.",
        ),
        ("authority-policies", "unread"): Sentence(
            sv="{count} personer har inte bekräftat myndighetens egna regler i tid.",
            en="{count} people have not acknowledged the authority's own rules in time.",
        ),
        ("training", "untrained"): Sentence(
            sv="{count} utbildningar är inte gjorda i den version som gäller och i tid.",
            en="{count} courses have not been taken in the version in force and in time.",
        ),
        ("incident-clocks", "unanswered"): Sentence(
            sv="{count} ärenden har inte kvitterats i tid.", en="{count} cases were not acknowledged in time."
        ),
        ("incident-clocks", "unreported"): Sentence(
            sv="{count} ärenden har inte rapporterats i tid.", en="{count} cases were not reported in time."
        ),
        ("incident-clocks", "unfixed"): Sentence(
            sv="{count} ärenden är inte åtgärdade i tid.", en="{count} cases were not mended in time."
        ),
        ("incident-clocks", "untold"): Sentence(
            sv="Om {count} ärenden fick myndigheten besked för sent.",
            en="Of {count} cases the authority was told too late.",
        ),
        ("case-receipts", "unseen"): Sentence(
            sv="I {count} ärenden har ingen hos myndigheten kvitterat i tid.",
            en="In {count} cases nobody at the authority has said in time that it was seen.",
        ),
        ("authority-contact", "unnamed"): Sentence(
            sv="Myndigheten har inte angett någon kontaktperson. Det är dess sak, i portalen.",
            en="The authority has named no contact. That is for it to do, in the portal.",
        ),
        ("authority-contact", "expired"): Sentence(
            sv="Ingen av myndighetens {count} kontaktpersoner gäller i dag. Det är dess sak, i portalen.",
            en="None of the authority's {count} contacts holds today. That is for it to do, in the portal.",
        ),
        ("risk-assessments", "unassessed"): Sentence(
            sv="{count} system saknar en riskbedömning från det senaste året.",
            en="{count} systems lack a risk assessment of the last year.",
        ),
        ("risk-actions", "late"): Sentence(
            sv="{count} brister är inte åtgärdade i tid.",
            en="{count} shortcomings were not mended in time.",
        ),
        ("risk-actions", "lapsed"): Sentence(
            sv="{count} brister accepterades till en dag som har varit, och är öppna igen.",
            en="{count} shortcomings were accepted until a day that has been, and are open again.",
        ),
        ("risk-actions", "unnamed"): Sentence(
            sv="{count} brister är över sin dag och säger inte vilka myndigheter de berör; ingen ser dem.",
            en="{count} shortcomings are past their day and do not say which authorities they concern; none sees them.",
        ),
        ("site-certificates", "expired"): Sentence(
            sv="{count} hallar saknar ett bevis som gäller för deras adress.",
            en="{count} halls lack evidence in force for their address.",
        ),
        ("partners", "expired"): Sentence(
            sv="{count} parter saknar ett avtal eller certifikat som gäller.",
            en="{count} partners lack an agreement or certificate in force.",
        ),
        ("exchange-refusals", "overlooked"): Sentence(
            sv="{count} prov av vakten för parters meddelanden gick fel: något fel togs emot, eller något rätt inte.",
            en="{count} trials of the guard of partners' messages failed: a wrong one passed, or a right one did not.",
        ),
        ("exchange-refusals", "taken"): Sentence(
            sv="{count} meddelanden togs emot från en part utan avtal som gällde då.",
            en="{count} messages were taken in from a partner without an agreement in force then.",
        ),
        ("emergency-changes", "unreviewed"): Sentence(
            sv="{count} brådskande ändringar har inte gåtts igenom i tid.",
            en="{count} emergency changes were not reviewed in time.",
        ),
        ("large-changes", "unassessed"): Sentence(
            sv="{count} större ändringar saknar riskbedömning eller säkerhetstest.",
            en="{count} larger changes lack a risk assessment or a security test.",
        ),
    }
)


def explain(term: Term, judgement: Judgement) -> Sentence:
    """Return why a term stands as it does, in a sentence of each language: of what is red, which goal is concerned."""
    said = explain_one(judgement)
    if judgement.status not in (Status.MET, Status.FAILING):
        for goal in term.goals:
            if any(one.id == judgement.requirement for one in goal.requirements):
                return Sentence(sv=f"{said.sv} Mål: {goal.sentence.sv}", en=f"{said.en} Goal: {goal.sentence.en}")
    return said


def explain_one(judgement: Judgement) -> Sentence:
    """Return why one requirement stands as it does, beside the goal that it is a requirement of."""
    if judgement.status is Status.MET:
        return Sentence(sv="Allt som ska gälla är sett och gäller.", en="Everything that must be so was seen to be so.")
    if judgement.status is Status.FAILING:
        said = _FAILING[judgement.requirement, judgement.reason]
        count = str(judgement.count)
        return Sentence(sv=said.sv.replace("{count}", count), en=said.en.replace("{count}", count))
    return _GENERAL[judgement.reason]
