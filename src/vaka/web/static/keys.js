// SPDX-FileCopyrightText: 2026 The Vaka contributors
// SPDX-License-Identifier: EUPL-1.2
// The keyboard: one key per act, the next act on the space bar, arrows in the queue and in the history.
"use strict";
(() => {
  const LINES = "#queue .row a, [data-line]"; // what the arrows go through; under the history also the way to older ones
  const dialog = document.getElementById("keys");
  const toggle = document.getElementById("single-keys");
  const REMEMBERED = "vaka-single-keys";
  const REACTION = 700; // milliseconds: whoever presses within them pressed for what was there before
  let held = { until: 0, says: "" };

  // Whoever dictates, or uses a screen reader, can turn single keys off (WCAG 2.1.4): on every page of this browser at
  // once, whichever page it was done on.
  const singleKeys = () => localStorage.getItem(REMEMBERED) !== "off";
  toggle.addEventListener("change", () => localStorage.setItem(REMEMBERED, toggle.checked ? "on" : "off"));

  const account = document.documentElement.dataset.account;
  const opened = () => document.getElementById("alarm")?.dataset ?? {};

  function writes(element) {
    return element.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");
  }

  function move(step) {
    const rows = [...document.querySelectorAll(LINES)];
    if (!rows.length) return false;
    const focused = rows.indexOf(document.activeElement);
    const current = focused >= 0 ? focused : rows.findIndex((row) => row.parentElement.id === "a-" + opened().alarm);
    const next = current < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, current + step));
    rows[next].focus();
    rows[next].scrollIntoView({ block: "nearest" });
    return true;
  }

  function press(element) {
    if (!element) return false;
    if (element.matches("textarea, select, input")) element.focus();
    else element.click();
    return true;
  }

  // The space bar on a chosen line is about that alarm and no other; anywhere else it does the next act.
  function space() {
    const chosen = document.activeElement.closest?.("#queue .row");
    if (!chosen || chosen.id === "a-" + opened().alarm) return press(document.querySelector("[data-primary]"));
    const { state, holder } = chosen.dataset;
    const link = chosen.querySelector("a");
    if (isHeld() && held.says) explain();
    else if (opened().act) say("first-the-form");
    else if (["received", "presented", "suspended", "handed_over"].includes(state)) {
      htmx.ajax("POST", link.getAttribute("href") + "/take", { source: link, target: "#alarm", swap: "outerHTML" });
    } else if (state === "taken" && holder !== account && chosen.dataset.rings === undefined) {
      const [alarm, colleague] = [".row-name", ".row-holder"].map((part) => chosen.querySelector(part).textContent.trim());
      say("was-taken", { alarm, colleague });
    } else link.click(); // one's own, taken back by its device, or left by who has it: it opens to be read
    return true;
  }

  function say(name, puts = {}) {
    const said = document.getElementById(name).content.cloneNode(true);
    for (const [place, text] of Object.entries(puts)) said.querySelector('[data-put="' + place + '"]').textContent = text;
    document.getElementById("said").textContent = said.textContent.trim();
    document.getElementById("message")?.replaceChildren(said);
  }

  // What a key does may change between the eye and the finger: the device takes its alarm back, a colleague is faster,
  // a new press joins while the closing form stands, the closing is sent and the next one waits in the same place. Then
  // the key does nothing for a moment. What counts is when it was pressed: a busy page looks at it late.
  let pressedAt = null;
  window.addEventListener("keydown", (event) => { pressedAt = event.timeStamp; }, true);
  for (const end of ["keyup", "pointerdown", "blur"]) {
    window.addEventListener(end, () => setTimeout(() => { pressedAt = null; }), true);
  }
  const isHeld = () => (pressedAt ?? performance.now()) < held.until;
  const hold = (says) => { held = { until: performance.now() + REACTION, says }; };
  function explain() { if (held.says) say(held.says); }

  document.addEventListener("vaka:changed-by-itself", (event) => {
    hold("just-changed");
    // Whoever writes looks at the form, not at the screen beside it.
    if (event.detail === "form") say("changed-meanwhile");
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "alarm") return;
    const { verb, path } = event.detail.requestConfig ?? {};
    // What stands there now was asked for, unless it is the answer that something else had happened first.
    if (event.detail.xhr?.status === 409) hold("");
    else if (opened().alarm) held.until = 0;
    else if (verb === "post" && path !== "/take-next") hold("");
  });
  document.addEventListener("click", (event) => {
    // After one's own act only its place is held; a line that was chosen since then was chosen knowingly.
    const line = held.says && event.detail === 0 ? ", #queue .row" : "";
    if (!isHeld() || !event.target.closest("[data-primary]" + line)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    explain();
  }, true);

  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.defaultPrevented || event.isComposing || event.altKey || event.metaKey || dialog.open) return;
    if (event.key === "Enter" && event.ctrlKey && writes(target)) {
      event.preventDefault();
      if (isHeld()) explain();
      else target.form?.requestSubmit();
      return;
    }
    if (event.ctrlKey) return;
    if (writes(target)) {
      if (event.key === "Escape") { event.preventDefault(); target.blur(); document.querySelector("[data-primary]")?.focus(); }
      return;
    }
    let done = false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const scrolls = target.closest(".steps, .table-frame") && !target.matches(LINES);
      if (!target.matches("input") && !scrolls) done = move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      done = press(document.querySelector('[data-key="escape"]'));
    } else if (event.key === " ") {
      // Another button or box that was chosen with Tab keeps its own space bar.
      if (target.matches("button, summary, input") && !target.matches("[data-primary], legend button")) return;
      if (singleKeys() && !event.repeat) done = space();
    } else if (singleKeys() && event.key.length === 1 && !event.repeat) {
      const key = event.key.toLowerCase();
      if (document.querySelector("form[data-form] [data-choice]") && document.dispatchEvent(
        new CustomEvent("vaka:choice", { detail: key, cancelable: true })) === false) done = true;
      else if ((key === "j" || key === "k") && document.querySelector(LINES)) done = move(key === "j" ? 1 : -1);
      else if (key >= "1" && key <= "9") done = number(Number(key));
      else done = press(document.querySelector('[data-key="' + CSS.escape(key) + '"]'));
    }
    if (done) event.preventDefault();
  });

  // In a short list the number chooses, and the space bar then does it.
  function number(nth) {
    const choice = document.querySelectorAll("form[data-form] .choices input[type=radio]")[nth - 1];
    if (!choice) return false;
    choice.checked = true;
    document.querySelector("[data-primary]")?.focus();
    return true;
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-opens=keys]")) return;
    toggle.checked = singleKeys();
    dialog.showModal();
  });

  document.addEventListener("htmx:afterSettle", () => {
    if (!document.getElementById("act-form")) return;
    const first = document.querySelector("#act-form [data-first]") ?? document.querySelector("[data-primary]");
    first?.focus({ preventScroll: true });
  });

  // What could not be sent was not done; that has to be said where the operator looks.
  for (const kind of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(kind, () => {
    const unsent = document.getElementById("unsent").content.cloneNode(true);
    document.getElementById("said").textContent = unsent.textContent.trim();
    document.getElementById("message")?.replaceChildren(unsent);
  });
})();
