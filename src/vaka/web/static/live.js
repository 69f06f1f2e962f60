// SPDX-FileCopyrightText: 2026 The Vaka contributors
// SPDX-License-Identifier: EUPL-1.2
// The live queue: one stream of events, put into the page line by line without moving what the operator looks at. On a
// page without the queue the same stream brings the numbers alone.
"use strict";
(() => {
  const root = document.documentElement;
  const queue = document.getElementById("queue");
  const account = root.dataset.account;
  const SILENCE = 11000; // milliseconds without a beat (one comes every 4 s) until the connection counts as lost
  const LARGEST_VIEW = 320; // 300, and 20 unknown senders
  const isCover = root.dataset.cover !== undefined; // the cover of a locked desk: it rings, and shows no line
  let source = null;
  let lastEvent = root.dataset.after;
  let heardAt = performance.now();
  let waitToRetry = 500;
  let retryTimer = 0;

  // What happens to the connection.

  function open() {
    clearTimeout(retryTimer);
    if (source) source.close();
    heardAt = performance.now();
    source = new EventSource(queue ? "/stream?after=" + encodeURIComponent(lastEvent) : "/stream?only=" + (isCover ? "cover" : "numbers"));
    source.addEventListener("all", (event) => heard(event, replaceAll));
    source.addEventListener("change", (event) => heard(event, change));
    source.addEventListener("beat", (event) => heard(event, beat));
    source.addEventListener("ended", (event) => {
      source.close();
      if (event.data === "signed_out") leave();
      else if (event.data === "locked") location.replace("/locked");
      else if (event.data === "unlocked") location.replace("/");
      else retry();
    });
    source.onerror = () => { source.close(); retry(); };
  }

  function retry() {
    lose();
    clearTimeout(retryTimer);
    retryTimer = setTimeout(checkSession, waitToRetry);
    waitToRetry = Math.min(waitToRetry * 1.6, 5000);
  }

  // A stream that is refused does not say why; an ordinary request does.
  async function checkSession() {
    try {
      const answer = await fetch("/", { headers: { "HX-Request": "true", "Vaka-By-Itself": "1" }, signal: AbortSignal.timeout(4000) });
      if (answer.status === 423 && !isCover) { location.replace("/locked"); return; }
      if (answer.status === 401 || answer.status === 403) { leave(); return; }
    } catch { /* still no connection: opening the stream fails too, and comes back here */ }
    open();
  }

  // Whoever signs out on this page leaves it by the answer to that, which tells the browser what to forget. The stream
  // ends a moment before, and to load the page anew then would break off that answer.
  const ANSWER = 10000; // milliseconds; less than SILENCE, after which it is looked again
  let signedOutAt = -Infinity;
  document.querySelector("form[action='/sign-out']")?.addEventListener("submit", () => { signedOutAt = performance.now(); });

  function leave() {
    if (performance.now() - signedOutAt < ANSWER) return;
    if (queue) location.reload();
    else location.replace(location.pathname);
  }

  function heard(event, apply) {
    const news = JSON.parse(event.data);
    heardAt = performance.now();
    waitToRetry = 500;
    if (event.lastEventId) lastEvent = event.lastEventId;
    root.dataset.offset = String(news.now - Date.now());
    if (queue) whenReleased(() => apply(news));
    showNumbers(news);
    showCalls(news);
    setConnection("live");
    document.getElementById("trouble").hidden = !news.trouble;
    document.dispatchEvent(new CustomEvent("vaka:queue"));
  }

  function lose() {
    if (root.dataset.connection === "lost") return;
    const since = new Date(Date.now() - (performance.now() - heardAt));
    document.getElementById("lost-since").textContent = since.toLocaleTimeString("sv-SE", { timeZone: "Europe/Stockholm" });
    setConnection("lost");
  }

  function setConnection(state) {
    if (root.dataset.connection === state) return;
    root.dataset.connection = state;
    document.getElementById("connection").dataset.state = state;
    document.getElementById("lost").hidden = state !== "lost";
    document.dispatchEvent(new CustomEvent("vaka:connection", { detail: state }));
  }

  setInterval(() => {
    if (performance.now() - heardAt > SILENCE && root.dataset.connection !== "lost") { source.close(); retry(); }
  }, 1000);
  window.addEventListener("offline", () => { if (source) source.close(); retry(); });
  window.addEventListener("online", open);

  // What happens to the lines.

  // A line that is replaced while a button is held down on it is not clicked, and nobody would know why nothing opened:
  // until it is let go, lines stay as they are. What is heard and the numbers do not wait.
  const LONGEST_PRESS = 10000; // milliseconds; whoever holds on gets the news all the same
  let pressed = 0;
  let held = [];
  function whenReleased(apply) {
    if (pressed) held.push(apply);
    else apply();
  }
  function release() {
    clearTimeout(pressed);
    pressed = 0;
    const applying = held;
    held = [];
    for (const apply of applying) {
      // What goes wrong with one must not keep the next from the queue.
      try { apply(); } catch (error) { console.error(error); }
    }
  }
  queue?.addEventListener("pointerdown", () => { clearTimeout(pressed); pressed = setTimeout(release, LONGEST_PRESS); }, true);
  for (const end of ["pointerup", "pointercancel"]) {
    // The click comes right after, and what waits comes after that.
    document.addEventListener(end, () => { if (pressed) setTimeout(release); }, true);
  }

  function replaceAll(news) {
    const keep = new Set(news.put.map((card) => "a-" + card.id));
    remove([...queue.querySelectorAll(".row")].filter((row) => !keep.has(row.id)));
    change(news);
    // It says nothing of an alarm that has left the queue meanwhile, and the open one may be it.
    if (openAlarm().alarm) tellOpened();
  }

  // The queue shows the first lines only: what is open but has no line is asked about.
  function beat() {
    const { alarm, state } = openAlarm();
    if (alarm && !["closed", "merged"].includes(state) && !document.getElementById("a-" + alarm)) tellOpened();
  }

  const openAlarm = () => document.getElementById("alarm").dataset;
  const tellOpened = () => document.dispatchEvent(new CustomEvent("vaka:opened-alarm"));

  function change(news) {
    still(() => {
      remove(news.gone.map((id) => document.getElementById("a-" + id)).filter((row) => row));
      for (const card of news.put) place(card);
      trim();
      for (const group of queue.querySelectorAll(".group")) {
        group.querySelector(".count").textContent = group.querySelectorAll(".row:not([data-state=withdrawn])").length;
      }
    });
    const open = openAlarm();
    if (open.alarm && (news.put.some((card) => card.id === open.alarm) || news.gone.includes(open.alarm))) tellOpened();
  }

  // A line that leaves gives the choice to its neighbour. A key on its way was meant for the line, not for the neighbour.
  function remove(leaving) {
    const chosen = leaving.find((row) => row.contains(document.activeElement));
    const heir = chosen && neighbour(chosen, leaving);
    for (const row of leaving) row.remove();
    if (!chosen) return;
    (heir?.querySelector("a") ?? document.querySelector("#alarm h1[tabindex]"))?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("vaka:changed-by-itself"));
  }

  function neighbour(chosen, leaving) {
    const nearest = (rows) => {
      const place = rows.indexOf(chosen);
      return [...rows.slice(place + 1), ...rows.slice(0, place).reverse()].find((row) => !leaving.includes(row));
    };
    return nearest([...chosen.parentElement.children]) ?? nearest([...queue.querySelectorAll(".row")]);
  }

  // The chosen line (or the one in the middle of the view) keeps its place on the screen.
  function still(rearrange) {
    const box = queue.getBoundingClientRect();
    const anchor = queue.contains(document.activeElement) ? document.activeElement.closest(".row")
      : queue.querySelector(".row[aria-current]");
    const before = anchor && queue.scrollTop > 0 ? anchor.getBoundingClientRect().top : null;
    rearrange();
    if (before !== null && anchor.isConnected && before >= box.top && before <= box.bottom) {
      queue.scrollTop += anchor.getBoundingClientRect().top - before;
    }
  }

  function place(card) {
    const old = document.getElementById("a-" + card.id);
    const fresh = document.createRange().createContextualFragment(card.html).firstElementChild;
    const isNew = !old;
    mark(fresh);
    htmx.process(fresh);
    const focused = old?.contains(document.activeElement);
    const list = queue.querySelector('[data-section="' + card.section + '"] ol');
    const key = sortKey(fresh);
    if (old && old.parentElement === list && sortKey(old) === key) {
      old.replaceWith(fresh);
    } else {
      old?.remove();
      const next = [...list.children].find((row) => sortKey(row) > key);
      list.insertBefore(fresh, next ?? null);
    }
    if (focused) fresh.querySelector("a").focus({ preventScroll: true });
    if (isNew && root.dataset.connection === "live") {
      fresh.classList.add("is-new");
      if (fresh.dataset.rings !== undefined) announce(fresh);
    }
  }

  function sortKey(row) {
    const mine = row.dataset.section === "held" && row.dataset.holder === account;
    return (mine ? "0" : "1") + row.dataset.place;
  }

  function mark(row) {
    row.classList.toggle("is-mine", row.dataset.holder === account);
    row.classList.toggle("is-offered", row.dataset.offered === account);
    if (row.id === "a-" + document.getElementById("alarm").dataset.alarm) row.setAttribute("aria-current", "true");
  }

  function trim() {
    const rows = queue.querySelectorAll(".row");
    remove([...rows].slice(LARGEST_VIEW));
  }

  function announce(row) {
    const region = document.getElementById("announce");
    region.textContent = region.dataset.new + ": " + row.querySelector(".row-text").textContent.replace(/\s+/g, " ").trim();
  }

  // What has to be heard, and whom somebody has to call: of everything that is open, not only of what has a line here.
  function showCalls(news) {
    const mine = news.again.includes(account) || news.offered.includes(account);
    root.dataset.calls = news.ringing > 0 || mine ? "true" : "false";
    root.dataset.urged = String(news.urged);
    const numbers = document.getElementById("on-call-numbers");
    const said = news.onCall.map(([authority, number]) => authority + ": " + (number || numbers.dataset.none)).join(" · ");
    if (numbers.textContent !== said) numbers.textContent = said;
    document.getElementById("on-call").hidden = news.onCall.length === 0;
    const elsewhere = document.getElementById("elsewhere");
    if (!elsewhere) return;
    elsewhere.dataset.why = news.ringing > 0 ? "ringing" : "mine";
    elsewhere.hidden = root.dataset.calls !== "true";
  }

  function showNumbers(news) {
    document.getElementById("waiting").textContent = news.waiting;
    document.getElementById("on-duty").textContent = news.onDuty;
    const oldest = document.getElementById("oldest");
    if (news.oldest === null) { delete oldest.dataset.since; oldest.textContent = "–"; } else oldest.dataset.since = news.oldest;
    document.title = "(" + news.waiting + ") " + document.title.replace(/^\(\d+\) /, "");
    if (!queue) return;
    for (const name of ["people", "strangers", "more"]) {
      document.getElementById(name).hidden = news[name] === 0;
      document.getElementById(name + "-count").textContent = news[name];
    }
  }

  setConnection("connecting");
  for (const row of queue?.querySelectorAll(".row") ?? []) mark(row);
  open();
})();
