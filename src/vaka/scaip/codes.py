# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The numbers of SCAIP and what people call them, in Swedish and English."""

from enum import IntEnum, StrEnum
from typing import NamedTuple


class Name(NamedTuple):
    """One thing's name in both languages, in lower case as inside a sentence."""

    sv: str
    en: str


class MessageType(StrEnum):
    """`mty`: why the device speaks."""

    EVENT = "ME"
    RESET = "RE"
    INFORMATION = "IN"
    HEARTBEAT = "PI"


class StatusNumber(IntEnum):
    """`snu`: what became of the message."""

    OK = 0
    TOO_LONG = 1
    INVALID_FORMAT = 2
    WRONG_DATA = 3
    HOLD = 4
    NOT_TREATED = 5
    BUSY = 6
    MANDATORY_MISSING = 7


class Media(IntEnum):
    """`mre`: the speech the device shall offer."""

    NONE = 0
    DUPLEX = 1
    MICROPHONE = 2
    LOUDSPEAKER = 3


class CallRequest(IntEnum):
    """`cre`: whom the device shall call."""

    OWN_NUMBER = 61
    GIVEN_NUMBER = 62  # the one in `tnu`


# dty: what kind of device or sensor speaks. 42 is not given out.
DEVICE_TYPES: dict[int, Name] = {
    0: Name("okänd enhet", "unknown device"),
    1: Name("obestämd enhet", "unspecified device"),
    2: Name("trygghetstelefon", "alarm unit"),
    3: Name("larmknapp", "alarm button"),
    4: Name("fast larmknapp", "fixed alarm button"),
    5: Name("fallsensor", "fall sensor"),
    6: Name("överfallslarm", "personal attack alarm"),
    7: Name("nödknapp", "panic button"),
    8: Name("tjänstgöringsomkopplare, fjärr", "remote duty switch"),
    9: Name("tjänstgöringsomkopplare, lokal", "local duty switch"),
    10: Name("aktivitetssensor", "activity sensor"),
    11: Name("medicindosett", "pill dispenser"),
    12: Name("sänglarm", "bed sensor"),
    13: Name("larmmatta", "floor mat sensor"),
    14: Name("dörrlarm", "door sensor"),
    15: Name("vandringslarm", "wandering sensor"),
    16: Name("enureslarm", "enuresis sensor"),
    17: Name("epilepsilarm", "epilepsy sensor"),
    18: Name("närvarosensor", "occupancy sensor"),
    19: Name("pulsmätare", "heart rate monitor"),
    20: Name("rumsklimatsensor", "room climate sensor"),
    21: Name("gasdetektor", "gas detector"),
    22: Name("belysningsvakt", "lighting circuit monitor"),
    23: Name("brandvarnare", "smoke detector"),
    24: Name("värmevakt", "heating monitor"),
    25: Name("värmedetektor", "heat detector"),
    26: Name("kolmonoxidvarnare", "carbon monoxide detector"),
    27: Name("knapp vid misstänkt besök", "bogus caller button"),
    28: Name("inbrottsdetektor", "intruder detector"),
    29: Name("gränsdetektor", "boundary detector"),
    30: Name("man-down-larm", "man-down sensor"),
    31: Name("systemvakt", "system monitor"),
    32: Name("förbindelsevakt", "link monitor"),
    33: Name("vattenlarm", "flood detector"),
    34: Name("badkarslarm", "bath sensor"),
    35: Name("låskolv", "latch key"),
    36: Name("områdesskydd", "perimeter guard"),
    37: Name("sprinkler", "sprinkler"),
    38: Name("sabotagekontakt", "tamper contact"),
    39: Name("skrivare", "printer"),
    40: Name("router", "router"),
    41: Name("strömförsörjning", "power supply"),
    43: Name("passersystem", "access control"),
    44: Name("stolslarm", "chair sensor"),
    45: Name("styrenhet", "controller"),
    46: Name("hisslarm", "lift alarm"),
    47: Name("brandlarmsanläggning", "fire alarm system"),
    48: Name("lokal enhet", "local unit"),
    49: Name("övervakningsenhet", "monitoring unit"),
    50: Name("radioenhet", "radio unit"),
    51: Name("positionslarm", "tracking device"),
}

