// SPDX-FileCopyrightText: 2026 The Vaka contributors
// SPDX-License-Identifier: EUPL-1.2
// A form that is sent once a security key has been touched: what the key said goes along in its field "answer".
"use strict";
(() => {
  const decode = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  const encode = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const known = (keys) => keys.map((key) => ({ ...key, id: decode(key.id) }));

  async function ask(way, options) {
    const publicKey = { ...options, challenge: decode(options.challenge) };
    if (way === "get") {
      publicKey.allowCredentials = known(options.allowCredentials);
      return navigator.credentials.get({ publicKey });
    }
    publicKey.user = { ...options.user, id: decode(options.user.id) };
    publicKey.excludeCredentials = known(options.excludeCredentials);
    return navigator.credentials.create({ publicKey });
  }

  function write(key) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (key.response[name]) response[name] = encode(key.response[name]);
    }
    return JSON.stringify({ id: encode(key.rawId), type: key.type, response });
  }

  for (const form of document.querySelectorAll("form[data-key]")) {
    const say = (name) => {
      for (const one of form.querySelectorAll("[data-say]")) one.hidden = one.dataset.say !== name;
    };
    if (!window.PublicKeyCredential) say("missing");
    window.addEventListener("pageshow", () => { form.elements.answer.value = ""; });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = event.submitter;
      if (button) button.disabled = true;
      say("waiting");
      try {
        form.elements.answer.value = write(await ask(form.dataset.key, JSON.parse(form.dataset.options)));
        form.submit();
        // A file leaves the page where it is. Its answer is spent, so the button stays as it is.
        if ("handsOut" in form.dataset) say("sent");
      } catch (error) {
        say(error?.name === "InvalidStateError" ? "known" : "failed");
        if (button) button.disabled = false;
      }
    });
  }
})();
