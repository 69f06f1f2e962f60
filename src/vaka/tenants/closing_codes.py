# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The closing codes every authority starts with; from then on the lists are its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One word of a list, in both languages."""

    code: str
    sv: str
    en: str


DEFAULT_CODES: dict[str, tuple[Code, ...]] = {
    "reason": (
        Code("needs_help", "Behöver hjälp", "Needs help"),
        Code("toilet", "Toalett", "Toilet"),
        Code("fallen", "Har ramlat", "Fallen"),
        Code("sudden_illness", "Akut sjuk", "Sudden illness"),
        Code("pain", "Smärta", "Pain"),
        Code("breathing", "Svårt att andas", "Breathing"),
        Code("anxiety", "Oro", "Anxiety"),
        Code("enquiry", "Fråga", "Enquiry"),
        Code("waiting_for_help", "Väntar på hjälp", "Waiting for help"),
        Code("message", "Meddelande", "Message"),
        Code("accidental", "Av misstag", "Accidental"),
        Code("no_contact", "Ingen kontakt", "No contact"),
        Code("door_wandering", "Dörr eller vandring", "Door or wandering"),
        Code("smoke_fire", "Rök eller brand", "Smoke or fire"),
        Code("threat", "Hot", "Threat"),
        Code("staff_alarm", "Personallarm", "Staff alarm"),
        Code("test", "Provlarm", "Test"),
        Code("installation", "Installation", "Installation"),
        Code("battery", "Batteri", "Battery"),
        Code("mains_failure", "Strömavbrott", "Mains failure"),
        Code("offline", "Ingen förbindelse", "Offline"),
        Code("radio", "Radiofel", "Radio"),
        Code("tamper", "Sabotage", "Tamper"),
        Code("other", "Annat", "Other"),
    ),
    "action": (
        Code("talk_only", "Endast samtal", "Talk only"),
        Code("contact", "Anhörig eller kontakt", "Contact"),
        Code("home_care", "Hemtjänst", "Home care"),
        Code("night_patrol", "Nattpatrull", "Night patrol"),
        Code("nurse", "Sjuksköterska", "Nurse"),
        Code("emergency", "112", "112"),
        Code("technician", "Tekniker", "Technician"),
        Code("transferred", "Överlämnat", "Transferred"),
        Code("none", "Ingen åtgärd", "None"),
    ),
    "result": (
        Code("arrived_and_helped", "På plats och hjälpt", "Arrived and helped"),
        Code("solved_by_talk", "Löst i samtal", "Solved by talk"),
        Code("transported", "Förd till vård", "Transported"),
        Code("refused", "Ville inte ha hjälp", "Refused"),
        Code("nobody_home", "Ingen hemma", "Nobody home"),
        Code("cancelled_by_user", "Återtaget av användaren", "Cancelled by user"),
        Code("unit_fault_fixed", "Fel på enhet åtgärdat", "Unit fault fixed"),
        Code("device_adopted", "Enheten registrerad", "Device registered"),
        Code("not_reached", "Ej nådd", "Not reached"),
        Code("deviation", "Avvikelse", "Deviation"),
    ),
}
