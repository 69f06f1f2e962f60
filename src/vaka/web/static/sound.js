// SPDX-FileCopyrightText: 2026 The Vaka contributors
// SPDX-License-Identifier: EUPL-1.2
// A life alarm is heard until somebody takes it, and again by who has it when the person alarms again; a technical one
// never. One that nobody answers in time is heard louder, at desks that are busy or have turned their sound off as well.
// The tones are made here, from sines.
"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("sound");
  const banner = document.getElementById("sound-locked");
  const PERIOD = 2400; // milliseconds between two rings
  let context = null;
  let wanted = true;
  let timer = 0;

  function unlocked() {
    return context !== null && context.state === "running";
  }

  function unlock() {
    context ??= new AudioContext();
    if (context.state === "suspended") context.resume().then(show, () => {});
    show();
  }

  // One tone that swells and fades: a hard edge would crack in a headset.
  function tone(frequency, after, length, loudness) {
    const at = context.currentTime + after;
    const swell = context.createGain();
    swell.gain.setValueAtTime(0, at);
    swell.gain.linearRampToValueAtTime(loudness, at + 0.03);
    swell.gain.setValueAtTime(loudness, at + length - 0.08);
    swell.gain.linearRampToValueAtTime(0, at + length);
    swell.connect(context.destination);
    for (const [multiple, share] of [[1, 1], [2, 0.25]]) {
      const sine = context.createOscillator();
      const part = context.createGain();
      sine.frequency.value = frequency * multiple;
      part.gain.value = share;
      sine.connect(part).connect(swell);
      sine.start(at);
      sine.stop(at + length);
    }
  }

  function ring() {
    // Where nothing can be taken, turned off stays turned off.
    const urged = root.dataset.handles !== undefined && root.dataset.urged === "true";
    if (!unlocked() || (!wanted && !urged)) return;
    // Whoever is speaking with somebody hears the others, but softly.
    const busy = document.querySelector(".row.is-mine[data-section='held']") !== null;
    const loudness = urged ? (busy ? 0.3 : 0.6) : (busy ? 0.08 : 0.3);
    tone(880, 0, 0.32, loudness);
    tone(659.26, 0.36, 0.42, loudness);
    if (urged) for (const after of [0.84, 1.2]) tone(1046.5, after, 0.3, loudness);
  }

  function warn() {
    if (!unlocked() || !wanted) return;
    for (const after of [0, 0.3, 0.6]) tone(220, after, 0.22, 0.35);
  }

  // Each desk rings for what waits; losing the connection is heard as well, since nothing else would be.
  function listen() {
    const ringing = root.dataset.calls === "true";
    const lost = root.dataset.connection === "lost";
    if (String(ringing) !== root.dataset.ringing) {
      root.dataset.ringing = String(ringing);
      if (ringing) ring();
    }
    if ((ringing || lost) && !timer) {
      timer = setInterval(() => { root.dataset.connection === "lost" ? warn() : ring(); }, PERIOD);
    } else if (!ringing && !lost && timer) {
      clearInterval(timer);
      timer = 0;
    }
  }

  function show() {
    const state = unlocked() ? (wanted ? "on" : "off") : "locked";
    root.dataset.sound = state;
    button.dataset.state = state;
    button.setAttribute("aria-pressed", String(state === "on"));
    banner.hidden = state !== "locked";
  }

  button.addEventListener("click", () => {
    if (unlocked()) wanted = !wanted;
    unlock();
  });
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => { if (!unlocked()) unlock(); }, true);
  document.addEventListener("vaka:queue", listen);
  // Not at once: a desk that restarts is back within a second or two.
  document.addEventListener("vaka:connection", listen);
  document.addEventListener("htmx:afterSettle", listen);

  unlock();
  setTimeout(show, 300); // a browser that allows sound says so only after a moment
  listen();
})();
