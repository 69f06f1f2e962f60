// SPDX-FileCopyrightText: 2026 The Vaka contributors
// SPDX-License-Identifier: EUPL-1.2
// The closing form, one list at a time: reason, action, result; each choice is one key and opens the next list.
"use strict";
(() => {
  const form = () => document.querySelector("form[data-form]:has([data-step])");
  const steps = () => [...(form()?.querySelectorAll("[data-step]") ?? [])];
  const chosen = (step) => step.querySelector("input:checked");

  function prepare() {
    const now = form();
    if (!now || now.classList.contains("stepped")) return;
    now.classList.add("stepped");
    for (const step of steps()) {
      // The name of a folded list opens it again.
      const legend = step.querySelector("legend");
      const open = document.createElement("button");
      open.type = "button";
      open.append(...legend.childNodes);
      legend.append(open);
      open.addEventListener("click", () => unfold(step, true));
      // A pointer chooses and goes on. With the arrow keys one looks around first, and goes on with Enter.
      step.addEventListener("click", (event) => { if (event.target.matches("input") && event.detail > 0) next(); });
      // What is missing may be folded away, where the browser could not point at it.
      step.addEventListener("invalid", (event) => { event.preventDefault(); next(); }, true);
      step.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); next(); }
      });
    }
    next();
  }

  function unfold(open, focus) {
    for (const step of steps()) {
      step.classList.toggle("is-folded", step !== open);
      step.querySelector("legend button").setAttribute("aria-expanded", String(step === open));
      step.querySelector(".chosen").textContent = chosen(step)?.parentElement.querySelector(".choice-word").textContent ?? "";
    }
    // On the name, not on the first choice: a space bar out of habit must choose nothing.
    if (focus && open) open.querySelector("legend button").focus({ preventScroll: true });
  }

  function next() {
    const open = steps().find((step) => !chosen(step));
    unfold(open ?? null, true);
    if (!open) document.querySelector("[data-primary]")?.focus({ preventScroll: true });
  }

  document.addEventListener("vaka:choice", (event) => {
    const open = steps().find((step) => !step.classList.contains("is-folded"));
    const choice = open?.querySelector('[data-choice="' + CSS.escape(event.detail) + '"]');
    if (!choice) return;
    event.preventDefault();
    choice.checked = true;
    next();
  });
  document.addEventListener("htmx:afterSettle", prepare);
  prepare();
})();
