# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the desk calls things: classes, kinds, steps, conditions. Templates look the marked texts up."""

from collections.abc import Mapping
from typing import Any

from vaka.scaip.classes import kind_names
from vaka.scaip.codes import DEVICE_TYPES, LOCATIONS, STATUSES, Name
from vaka.web.texts import LANGUAGES, Language, mark, texts_in

CLASSES: Mapping[str, str] = {
    "life": mark("Life"),
    "request": mark("Request"),
    "technical": mark("Technical"),
    "test": mark("Test"),
    "signal": mark("Signal"),
}

SECTIONS: Mapping[str, str] = {
    "waiting": mark("Waiting"),
    "held": mark("In hand"),
    "resting": mark("Laid aside"),
    "technical": mark("Technical and test"),
    "exercise": mark("Exercise"),
}
"""In the order of the queue."""

KINDS: Mapping[str, Name] = {
    **kind_names(),
    "unknown_sender": Name("okänd avsändare", "unknown sender"),
    "unreadable": Name("oläsbart meddelande", "unreadable message"),
    "refused": Name("avvisad enhet", "refused device"),
    "refused_silent": Name("avvisad enhet: visar inget lösenord", "refused device: shows no password"),
    "refused_password": Name("avvisad enhet: fel lösenord", "refused device: wrong password"),
    "refused_certificate": Name("avvisad enhet: inget eller fel certifikat", "refused device: no or wrong certificate"),
    "refused_network": Name("avvisad enhet: fel nät", "refused device: wrong network"),
    "refused_exception": Name("avvisad enhet: undantaget har löpt ut", "refused device: its exception has ended"),
    "refused_challenge": Name(
        "avvisad enhet: bevisar lösenordet för sent eller hos fel mottagare",
        "refused device: proves its password too late or to another receiver",
    ),
    "refused_sender": Name("avvisad enhet: anger en annan avsändare", "refused device: names another sender"),
    "offline": Name("tyst enhet", "silent device"),
    "site_silent": Name("många tysta enheter", "many silent devices"),
    "receiver_silent": Name("ingen mottagning", "nothing is received"),
}
"""What the rules for messages name, then what the receiver and the supervision find out themselves."""

STEPS: Mapping[str, str] = {
    "raised": mark("Raised"),
    "joined": mark("Alarmed again"),
    "withdrew": mark("Taken back by the device"),
    "upheld": mark("One device took it back, another's alarm stands"),
    "restored": mark("Restored by the device"),
    "presented": mark("Shown on a desk"),
    "taken": mark("Taken"),
    "taken_over": mark("Taken over"),
    "heard": mark("New alarm answered"),
    "released": mark("Put back"),
    "suspended": mark("Was laid aside"),
    "resumed": mark("Taken up again"),
    "handed_over": mark("Offered to a colleague"),
    "returned": mark("Back in the queue"),
    "lapsed": mark("Back in the queue: its holder is no longer there"),
    "acknowledged": mark("Read and closed"),
    "closed": mark("Closed"),
    "reopened": mark("Reopened"),
    "merged": mark("Became part of another alarm"),
    "absorbed": mark("Another alarm became part of this one"),
    "escalated": mark("Escalated"),
    "noted": mark("Note written"),
    "adopted": mark("Device registered"),
    "expired": mark("Closed by itself"),
}

CONDITIONS: Mapping[str, str] = {
    "online": mark("Online"),
    "late": mark("Late"),
    "lost": mark("Lost"),
    "never": mark("Never heard"),
}

TOUCHED: Mapping[str, str] = {
    "outage.declared": mark("Outage of an issuer declared"),
    "sha256": mark("Fingerprint (SHA-256)"),
    "issuer": mark("Issuer of identities"),
    "hours": mark("Hours at most"),
    "reason": mark("Reason"),
    "alarm.read": mark("Read a closed alarm of somebody with a protected identity"),
    "authority": mark("Authority"),
    "arrived": mark("Arrived"),
}
"""What a key is touched for at the desk, besides the keys themselves: the act, and what decides it."""

ACTORS: Mapping[str, str] = {
    "device": mark("the device"),
    "desk": mark("the desk"),
    "scheduler": mark("the timer"),
    "supervision": mark("the supervision"),
}


def names_in(language: Language) -> dict[str, Any]:
    """Return what templates of the desk may call, in one language."""
    gettext = texts_in(language).gettext

    def looked_up(texts: Mapping[str, str], key: str) -> str:
        return gettext(texts[key]) if key in texts else _plain(key)

    def coded(names: Mapping[int, Name], code: int | None) -> str:
        name = names.get(code) if code is not None else None
        return "" if name is None else _capital(_choose(name, language))

    return {
        "class_word": lambda key: looked_up(CLASSES, key),
        "section_word": lambda key: looked_up(SECTIONS, key),
        "step_word": lambda key: looked_up(STEPS, key),
        "condition_word": lambda key: looked_up(CONDITIONS, key),
        "actor_word": lambda key: looked_up(ACTORS, key),
        "event_word": lambda key: looked_up(TOUCHED, key),
        "fact_word": lambda key: looked_up(TOUCHED, key),
        "reason_word": lambda text: text,
        "kind_word": lambda key: _capital(_choose(KINDS[key], language)) if key in KINDS else _plain(key),
        "kinds_word": lambda alarm: _kinds(language, alarm.kind, alarm.latest_kind),
        "device_word": lambda code: coded(DEVICE_TYPES, code),
        "status_word": lambda code: coded(STATUSES, code),
        "location_word": lambda code: coded(LOCATIONS, code) if code else "",
        "sections": tuple(SECTIONS),
    }


ALL_NAMES: Mapping[Language, Mapping[str, Any]] = {language: names_in(language) for language in LANGUAGES}


def _kinds(language: Language, first: str, latest: str) -> str:
    """What opened the alarm must not be lost behind what joined it: a fall, then a pressed button."""
    words = [_choose(KINDS[kind], language) if kind in KINDS else _plain(kind).lower() for kind in (first, latest)]
    return _capital(" + ".join(dict.fromkeys(words)))


def _choose(name: Name, language: Language) -> str:
    return name.sv if language == "sv" else name.en


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(key: str) -> str:
    """A word nobody has translated yet is better shown than hidden."""
    return _capital(key.replace("_", " "))