# dco: which part of it.
COMPONENTS: dict[int, Name] = {
    0: Name("okänd del", "unknown part"),
    1: Name("obestämd del", "unspecified part"),
    **{1 + n: Name(f"knapp {n}", f"button {n}") for n in range(1, 6)},
    **{6 + n: Name(f"omkopplare {n}", f"switch {n}") for n in range(1, 6)},
    **{11 + n: Name(f"utgång {n}", f"output {n}") for n in range(1, 6)},
    **{16 + n: Name(f"automatisk krets {n}", f"automatic circuit {n}") for n in range(1, 6)},
    22: Name("nätverkskort", "network interface"),
    23: Name("minne", "memory"),
    24: Name("processor", "processor"),
    **{24 + n: Name(f"modul {n}", f"module {n}") for n in range(1, 6)},
}

# stc: what happened.
STATUSES: dict[int, Name] = {
    0: Name("okänt", "unknown"),
    1: Name("obestämt", "unspecified"),
    2: Name("avbrutet", "aborted"),
    3: Name("frånvarande", "absent"),
    4: Name("godtaget", "accepted"),
    5: Name("kvitterat", "acknowledged"),
    6: Name("aktiverat", "activated"),
    7: Name("aktivt", "active"),
    8: Name("tillagt", "added"),
    9: Name("automatiskt larm", "automatic alarm"),
    10: Name("manuellt larm", "manual alarm"),
    11: Name("varning", "alert"),
    12: Name("tillkopplat", "armed"),
    13: Name("tilldelat", "assigned"),
    14: Name("batterifel", "battery failure"),
    15: Name("batteri i ordning", "battery in order"),
    16: Name("batteri lågt", "battery low"),
    17: Name("upptaget", "busy"),
    18: Name("förbikopplat", "bypassed"),
    19: Name("larm återtaget", "alarm cancelled"),
    20: Name("laddat", "charged"),
    21: Name("stängt", "closed"),
    22: Name("stängt för länge", "closed too long"),
    23: Name("avbrott på IP-förbindelsen", "IP link down"),
    24: Name("avbrott på mobilnätet", "mobile network down"),
    25: Name("avbrott på telelinjen", "phone line down"),
    26: Name("avbrott på huvudförbindelsen", "primary link down"),
    27: Name("avbrott på reservförbindelsen", "backup link down"),
    28: Name("borttaget", "deleted"),
    29: Name("nekat", "denied"),
    30: Name("frånkopplat", "disarmed"),
    31: Name("bortkopplat", "disconnected"),
    **{31 + n: Name(f"fel {n}", f"error {n}") for n in range(1, 10)},
    41: Name("utfört", "executed"),
    42: Name("fel", "failure"),
    43: Name("frekvensavvikelse", "frequency drift"),
    44: Name("avvikelse nedåt", "drift downwards"),
    45: Name("avvikelse uppåt", "drift upwards"),
    46: Name("hög nivå", "level high"),
    47: Name("pågår", "in progress"),
    48: Name("i drift", "in service"),
    49: Name("inaktivt", "inactive"),
    50: Name("påbörjat", "initiated"),
    51: Name("avbrutet under gång", "interrupted"),
    52: Name("blockerat", "jammed"),
    **{52 + n: Name(f"nivå {n}", f"level {n}") for n in range(1, 10)},
    62: Name("logg", "log"),
    63: Name("bortfall", "loss"),
    64: Name("låg nivå", "level low"),
    65: Name("service behövs", "maintenance needed"),
    66: Name("service behövs genast", "maintenance urgently needed"),
    67: Name("funktionsfel", "malfunction"),
    68: Name("minnet fullt", "memory full"),
    69: Name("ej aktivt", "not active"),
    70: Name("normalt", "normal"),
    71: Name("belagt", "occupied"),
    72: Name("av", "off"),
    73: Name("frånkopplad från nätet", "offline"),
    74: Name("på", "on"),
    75: Name("ansluten till nätet", "online"),
    76: Name("öppet", "open"),
    77: Name("öppet för länge", "open too long"),
    78: Name("ur drift", "out of service"),
    79: Name("översvämning", "overflow"),
    80: Name("väntar", "pending"),
    81: Name("medicin ej tagen", "medicine not taken"),
    82: Name("påminnelse om medicin", "medicine reminder"),
    83: Name("medicin tagen", "medicine taken"),
    84: Name("planerat", "planned"),
    85: Name("strömavbrott", "mains failure"),
    86: Name("strömmen åter", "mains restored"),
    87: Name("personal på plats, planerat", "staff present, planned"),
    88: Name("personal på plats efter larm", "staff present after an alarm"),
    89: Name("avskildhet vald", "privacy chosen"),
    90: Name("puls", "pulse"),
    91: Name("återupprättat", "re-established"),
    92: Name("automatisk återställning", "automatic reset"),
    93: Name("manuell återställning", "manual reset"),
    94: Name("återgång", "returned to normal"),
    95: Name("radiostörning", "radio frequency interference"),
    96: Name("startat", "started"),
    97: Name("avslutat", "ended"),
    98: Name("ersatt", "substituted"),
    99: Name("lyckades", "succeeded"),
    100: Name("temperatur hög", "temperature high"),
    101: Name("temperatur låg", "temperature low"),
    102: Name("provlarm, huvudväg", "test over the primary path"),
    103: Name("provlarm, reservväg", "test over the backup path"),
    104: Name("tiden ute", "time-out"),
    105: Name("störning", "trouble"),
    106: Name("intrång", "trespass"),
    107: Name("obehörigt tillträde", "unauthorised access"),
    108: Name("förbikoppling hävd", "bypass ended"),
    109: Name("bekräftat", "verified"),
    110: Name("hjälp begärd", "assistance asked for"),
    111: Name("insats avslutad", "intervention completed"),
    112: Name("IP-förbindelsen åter", "IP link restored"),
    113: Name("mobilnätet åter", "mobile network restored"),
    114: Name("telelinjen åter", "phone line restored"),
    115: Name("huvudförbindelsen åter", "primary link restored"),
    116: Name("reservförbindelsen åter", "backup link restored"),
    117: Name("ligger i sängen", "lying in bed"),
    118: Name("låst", "locked"),
    119: Name("rörelse", "movement"),
    120: Name("närvaro", "occupancy"),
    121: Name("hemma", "present"),
    122: Name("störd radiomiljö", "radio interference"),
    123: Name("radioprov uteblivet", "radio test missing"),
    124: Name("radioprov åter", "radio test restored"),
    125: Name("sabotage", "tampering"),
    126: Name("temperaturen stiger", "temperature rising"),
    127: Name("upplåst", "unlocked"),
}

