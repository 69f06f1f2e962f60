// SPDX-FileCopyrightText: 2026 The Vaka contributors
// SPDX-License-Identifier: EUPL-1.2
// The open alarm: where there is news of it, its screen is read anew; a form somebody is filling in stays as it is.
"use strict";
(() => {
  const FIRST_WAIT = 500; // milliseconds until a reading that failed is tried again; doubled each time
  const LONGEST_WAIT = 8000;
  const PATIENCE = 10000;
  let refreshing = 0;
  let waitToReread = FIRST_WAIT;
  function refresh(wait = 60) {
    clearTimeout(refreshing);
    refreshing = setTimeout(reread, wait);
  }

  async function reread() {
    refreshing = 0;
    const open = document.getElementById("alarm");
    const { alarm, address } = open.dataset;
    if (!alarm) return;
    // An act is on its way: its answer may be older than the news, so look again when it is here.
    if (open.querySelector(".htmx-request")) { refresh(250); return; }
    let fresh = null;
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true", "Vaka-By-Itself": "1" }, signal: AbortSignal.timeout(PATIENCE) });
      if (answer.status >= 500) throw new Error();
      if (!answer.ok) return; // it may no longer be seen; the stream says what is to be said of that
      fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("alarm");
    } catch {
      // Whatever it was, there is news that the screen does not show yet. Newer news may have asked already.
      if (!refreshing) refresh(waitToReread);
      waitToReread = Math.min(waitToReread * 2, LONGEST_WAIT);
      return;
    }
    waitToReread = FIRST_WAIT;
    if (fresh) show(alarm, fresh);
  }

  function show(alarm, fresh) {
    const current = document.getElementById("alarm");
    // Meanwhile the operator may have gone on to something else.
    if (current.dataset.alarm !== alarm || Number(fresh.dataset.version) < Number(current.dataset.version)) return;
    const [before, form] = [nextAct(), current.dataset.act];
    swap("screen", fresh);
    const changed = fresh.dataset.state !== current.dataset.state || fresh.dataset.holder !== current.dataset.holder;
    if (changed || !current.dataset.act) {
      const said = current.querySelector("#message")?.innerHTML ?? "";
      swap("acts", fresh);
      delete current.dataset.act;
      if (!changed) current.querySelector("#message").innerHTML = said;
    }
    // The form that stays is about the alarm as it now stands on the screen beside it; what it does is not the same.
    for (const seen of current.querySelectorAll("input[name=version]")) seen.value = fresh.dataset.version;
    for (const name of ["version", "state", "holder"]) current.dataset[name] = fresh.dataset[name];
    if (nextAct() !== before) {
      document.dispatchEvent(new CustomEvent("vaka:changed-by-itself", { detail: form ? "form" : "" }));
    }
    document.dispatchEvent(new CustomEvent("vaka:queue"));
  }

  // What the space bar does: where the form goes that the next act sends (and of which state of the alarm, where that
  // matters), or where it leads.
  function nextAct() {
    const next = document.querySelector("[data-primary]");
    if (!next?.form) return next?.getAttribute("href");
    return next.form.getAttribute("action") + "@" + (next.form.elements.version?.value ?? "");
  }

  function swap(id, from) {
    const old = document.getElementById(id);
    const fresh = document.importNode(from.querySelector("#" + id), true);
    const scrolled = old.scrollTop;
    const focus = old.contains(document.activeElement) ? document.activeElement : null;
    const again = focus?.dataset.key ? '[data-key="' + CSS.escape(focus.dataset.key) + '"]'
      : focus?.id ? "#" + CSS.escape(focus.id) : "[data-primary]";
    old.replaceWith(fresh);
    fresh.scrollTop = scrolled;
    htmx.process(fresh);
    if (focus) (fresh.querySelector(again) ?? document.getElementById("alarm-heading"))?.focus({ preventScroll: true });
  }

  function markOpen() {
    for (const row of document.querySelectorAll("#queue .row[aria-current]")) row.removeAttribute("aria-current");
    const { alarm, version } = document.getElementById("alarm").dataset;
    const row = alarm ? document.getElementById("a-" + alarm) : null;
    row?.setAttribute("aria-current", "true");
    // News of it may have come while its screen was on the way.
    if (row && Number(row.dataset.version) > Number(version)) refresh();
  }

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "alarm" && !event.target.closest?.("#alarm")) return;
    markOpen();
    // A region that was there before is read out reliably; one that came with the page may not be.
    document.getElementById("said").textContent = document.getElementById("message")?.textContent.trim() ?? "";
    const heading = document.querySelector("#alarm h1[tabindex]");
    if (heading && !document.querySelector("#alarm form[data-form]")) heading.focus({ preventScroll: true });
  });

  document.addEventListener("vaka:opened-alarm", () => refresh());
  markOpen();
})();
