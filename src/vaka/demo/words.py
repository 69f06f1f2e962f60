# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The words that invented people and homes are made of. Nobody in particular is meant."""

WOMEN = (
    "Agneta", "Aina", "Anita", "Ann-Britt", "Astrid", "Barbro", "Berit", "Birgitta", "Britta", "Dagny", "Ebba",
    "Edith", "Elsa", "Elsie", "Eva", "Greta", "Gudrun", "Gun", "Gunborg", "Gunilla", "Gunvor", "Harriet",
    "Inga-Lill", "Ingegerd", "Inger", "Ingrid", "Karin", "Kerstin", "Lillemor", "Linnea", "Lisbeth", "Maj-Britt",
    "Margareta", "Margit", "Marianne", "Märta", "Mona", "Rut", "Signe", "Siv", "Solveig", "Sonja", "Svea", "Ulla",
    "Viola", "Vivianne",
)  # fmt: skip
MEN = (
    "Allan", "Arne", "Arvid", "Bengt", "Bertil", "Birger", "Bo", "Börje", "Einar", "Erik", "Folke", "Georg",
    "Gunnar", "Gösta", "Hans", "Harald", "Harry", "Helge", "Henry", "Hilding", "Holger", "Ingemar", "Ingvar",
    "Ivar", "Karl-Erik", "Kjell", "Kurt", "Lars", "Lennart", "Nils", "Olle", "Olof", "Per", "Ragnar", "Roland",
    "Rolf", "Rune", "Sigvard", "Sixten", "Stig", "Sture", "Sven", "Tage", "Torsten", "Valdemar", "Åke",
)  # fmt: skip
FAMILIES = (
    "Alm", "Andersson", "Asplund", "Berggren", "Berglund", "Blomqvist", "Boström", "Dahlberg", "Ek", "Eklund",
    "Engström", "Eriksson", "Forsberg", "Fransson", "Granlund", "Gustafsson", "Hagström", "Hedlund", "Hellström",
    "Holm", "Holmgren", "Johansson", "Karlsson", "Lind", "Lindgren", "Lindqvist", "Lundin", "Lundström", "Löfgren",
    "Magnusson", "Mattsson", "Nilsson", "Norberg", "Nyberg", "Nyström", "Olsson", "Persson", "Pettersson",
    "Sandberg", "Sjöberg", "Sjögren", "Strand", "Ström", "Sundqvist", "Söderberg", "Viklund", "Wallin",
    "Wiklander", "Åberg", "Åström", "Öberg", "Öhman",
)  # fmt: skip

STREETS = (
    "Blåklocksstigen", "Brandklippsgränd", "Ekotorpsvägen", "Fyrvaktargatan", "Getryggsvägen", "Gråalsgatan",
    "Hasselmusgränd", "Isfågelsvägen", "Järvstigen", "Klockarbolsgatan", "Kråkrisvägen", "Lavskrikestigen",
    "Lergöksgatan", "Mossviolsvägen", "Månskärvsgatan", "Pilfinksgränd", "Skogsklövergatan", "Stenknäcksvägen",
    "Tallkottsgatan", "Uvbergsvägen", "Vattenugglestigen", "Älvkvarnsgatan",
)  # fmt: skip

RISKS = (
    ("Hund i bostaden", "Två personer krävs", "Syrgas – ingen öppen låga", "Smitta – använd skyddsutrustning",
     "Hot förekommer – gå aldrig ensam", "Hal trappa utomhus", "Rökare med nedsatt rörlighet"),
    (22, 10, 9, 6, 3, 12, 8),
)  # fmt: skip
"""Risks, and how often each is drawn."""

CARE_NOTES = (
    "Går med rullator. Fallbenägen på natten.",
    "Diabetes, insulin ges av distriktssköterska morgon och kväll.",
    "Behöver hjälp till toaletten, larmar ofta runt klockan 3.",
    "Blodförtunnande läkemedel: ring 112 vid fall med slag mot huvudet.",
    "Höftopererad i våras, reser sig inte själv från golvet.",
    "KOL. Lätt andfådd, lugnas av att någon talar med henne eller honom.",
    "Orolig på kvällarna. Vill gärna veta när nästa besök kommer.",
    "Hjärtsvikt. Sover i fåtölj i vardagsrummet.",
    "Ser dåligt. Presentera dig tydligt innan du går in.",
    "Parkinson. Talet är långsamt, vänta ut svaret.",
    "Lyft med taklyft, två personer.",
    "",
    "",
)
MUST_SEE_NOTES = (
    "Ring alltid dottern före besök efter 22.",
    "Nyckeln i skåpet kärvar: lyft dörren medan du vrider.",
    "Ny portkod från den 1:a, se adressen.",
    "Öppna aldrig för okänd säljare: ring polisen om någon annan svarar i larmet.",
)
NOTES = (
    "Hemtjänsten har bytt batteri i larmknappen.",
    "Fick ny rullator i måndags.",
    "Tackade nej till trygghetsbesök på helger.",
    "Vill helst bli kallad vid förnamn.",
    "Katten får inte släppas ut.",
)
ROUTES = (
    "Infart från baksidan, parkera vid återvinningen.",
    "Hiss till vänster om entrén. Trappan är avstängd nattetid.",
    "Gula huset efter kröken, sista biten är oplogad på vintern.",
    "Andra porten från torget räknat.",
    "",
    "",
)
RELATIONS = ("dotter", "son", "granne", "brorson", "svärdotter", "god man", "barnbarn", "syster", "vän")
LANGUAGES = (("svenska", "finska", "arabiska", "persiska", "bosniska", "engelska"), (86, 6, 3, 2, 2, 1))
HEARING = (
    ("", "Nedsatt hörsel: tala tydligt", "Hörapparat, tas ut på natten", "Döv: skicka hjälp direkt"),
    (72, 14, 12, 2),
)
SPEECH = (("", "Sluddrigt tal efter stroke", "Talar inte i larmet: skicka hjälp"), (91, 7, 2))
COGNITION = (("", "Demens: minns inte att hen larmat", "Lätt kognitiv svikt"), (78, 12, 10))
ABSENCES = ("Sjukhus", "Korttidsboende", "Hos anhörig")
