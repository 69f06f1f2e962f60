# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Why a change of roles cannot be asked for or decided, as the database's words for it are told (terms 2, 8 and 9)."""

from vaka.errors import Category, Sentence, VakaError


class RoleChangeError(VakaError):
    """It cannot be asked for or decided like this; says why."""

    @classmethod
    def of(cls, said: str) -> "RoleChangeError":
        """Return what a word of the database's functions means."""
        category, sv, en = _REFUSALS[said]
        return cls(category, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))


_REFUSALS = {
    "nothing": (
        Category.INVALID, "Välj minst en roll som kontot ska få eller mista.",
        "Choose at least one role that the account is to get or to lose.",
    ),
    "half": (
        Category.INVALID, "Välj både en roll som kontot ska få och hos vilka myndigheter.",
        "Choose both a role that the account is to get and with which authorities.",
    ),
    "twice": (
        Category.INVALID, "En roll hos samma myndighet kan inte både fås och mistas i en begäran.",
        "One request cannot both give a role with an authority and take it.",
    ),
    "gone": (
        Category.CONFLICT,
        "Det är redan avgjort, tiden för att svara är ute, eller så är kontot inte längre aktivt.",
        "It has been decided already, the time to answer is over, or the account is not active any more.",
    ),
    "changed": (
        Category.CONFLICT, "Det är inte det som begärdes, eller inte det som du har sett. Läs sidan en gång till.",
        "It is not what was asked for, or not what you have seen. Read the page once more.",
    ),
    "own": (
        Category.FORBIDDEN, "Ingen godkänner sina egna roller, eller det som man själv har begärt. Be en kollega.",
        "Nobody approves his own roles, or what he himself has asked for. Ask a colleague.",
    ),
    "stranger": (
        Category.FORBIDDEN, "Det kontot är inget aktivt administratörskonto med rollen administratör, eller begäran är "
        "någon annans.",
        "That account is no active administrator's with the role administrator, or the request is somebody else's.",
    ),
    "waiting": (
        Category.CONFLICT, "Kontots roller väntar redan på ett beslut. Avgör det först.",
        "The account's roles wait for a decision already. Decide that first.",
    ),
    "scope": (
        Category.CONFLICT, "Administratörsroller hör till leverantören, alla andra roller till en myndighet.",
        "Administrators' roles belong to the supplier, all other roles to an authority.",
    ),
    "class": (
        Category.CONFLICT,
        "Administratörsroller hör till administratörskonton, och ett administratörskonto har inga andra. Begär ett "
        "konto av det andra slaget åt människan.",
        "Administrators' roles belong to administrators' accounts, which have no others. Ask for an account of the "
        "other kind for that human.",
    ),
    "nowhere": (
        Category.CONFLICT, "Myndigheten finns inte, eller så har dess avtal upphört.",
        "There is no such authority, or its contract has ended.",
    ),
    "not_held": (
        Category.CONFLICT, "Kontot har inte längre en roll som det skulle mista.",
        "The account does not hold a role any more that it was to lose.",
    ),
    "held": (
        Category.CONFLICT, "Kontot har redan en roll som det skulle få, lika länge.",
        "The account already holds a role that it was to get, for as long.",
    ),
    "asked": (
        Category.CONFLICT, "Myndigheten har redan fått frågan om en av rollerna och har inte svarat.",
        "The authority has been asked for one of the roles already and has not answered.",
    ),
    "past": (
        Category.INVALID, "Slutet har redan varit.", "The end has been already.",
    ),
    "alone": (
        Category.FORBIDDEN,
        "Installationen är grundad: två administratörer beslutar vem som får en roll. Begär den på kontoret eller med "
        "vaka role propose.",
        "The installation is founded: two administrators decide who gets a role. Ask for it in the office or with vaka "
        "role propose.",
    ),
    "last_administrators": (
        Category.CONFLICT,
        "Två administratörer måste finnas kvar: en ensam får inget godkänt. Låt en efterträdare få rollen först.",
        "Two administrators have to be left: one alone gets nothing approved. Let a successor have the role first.",
    ),
}  # fmt: skip
