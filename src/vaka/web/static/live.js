// SPDX-FileCopyrightText: 2026 The Vaka contributors
// SPDX-License-Identifier: EUPL-1.2
// The live queue: one stream of events, put into the page line by line without moving what the operator looks at.
"use strict";
(() => {
  const root = document.documentElement;
  const queue = document.getElementById("queue");
  const account = root.dataset.account;
  const SILENCE = 11000; // milliseconds without a beat (one comes every 4 s) until the connection counts as lost
  const LARGEST_VIEW = 300;
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
    source = new EventSource("/stream?after=" + encodeURIComponent(lastEvent));
    source.addEventListener("all", (event) => heard(event, replaceAll));
    source.addEventListener("change", (event) => heard(event, change));
    source.addEventListener("beat", (event) => heard(event, () => {}));
    source.addEventListener("ended", (event) => {
      source.close();
      if (event.data === "signed_out") location.reload();
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
      const answer = await fetch("/", { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(4000) });
      if (answer.status === 401 || answer.status === 403) { location.reload(); return; }
    } catch { /* still no connection: opening the stream fails too, and comes back here */ }
    open();
  }

  function heard(event, apply) {
    const news = JSON.parse(event.data);
    heardAt = performance.now();
    waitToRetry = 500;
    if (event.lastEventId) lastEvent = event.lastEventId;
    root.dataset.offset = String(news.now - Date.now());
    apply(news);
    showNumbers(news);
    showOnCall();
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

  function replaceAll(news) {
    const keep = new Set(news.put.map((card) => "a-" + card.id));
    remove([...queue.querySelectorAll(".row")].filter((row) => !keep.has(row.id)));
    change(news);
  }

  function change(news) {
    still(() => {
      remove(news.gone.map((id) => document.getElementById("a-" + id)).filter((row) => row));
      for (const card of news.put) place(card);
      trim();
      for (const group of queue.querySelectorAll(".group")) {
        group.querySelector(".count").textContent = group.querySelectorAll(".row:not([data-state=withdrawn])").length;
      }
    });
    const open = document.getElementById("alarm").dataset;
    if (open.alarm && (news.put.some((card) => card.id === open.alarm) || news.gone.includes(open.alarm))) refresh();
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

  // A life alarm nobody has taken in all that time: somebody has to be called, and the number stands where all look.
  function showOnCall() {
    const calls = new Map();
    for (const row of queue.querySelectorAll('.row[data-rings][data-escalation="2"]')) {
      calls.set(row.dataset.authority, row.dataset.onCall);
    }
    const said = [...calls].map(([authority, number]) => authority + " " + number).join(" · ");
    const numbers = document.getElementById("on-call-numbers");
    if (numbers.textContent !== said) numbers.textContent = said;
    document.getElementById("on-call").hidden = calls.size === 0;
  }

  function showNumbers(news) {
    document.getElementById("waiting").textContent = news.waiting;
    document.getElementById("on-duty").textContent = news.onDuty;
    const oldest = document.getElementById("oldest");
    if (news.oldest === null) { delete oldest.dataset.since; oldest.textContent = "–"; } else oldest.dataset.since = news.oldest;
    document.getElementById("more").hidden = news.more === 0;
    document.getElementById("more-count").textContent = news.more;
    document.title = "(" + news.waiting + ") Vaka";
  }

  // What happens to the open alarm: its screen is read anew; a form somebody is filling in stays as it is.

  let refreshing = 0;
  function refresh(wait = 60) {
    clearTimeout(refreshing);
    refreshing = setTimeout(async () => {
      const open = document.getElementById("alarm");
      const { alarm, address } = open.dataset;
      if (!alarm) return;
      // An act is on its way: its answer may be older than the news, so look again when it is here.
      if (open.querySelector(".htmx-request")) { refresh(250); return; }
      const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (!answer || answer.status >= 500) { refresh(1000); return; }
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("alarm");
      const current = document.getElementById("alarm");
      // Meanwhile the operator may have gone on to something else.
      if (!fresh || current.dataset.alarm !== alarm || Number(fresh.dataset.version) < Number(current.dataset.version)) return;
      swap("screen", fresh);
      const changed = fresh.dataset.state !== current.dataset.state || fresh.dataset.holder !== current.dataset.holder;
      if (changed || !current.dataset.act) {
        const said = current.querySelector("#message")?.innerHTML ?? "";
        const before = nextAct();
        swap("acts", fresh);
        delete current.dataset.act;
        if (!changed) current.querySelector("#message").innerHTML = said;
        if (nextAct() !== before) document.dispatchEvent(new CustomEvent("vaka:changed-by-itself"));
      }
      // The form that stays is about the alarm as it now stands on the screen beside it.
      for (const seen of current.querySelectorAll("input[name=version]")) seen.value = fresh.dataset.version;
      for (const name of ["version", "state", "holder"]) current.dataset[name] = fresh.dataset[name];
      document.dispatchEvent(new CustomEvent("vaka:queue"));
    }, 60);
  }

  // What the space bar does: where the form goes that the next act sends, or where it leads.
  function nextAct() {
    const next = document.querySelector("[data-primary]");
    return next?.form?.getAttribute("action") ?? next?.getAttribute("href");
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
    for (const row of queue.querySelectorAll(".row[aria-current]")) row.removeAttribute("aria-current");
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

  setConnection("connecting");
  for (const row of queue.querySelectorAll(".row")) mark(row);
  showOnCall();
  markOpen();
  open();
})();
