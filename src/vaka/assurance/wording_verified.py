# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How that is said which is verified again and again (`vaka.assurance.verified`), by requirement and reason."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.errors import Sentence
from vaka.operations.trials.wording import WORDS as TRIAL_WORDS

OF_VERIFIED: Mapping[tuple[str, str], Sentence] = MappingProxyType(
    {
        ("database-rights", "more"): Sentence(
            sv="{count} [rättighet i databaserna är inte publicerad|rättigheter i databaserna är inte publicerade].",
            en="{count} [right in the databases is|rights in the databases are] not published.",
        ),
        ("database-rights", "fewer"): Sentence(
            sv="{count} [publicerad rättighet|publicerade rättigheter] finns inte i databaserna.",
            en="{count} published [right is|rights are] not there in the databases.",
        ),
        ("database-rights", "powers"): Sentence(
            sv="{count} [roll|roller] i databasservern har befogenheter eller medlemskap som ingen process ska ha.",
            en="{count} [role of the database server has|roles of the database server have] powers or memberships "
            "that no process is to have.",
        ),
        ("database-separation", "reached"): Sentence(
            sv="{count} [väg|vägar] in i eller ut ur myndighetens databas finns för roller som inte ska ha [den|dem].",
            en="{count} [way|ways] into or out of the authority's database [is|are] there for roles that are not to "
            "have [it|them].",
        ),
        ("database-separation", "log"): Sentence(
            sv="{count} [kontrollpunkt|kontrollpunkter] i myndighetens databas hör inte till dess logg.",
            en="{count} [checkpoint|checkpoints] in the authority's database [is|are] not of its log.",
        ),
        ("accounts-replayed", "differ"): Sentence(
            sv="{count} [uppgift om ett konto|uppgifter om konton] är inte vad loggen säger att [den|de] ska vara.",
            en="{count} [fact of an account is|facts of accounts are] not what the log says [it|they] should be.",
        ),
        ("step-up", "untouched"): Sentence(
            sv="{count} [privilegierad handling|privilegierade handlingar] de senaste 30 dagarna bekräftades inte med "
            "en säkerhetsnyckel.",
            en="{count} privileged [act|acts] in the last 30 days [was|were] not confirmed with a security key.",
        ),
        ("step-up", "weakened"): Sentence(
            sv="Inställningarna släpper igenom privilegierade handlingar av den som inte har någon säkerhetsnyckel.",
            en="The settings let privileged acts through of whoever has no security key.",
        ),
        ("activation-flagged", "late"): Sentence(
            sv="{count} [hemlighet i en anordning|hemligheter i anordningar] borde ha bytts för mer än 30 dagar sedan.",
            en="{count} [secret of a device|secrets of devices] should have been changed more than 30 days ago.",
        ),
        ("activation-flagged", "unknown"): Sentence(
            sv="Om {count} [hemlighet i en anordning vet ingen om den|hemligheter i anordningar vet ingen om de] "
            "håller måttet.",
            en="Of {count} [secret of a device nobody knows whether it meets|secrets of devices nobody knows whether "
            "they meet] the requirements.",
        ),
        ("log-sources", "untold"): Sentence(
            sv="{count} [händelse|händelser] det senaste dygnet har inte lämnat någon post i loggen.",
            en="{count} [event|events] of the last day [has|have] left no entry in the log.",
        ),
        ("log-sources", "silent"): Sentence(
            sv="[Den enda mottagaren har inte|Ingen av {count} mottagare har] hörts av på en kvart.",
            en="[The only receiver has not|None of {count} receivers has] been heard for a quarter of an hour.",
        ),
        ("log-sources", "away"): Sentence(
            sv="{count} mottagare hörs inte där en ska gå, och har inte stängts av i ordning den senaste timmen.",
            en="{count} [receiver is|receivers are] not heard where one is to run; [it was|they were] not stopped "
            "within the last hour.",
        ),
        ("plain-secrets", "plain"): Sentence(
            sv="{count} [hemlighet|hemligheter] står i klartext i inställningar, miljövariabler eller argument.",
            en="{count} [secret stands|secrets stand] in clear in settings, environment variables or arguments.",
        ),
        ("secret-scan", "found"): Sentence(
            sv="I {count} av programmets filer står en hemlighet i klartext.",
            en="In {count} of the program's files a secret stands in clear.",
        ),
        ("unit-hardening", "open"): Sentence(
            sv="{count} [process|processer] får göra mer i operativsystemet än [den|de] behöver.",
            en="{count} [process|processes] may do more in the operating system than [it needs|they need].",
        ),
        ("endpoint-scan", "offers"): Sentence(
            sv="{count} [version eller krypto|versioner eller krypton] som anslutningspunkterna erbjuder är inte "
            "[en av dem|de] som policyn tillåter.",
            en="{count} [version or cipher|versions or ciphers] that the endpoints offer [is not one of|are not] "
            "those that the policy allows.",
        ),
        ("listening-ports", "unregistered"): Sentence(
            sv="{count} [port|portar] som nås utifrån finns inte i flödesregistret, eller är inte [skyddad|skyddade] "
            "som det säger.",
            en="{count} [port that can be reached stands|ports that can be reached stand] in no flow of the register, "
            "or [is|are] not protected as it says.",
        ),
        ("listening-ports", "exposed"): Sentence(
            sv="{count} [port|portar] nås utifrån fast [den|de] bara är till för maskinen själv.",
            en="{count} [port|ports] can be reached though [it is|they are] for the machine itself alone.",
        ),
        ("listening-ports", "plain"): Sentence(
            sv="{count} [port|portar] tar emot i klartext utan ett undantag som gäller.",
            en="{count} [port takes|ports take] in what is in clear without an exception in force.",
        ),
        ("listening-ports", "silent"): Sentence(
            sv="{count} [maskin|maskiner] har inte berättat på femton minuter vad som lyssnar på [den|dem].",
            en="{count} [machine has|machines have] told nothing for fifteen minutes of what listens on [it|them].",
        ),
        ("certificate-days", "expired"): Sentence(
            sv="{count} certifikat gäller inte i dag.",
            en="{count} [certificate is|certificates are] not valid today.",
        ),
        ("release-integrity", "unsigned"): Sentence(
            sv="Det som körs är ingen undertecknad utgåva.",
            en="What runs is no signed release.",
        ),
        ("release-integrity", "refused"): Sentence(
            sv="Utgåvans underskrift är inte giltig här: fel eller återkallad nyckel, eller en äldre utgåva.",
            en="The release's signature is not valid here: a wrong or revoked key, or an older release.",
        ),
        ("release-integrity", "altered"): Sentence(
            sv="{count} [fil|filer] är inte vad utgåvan säger, eller saknas.",
            en="{count} [file is|files are] not what the release says, or [is|are] missing.",
        ),
        ("release-integrity", "unlisted"): Sentence(
            sv="{count} [fil|filer] hör inte till utgåvan.",
            en="{count} [file is|files are] not of the release.",
        ),
        ("running-parts", "strange"): Sentence(
            sv="{count} [fil|filer] som processerna kör finns inte i komponentförteckningen, eller byttes ut efter "
            "starten.",
            en="{count} [file|files] that processes run [is|are] in no bill of materials, or "
            "[was replaced since it was|were replaced since they were] loaded.",
        ),
        ("deployments", "unauthorised"): Sentence(
            sv="Obehörig ändring: det som är installerat är inte det som senast infördes.",
            en="Unauthorised change: what is installed is not what was deployed last.",
        ),
        ("deployments", "gap"): Sentence(
            sv="{count} [införande|införanden] saknas i följden.",
            en="{count} [deployment is|deployments are] missing in the sequence.",
        ),
        ("deployments", "untold"): Sentence(
            sv="{count} [införande|införanden] har ingen post i loggen.",
            en="{count} [deployment has|deployments have] no entry in the log.",
        ),
        ("deployments", "unapproved"): Sentence(
            sv="{count} [införande|införanden] hade ingen ändring som någon annan än författaren hade godkänt.",
            en="{count} [deployment|deployments] had no change that somebody other than its author had approved.",
        ),
        ("test-attestation", "refused"): Sentence(
            sv="Ingen testmiljö som är betrodd har intygat att just den utgåva som infördes klarade proven.",
            en="No test environment that is believed has attested that exactly what was deployed passed.",
        ),
        ("test-data-scan", "refused"): Sentence(
            sv="Det som sägs om testmiljöns data är inte undertecknat av en testmiljö som är betrodd.",
            en="What is said of the test environment's data is not signed by a test environment that is believed.",
        ),
        ("test-data-scan", "found"): Sentence(
            sv="{count} personnummer i testmiljön kan vara [en verklig persons|verkliga personers].",
            en="{count} personal [number|numbers] in the test environment may be [a real person's|real people's].",
        ),
        ("release-gates", "unsigned"): Sentence(
            sv="Det som körs är ingen undertecknad utgåva, så ingen vet vilka kontroller den har passerat.",
            en="What runs is no signed release, so nobody knows which gates it has passed.",
        ),
        ("release-gates", "failed"): Sentence(
            sv="{count} [kontroll|kontroller] har utgåvan inte passerat, eller hoppat över.",
            en="The release has not passed {count} [gate, or has skipped it|gates, or has skipped them].",
        ),
        ("execution-limits", "runs"): Sentence(
            sv="En tjänst kan starta ett program som ingen har tillåtit.",
            en="A service can start a program that nobody has allowed.",
        ),
        ("execution-limits", "unsupported"): Sentence(
            sv="Datorns kärna kan inte begränsa vilka program som startas (Landlock saknas).",
            en="The machine's kernel cannot limit which programs are started (no Landlock).",
        ),
        ("advisory-data", "stale"): Sentence(
            sv="Publicerade sårbarheter för {count} slags komponenter är äldre än ett dygn.",
            en="Published vulnerabilities of {count} [kind|kinds] of components are older than a day.",
        ),
        ("advisory-data", "uncompared"): Sentence(
            sv="Det som körs har inte jämförts med de senaste publicerade sårbarheterna.",
            en="What runs was not compared with the newest published vulnerabilities.",
        ),
        ("advisory-data", "unassessed"): Sentence(
            sv="{count} [komponent|komponenter] som körs går inte att bedöma.",
            en="{count} [component that runs|components that run] cannot be assessed.",
        ),
        ("vulnerability-notices", "untold"): Sentence(
            sv="Om {count} [öppen sårbarhet|öppna sårbarheter] fick myndigheten inte veta i tid.",
            en="Of {count} open [vulnerability|vulnerabilities] the authority was not told in time.",
        ),
        ("vulnerability-notices", "unseen"): Sentence(
            sv="{count} [öppen sårbarhet|öppna sårbarheter] har ingen hos myndigheten kvitterat i tid.",
            en="{count} open [vulnerability|vulnerabilities] nobody at the authority has acknowledged in time.",
        ),
        ("vulnerability-deadlines", "late"): Sentence(
            sv="{count} [sårbarhet är öppen|sårbarheter är öppna] längre än vad som är avtalat.",
            en="{count} [vulnerability is|vulnerabilities are] open for longer than was agreed.",
        ),
        ("host-sites", "unplaced"): Sentence(
            sv="{count} [maskin|maskiner] står inte i någon hall i registret.",
            en="{count} [machine stands|machines stand] in no hall of the register.",
        ),
        ("host-sites", "together"): Sentence(
            sv="Säkerhetskopiorna ligger inte i en annan hall än driften.",
            en="Backups are not in another hall than operations.",
        ),
        ("role-matrix", "differ"): Sentence(
            sv="I {count} fall avgör koden som körs något annat om roller än vad som är publicerat.",
            en="In {count} [case|cases] the code that runs decides otherwise about roles than what is published.",
        ),
        ("keys-due", "late"): Sentence(
            sv="{count} av rotens och myndigheternas nycklar skulle ha bytts ut senast för ett dygn sedan.",
            en="{count} of the root's and the authorities' keys [was|were] to be replaced more than a day ago.",
        ),
        ("capacity", "silent"): Sentence(
            sv="{count} larmmottagare lämnar inga mätvärden: ingen vet hur [den|de] mår.",
            en="{count} [receiver does not say its|receivers do not say their] figures: nobody knows how "
            "[it is|they are].",
        ),
        ("capacity", "unreachable"): Sentence(
            sv="Någon myndighets databas svarar inte: ingen vet vad som väntar där.",
            en="Some authority's database does not answer: nobody knows what waits there.",
        ),
        ("capacity", "disk_low"): Sentence(
            sv="Bara {count} procent av disken är ledig.", en="Only {count} per cent of the disk is free."
        ),
        ("capacity", "disk_filling"): Sentence(
            sv="Disken är full inom {count} [timme|timmar], som den fylls nu.",
            en="The disk is full within {count} [hour|hours], as it fills now.",
        ),
        ("capacity", "connections"): Sentence(
            sv="{count} [anslutning till databasen är öppen|anslutningar till databasen är öppna], nära gränsen.",
            en="{count} [connection to the database is|connections to the database are] open, close to the limit.",
        ),
        ("capacity", "waiting"): Sentence(
            sv="Flera larm på plattformen har väntat i minuter utan att någon tagit dem.",
            en="Several alarms on the platform have waited for minutes, and nobody has taken them.",
        ),
        ("capacity", "slow"): Sentence(
            sv="Larm på plattformen fick sitt svar för sent.", en="Alarms on the platform were answered too late."
        ),
        ("trial-alarm", "stopped"): Sentence(
            sv="Inget systemprov har gjorts på två minuter: ingen vet om larm kommer fram.",
            en="No trial alarm was sent for two minutes: nobody knows whether alarms arrive.",
        ),
        ("trial-alarm", "unlike"): Sentence(
            sv="{count} [anordning|anordningar] för systemprov är inte [densamma|desamma] hos myndigheten och i "
            "plattformens register.",
            en="{count} [device that sends|devices that send] trial alarms [is|are] not the same in the authority's "
            "database and the directory.",
        ),
        **{("trial-alarm", outcome.value): said for outcome, said in TRIAL_WORDS.items()},
        ("detection", "stopped"): Sentence(
            sv="Upptäckten står still: {count} [logg|loggar] gås inte igenom av reglerna.",
            en="Detection has stopped: the rules do not look through {count} [log|logs].",
        ),
    }
)
