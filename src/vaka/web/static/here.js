// SPDX-FileCopyrightText: 2026 The Vaka contributors
// SPDX-License-Identifier: EUPL-1.2
// Whether somebody is at the page: what is pressed or pointed at counts as use of the session, told at most once a
// minute. Where nobody is, the page asks whether it may still be seen; another window may have been used meanwhile.
"use strict";
(() => {
  const TOLD_EVERY = 60000; // milliseconds; the server notes no more than the minute
  const ASKED_EVERY = 15000;
  const idle = Number(document.documentElement.dataset.idle) * 1000;
  let toldAt = Date.now(); // that the page was loaded was use
  let actedAt = Date.now();

  // What is on the page leaves it: nothing of it is in the document any more, nor one step back.
  function judge(answer) {
    if (answer.status === 423) location.replace("/locked");
    else if (answer.status === 401 || answer.status === 403) location.reload();
  }

  function act() {
    actedAt = Date.now();
    if (actedAt - toldAt < TOLD_EVERY) return;
    toldAt = actedAt;
    fetch("/here", { method: "POST" }).then(judge, () => {});
  }

  function ask() {
    if (Date.now() - actedAt < idle - TOLD_EVERY) return;
    fetch("/here", { headers: { "Vaka-By-Itself": "1" } }).then(judge, () => {});
  }

  for (const kind of ["keydown", "pointerdown", "pointermove", "wheel"]) {
    document.addEventListener(kind, act, { capture: true, passive: true });
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
  setInterval(ask, ASKED_EVERY);
})();
