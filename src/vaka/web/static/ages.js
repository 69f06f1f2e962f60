// SPDX-FileCopyrightText: 2026 The Vaka contributors
// SPDX-License-Identifier: EUPL-1.2
// Clocks that count from the server's time of arrival, and the colour of what has waited long.
"use strict";
(() => {
  const root = document.documentElement;
  if (root.dataset.now) root.dataset.offset = String(Number(root.dataset.now) - Date.now());

  function text(seconds) {
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor(seconds / 60) % 60;
    return hours ? hours + ":" + two(minutes) + ":" + two(seconds % 60) : minutes + ":" + two(seconds % 60);
  }

  function tick() {
    const now = Date.now() + Number(root.dataset.offset ?? 0);
    for (const clock of document.querySelectorAll(".clock[data-since]")) {
      const seconds = Math.max(0, Math.floor((now - Number(clock.dataset.since)) / 1000));
      const shown = text(seconds);
      if (clock.textContent !== shown) clock.textContent = shown;
      if (!clock.dataset.amber) continue;
      const red = seconds >= Number(clock.dataset.red);
      const holder = clock.closest(".row, .alarm-head");
      holder.classList.toggle("is-red", red);
      holder.classList.toggle("is-amber", !red && seconds >= Number(clock.dataset.amber));
    }
  }

  document.addEventListener("vaka:queue", tick);
  document.addEventListener("htmx:afterSettle", tick);
  tick();
  setInterval(tick, 500);
})();
