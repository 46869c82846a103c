// What the screens need beyond htmx. No inline script exists anywhere: the Content-Security-Policy forbids it.
(() => {
  "use strict";

  const cookie = (name) => {
    const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  };

  // The token is read when it is sent: a form left open overnight still works after signing in again in another tab.
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = cookie("csrftoken");
    // What the page asks by itself doesn't mean that somebody is there.
    if (event.detail.triggeringEvent?.type === "hx:poll:trigger") event.detail.headers["X-Yakuba-Unattended"] = "1";
  });

  // A button that adds a row says how many there are by now.
  document.addEventListener("htmx:configRequest", (event) => {
    const rows = event.detail.elt.dataset.count;
    if (rows) event.detail.path = event.detail.path.replace(/count=\d+/, `count=${nextIndex(rows)}`);
  });
  const nextIndex = (rows) => {
    const indexes = [...document.querySelectorAll(`${rows} [name^="persons."]`)].map((e) => Number(e.name.split(".")[1]));
    return Math.max(-1, ...indexes) + 1;
  };

  // Refusals (401, 403, 409, 422, 503) are answers that people must read.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status >= 400 && xhr.getResponseHeader("X-Yakuba-Fragment")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  const tell = (text) => {
    const place = document.getElementById("messages");
    if (!place) return;
    const notice = document.createElement("div");
    notice.className = "notice notice--bad";
    notice.setAttribute("role", "alert");
    notice.tabIndex = -1;
    notice.textContent = text;
    place.replaceChildren(notice);
    notice.focus();
  };
  document.addEventListener("htmx:sendError", () =>
    tell("サーバにつながりません。入力は失われていません。しばらくしてから、もう一度押してください。"));
  document.addEventListener("htmx:responseError", () =>
    tell("処理できませんでした。入力は失われていません。続くときはシステム担当者に連絡してください。"));

  // After a swap, whoever works by keyboard or ear is taken to what is new.
  const focusNews = (root) => {
    const news = root.querySelector?.("[data-focus]");
    if (news) news.focus();
  };
  document.addEventListener("htmx:afterSettle", (event) => focusNews(event.detail.elt));
  focusNews(document);

  // WebAuthn --------------------------------------------------------------------------------------------------------
  const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const ask = async (url, body) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "X-CSRFToken": cookie("csrftoken"), "X-Requested-With": "fetch" },
      body,
      credentials: "same-origin",
    });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  };

  // What the browser's key answers to a challenge of the house, as JSON.
  const answerOf = async (url, create, form) => {
    const options = await ask(url, form && new URLSearchParams(new FormData(form)));
    options.challenge = toBytes(options.challenge);
    for (const list of [options.allowCredentials, options.excludeCredentials])
      for (const key of list ?? []) key.id = toBytes(key.id);
    if (create) options.user.id = toBytes(options.user.id);
    const credential = create
      ? await navigator.credentials.create({ publicKey: options })
      : await navigator.credentials.get({ publicKey: options });
    const { response } = credential;
    const answer = { id: credential.id, rawId: toText(credential.rawId), type: credential.type, response: {} };
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
      if (response[part]) answer.response[part] = toText(response[part]);
    return JSON.stringify(answer);
  };
  const show = async (form, create) => {
    form.elements.namedItem("response").value = await answerOf(form.dataset.options, create, form);
    form.submit();
  };
  window.yakuba = Object.freeze({ answerOf, cookie });

  for (const form of document.querySelectorAll("form[data-webauthn]")) {
    const where = form.querySelector("[role=status]");
    if (!window.PublicKeyCredential) {
      where.textContent = "このブラウザ又はこのアドレスでは、セキュリティキーを使えません。確認コードを使ってください。";
      form.querySelector("button").disabled = true;
      continue;
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      where.textContent = "キーに触れてください…";
      show(form, form.dataset.webauthn === "create").catch(() => {
        where.textContent = "キーを確認できませんでした。もう一度押すか、確認コードを使ってください。";
      });
    });
  }

  // 「戻る」 brings the last search back. The house remembers it, not this terminal -----------------------------------
  const [navigation] = performance.getEntriesByType("navigation");
  const last = document.querySelector("[data-last]");
  if (navigation?.type === "back_forward" && last?.dataset.last) {
    last.value = last.dataset.last;
    htmx.onLoad((root) => { if (root === document.body) htmx.trigger(last.form, "submit"); });
  }

  // Rows of a form that are added and taken away (persons of a move-in) -----------------------------------------------
  document.addEventListener("click", (event) => {
    const remover = event.target.closest("[data-remove]");
    if (remover) {
      const block = remover.closest(remover.dataset.remove);
      const next = block.previousElementSibling ?? block.parentElement;
      block.remove();
      next.querySelector?.("input, select, button")?.focus();
    }
    const printer = event.target.closest("[data-print]");
    if (printer) window.print();
  });
})();