# lco: where it is.
LOCATIONS: dict[int, Name] = {
    0: Name("okänd plats", "unknown place"),
    1: Name("obestämd plats", "unspecified place"),
    2: Name("hemma", "at home"),
    3: Name("borta", "away"),
    4: Name("inomhus", "indoors"),
    5: Name("utomhus", "outdoors"),
    6: Name("innanför", "inside"),
    7: Name("utanför", "outside"),
    8: Name("område", "area"),
    9: Name("zon", "zone"),
    10: Name("källare", "basement"),
    11: Name("badrum", "bathroom"),
    12: Name("sovrum", "bedroom"),
    13: Name("matsal", "dining room"),
    14: Name("våning", "floor"),
    15: Name("garage", "garage"),
    16: Name("trädgård", "garden"),
    17: Name("baksidan av trädgården", "back garden"),
    18: Name("framsidan av trädgården", "front garden"),
    19: Name("tillåtet område på kartan", "geofence"),
    20: Name("gymnastiksal", "gym"),
    21: Name("kök", "kitchen"),
    22: Name("tvättstuga", "laundry"),
    23: Name("relaxrum", "relaxation room"),
    24: Name("bastu", "sauna"),
    25: Name("trappa", "stairs"),
    26: Name("arbetsrum", "study"),
    27: Name("verkstad", "workshop"),
    28: Name("vind", "loft"),
    29: Name("bod", "shed"),
    30: Name("tillfällig adress", "temporary address"),
    31: Name("sommarhus", "summer house"),
    32: Name("vinterstuga", "winter cottage"),
    33: Name("på rörlig plats", "mobile"),
    34: Name("position bifogad", "position attached"),
    35: Name("GPS-position bifogad", "GPS position attached"),
    36: Name("fastighet", "property"),
    37: Name("tillgängligt badrum", "accessible bathroom"),
    38: Name("dörr", "door"),
    39: Name("ytterdörr", "front door"),
    40: Name("bakdörr", "back door"),
    41: Name("branddörr", "fire door"),
    42: Name("hall", "hallway"),
    43: Name("vardagsrum", "living room"),
    44: Name("lägenhet", "apartment"),
    45: Name("enplanshus", "bungalow"),
    46: Name("sällskapsrum", "lounge"),
    47: Name("gemensamt utrymme", "communal area"),
    48: Name("kontor", "office"),
    49: Name("rum", "room"),
    50: Name("anläggning", "site"),
    51: Name("vårdavdelning", "ward"),
    52: Name("flygel", "wing"),
}
