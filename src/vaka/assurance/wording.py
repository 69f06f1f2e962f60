# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How reasons are said to people, in Swedish and English; what counts has forms (`vaka.counted`)."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.terms import Term
from vaka.assurance.wording_accounts import OF_ACCOUNTS
from vaka.assurance.wording_backup import OF_BACKUP
from vaka.assurance.wording_verified import OF_VERIFIED
from vaka.counted import counted
from vaka.errors import Sentence
from vaka.operations.timesync.wording import WRONG

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

FAILING: Mapping[tuple[str, str], Sentence] = MappingProxyType(
    {
        **OF_ACCOUNTS,
        **OF_BACKUP,
        **OF_VERIFIED,
        **{
            ("clock-state", reason): Sentence(
                sv=f"{{count}} [maskins klocka är inte godkänd|maskiners klockor är inte godkända]. Det som väger "
                f"tyngst: {wrong.sv}.",
                en=f"The [clock|clocks] of {{count}} [machine is|machines are] not sound. What weighs most: "
                f"{wrong.en}.",
            )
            for reason, wrong in WRONG.items()
        },
        ("log-verified", "wrong"): Sentence(
            sv="Myndigheten har kontrollerat sin logg och säger att något är fel.",
            en="The authority has verified its log and says that something is wrong.",
        ),
        ("audit-requests", "unanswered"): Sentence(
            sv="{count} [fråga eller begäran om revision eller|frågor eller begäranden om revision och] besök har "
            "inte besvarats i tid.",
            en="{count} [question or request for an audit or visit was|questions or requests for audits and visits "
            "were] not answered in time.",
        ),
        ("audit-samples", "changed"): Sentence(
            sv="{count} [fryst population eller urval är inte vad det|frysta populationer eller urval är inte vad de] "
            "var.",
            en="{count} frozen [population or sample is not what it was|populations or samples are not what they "
            "were].",
        ),
        ("exercise-requests", "unanswered"): Sentence(
            sv="{count} [begäran|begäranden] om övning har inte besvarats i tid.",
            en="{count} [request for an exercise has|requests for an exercise have] not been answered in time.",
        ),
        ("exercise-hours", "short"): Sentence(
            sv="{count} år tog slut med mindre än fyra timmars övning, fast myndigheten hade begärt det.",
            en="{count} [year|years] ended with less than four hours of exercise though the authority had asked.",
        ),
        ("exercise-hours", "open"): Sentence(
            sv="{count} [övning är inte stängd|övningar är inte stängda] en månad efteråt: närvaro eller lärdomar "
            "saknas.",
            en="{count} [exercise is|exercises are] not closed a month after: attendance or lessons are missing.",
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
            en="{count} of the log's witnesses [has|have] not signed it for more than five minutes.",
        ),
        ("log-retention", "late"): Sentence(
            sv="{count} [post i loggen är kvar fast den|poster i loggen är kvar fast de] är äldre än myndigheten har "
            "bestämt.",
            en="{count} [entry of the log is|entries of the log are] still there though older than the authority has "
            "decided.",
        ),
        ("erasure-orders", "late"): Sentence(
            sv="{count} [beslutad radering är inte genomförd, prövad och intygad|beslutade raderingar är inte "
            "genomförda, prövade och intygade] inom två dygn.",
            en="{count} [erasure that was decided has|erasures that were decided have] not been carried out, tried "
            "and certified within two days.",
        ),
        ("erasure-orders", "readable"): Sentence(
            sv="{count} [radering är gjord|raderingar är gjorda], och ändå gick något att läsa efteråt.",
            en="{count} [erasure was|erasures were] carried out, and still something could be read afterwards.",
        ),
        ("erasures-returned", "returned"): Sentence(
            sv="{count} [raderad person|raderade personer] finns här igen.",
            en="{count} [person who was erased is|people who were erased are] here again.",
        ),
        ("activation-policy", "altered"): Sentence(
            sv="{count} beslut om krav på koder har ändrats vid sidan av loggen, och gäller inte.",
            en="{count} [decision|decisions] about what codes must be [was|were] changed beside the log, and [is|are] "
            "not in force.",
        ),
        ("activation-policy", "below"): Sentence(
            sv="Myndighetens krav på koder ligger under plattformens golv.",
            en="The authority's requirements of codes are below the platform's floor.",
        ),
        ("plain-devices", "over"): Sentence(
            sv="{count} [anordning|anordningar] som inte kan kryptera används fast [dess|deras] undantag är över.",
            en="{count} [device|devices] that cannot encrypt [is|are] in use though [its|their] exception is over.",
        ),
        ("remote-paths", "empty"): Sentence(
            sv="Inget nät för administration gäller i registret, så ingen session avslutas för varifrån den kommer.",
            en="No network for administration is in force in the register, so no session ends for where it comes from.",
        ),
        ("remote-paths", "outside"): Sentence(
            sv="{count} [session på kontoret har det senaste dygnet kommit från ett nät|sessioner på kontoret har det "
            "senaste dygnet kommit från nät] som inte fanns i registret.",
            en="{count} [session of the office came from a network that was|sessions of the office came from networks "
            "that were] not in the register within the last day.",
        ),
        ("remote-paths", "unplaced"): Sentence(
            sv="{count} [session|sessioner] på kontoret har använts utan att det har prövats varifrån [den|de] kom.",
            en="{count} [session|sessions] of the office [was|were] used without anything having looked from where "
            "[it|they] came.",
        ),
        ("remote-sample", "unchecked"): Sentence(
            sv="{count} stickprov av distansarbete har dragits för mer än trettio dagar sedan och är inte "
            "[genomgånget|genomgångna].",
            en="{count} [sample|samples] of remote work [was|were] drawn more than thirty days ago and [has|have] not "
            "been gone through.",
        ),
        ("maintenance-runs", "unproved"): Sentence(
            sv="{count} [körning|körningar] av underhållskommandon de senaste 30 dagarna har ingen bakom sig.",
            en="{count} [run|runs] of maintenance commands in the last 30 days [has|have] nobody behind [it|them].",
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
            sv="{count} [del|delar] av den skyddade konfigurationen är inte som [den|de] senast godtogs.",
            en="{count} [part|parts] of the protected configuration [is not as it was|are not as they were] accepted "
            "last.",
        ),
        ("auditor-access", "endless"): Sentence(
            sv="{count} granskare har åtkomst utan slut, eller längre än ett år.",
            en="{count} [auditor has|auditors have] access without an end, or for more than a year.",
        ),
        ("security-processes", "vacant"): Sentence(
            sv="{count} [process|processer] saknar en ägare som är kvar, eller en rutin som gäller.",
            en="{count} [process lacks|processes lack] an owner who is still here, or a procedure in force.",
        ),
        ("management-certificate", "expired"): Sentence(
            sv="{count} certifikat har gått ut.",
            en="{count} [certificate has|certificates have] expired.",
        ),
        ("management-certificate", "scope"): Sentence(
            sv="{count} certifikat har en omfattning som inte nämner leveransen.",
            en="{count} [certificate has|certificates have] a scope that does not name this delivery.",
        ),
        ("management-certificate", "edition"): Sentence(
            sv="{count} certifikat är av en utgåva som upphörde den 31 oktober 2025.",
            en="{count} [certificate is|certificates are] of an edition that ended on 31 October 2025.",
        ),
        ("remote-accepted", "unacknowledged"): Sentence(
            sv="{count} [administratör|administratörer] har inte godtagit den version som gäller.",
            en="{count} [administrator has|administrators have] not accepted the version in force.",
        ),
        ("undertakings", "uncovered"): Sentence(
            sv="{count} [aktivt konto|aktiva konton] saknar en förbindelse som gäller.",
            en="{count} active [account lacks|accounts lack] an undertaking that holds.",
        ),
        ("undertakings", "late"): Sentence(
            sv="{count} [förbindelse|förbindelser] skrevs på efter att kontot öppnades.",
            en="{count} [undertaking was|undertakings were] signed after the account was opened.",
        ),
        ("subcontractors", "expired"): Sentence(
            sv="{count} [underleverantör|underleverantörer] saknar ett avtal som gäller.",
            en="{count} [subcontractor lacks|subcontractors lack] an agreement in force.",
        ),
        ("authority-policies", "unread"): Sentence(
            sv="{count} [person|personer] har inte bekräftat myndighetens egna regler i tid.",
            en="{count} [person has|people have] not acknowledged the authority's own rules in time.",
        ),
        ("training", "untrained"): Sentence(
            sv="{count} [utbildning är inte gjord|utbildningar är inte gjorda] i den version som gäller och i tid.",
            en="{count} [course has|courses have] not been taken in the version in force and in time.",
        ),
        ("incident-clocks", "unanswered"): Sentence(
            sv="{count} [ärende|ärenden] har inte kvitterats i tid.",
            en="{count} [case was|cases were] not acknowledged in time.",
        ),
        ("incident-clocks", "unreported"): Sentence(
            sv="{count} [ärende|ärenden] har inte rapporterats i tid.",
            en="{count} [case was|cases were] not reported in time.",
        ),
        ("incident-clocks", "unfixed"): Sentence(
            sv="{count} [ärende är inte åtgärdat|ärenden är inte åtgärdade] i tid.",
            en="{count} [case was|cases were] not mended in time.",
        ),
        ("incident-clocks", "untold"): Sentence(
            sv="Om {count} [ärende|ärenden] fick myndigheten besked för sent.",
            en="Of {count} [case|cases] the authority was told too late.",
        ),
        ("case-receipts", "unseen"): Sentence(
            sv="I {count} [ärende|ärenden] har ingen hos myndigheten kvitterat i tid.",
            en="In {count} [case|cases] nobody at the authority has said in time that it was seen.",
        ),
        ("authority-contact", "unnamed"): Sentence(
            sv="Myndigheten har inte angett någon kontaktperson. Det är dess sak, i portalen.",
            en="The authority has named no contact. That is for it to do, in the portal.",
        ),
        ("authority-contact", "expired"): Sentence(
            sv="[Myndighetens enda kontaktperson gäller inte|Ingen av myndighetens {count} kontaktpersoner gäller] i "
            "dag. Det är dess sak, i portalen.",
            en="[The authority's only contact does not hold|None of the authority's {count} contacts holds] today. "
            "That is for it to do, in the portal.",
        ),
        ("risk-assessments", "unassessed"): Sentence(
            sv="{count} system saknar en riskbedömning från det senaste året.",
            en="{count} [system lacks|systems lack] a risk assessment of the last year.",
        ),
        ("risk-actions", "late"): Sentence(
            sv="{count} [brist är inte åtgärdad|brister är inte åtgärdade] i tid.",
            en="{count} [shortcoming was|shortcomings were] not mended in time.",
        ),
        ("risk-actions", "lapsed"): Sentence(
            sv="{count} [brist|brister] accepterades till en dag som har varit, och är [öppen|öppna] igen.",
            en="{count} [shortcoming was|shortcomings were] accepted until a day that has been, and [is|are] open "
            "again.",
        ),
        ("risk-actions", "unnamed"): Sentence(
            sv="{count} [brist|brister] är över sin dag och säger inte vilka myndigheter [den|de] berör; ingen ser "
            "[den|dem].",
            en="{count} [shortcoming is past its day and does|shortcomings are past their day and do] not say which "
            "authorities [it concerns|they concern]; none sees [it|them].",
        ),
        ("site-certificates", "expired"): Sentence(
            sv="{count} [hall|hallar] saknar ett bevis som gäller för [dess|deras] adress.",
            en="{count} [hall lacks|halls lack] evidence in force for [its|their] address.",
        ),
        ("partners", "expired"): Sentence(
            sv="{count} [part|parter] saknar ett avtal eller certifikat som gäller.",
            en="{count} [partner lacks|partners lack] an agreement or certificate in force.",
        ),
        ("exchange-refusals", "overlooked"): Sentence(
            sv="{count} prov av vakten för parters meddelanden gick fel: något fel togs emot, eller något rätt inte.",
            en="{count} [trial|trials] of the guard of partners' messages failed: a wrong one passed, or a right one "
            "did not.",
        ),
        ("exchange-refusals", "taken"): Sentence(
            sv="{count} [meddelande|meddelanden] togs emot från en part utan avtal som gällde då.",
            en="{count} [message was|messages were] taken in from a partner without an agreement in force then.",
        ),
        ("emergency-changes", "unreviewed"): Sentence(
            sv="{count} brådskande [ändring|ändringar] har inte gåtts igenom i tid.",
            en="{count} emergency [change was|changes were] not reviewed in time.",
        ),
        ("large-changes", "unassessed"): Sentence(
            sv="{count} större [ändring|ändringar] saknar riskbedömning eller säkerhetstest.",
            en="{count} larger [change lacks|changes lack] a risk assessment or a security test.",
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
        return counted(FAILING[judgement.requirement, judgement.reason], judgement.count)
    return _GENERAL[judgement.reason]
