// A screen at which nobody is shows nothing. What was on it leaves the page (the accessibility tree too) and waits in memory,
// with whatever was typed, until the person shows the second factor. The house counts by itself and doesn't rely on this.
(() => {
  "use strict";

  const { body } = document;
  const screenIdle = Number(body.dataset.screenIdleS) * 1000;
  const sessionIdle = Number(body.dataset.sessionIdleS) * 1000;
  if (!screenIdle) return;
  const SEEN_EVERY = 30_000; // the house is told at most this often that somebody works without asking for anything
  const { answerOf, cookie } = window.yakuba;

  const channel = new BroadcastChannel("yakuba-session");
  let last = Date.now();
  let told = last;
  let spread = last;
  let kept = null; // what was on the screen, while it is locked

  const UNATTENDED = { "X-Yakuba-Unattended": "1" }; // not somebody's doing
  const post = (url, fields = {}, headers = {}) =>
    fetch(url, {
      method: "POST",
      headers: { "X-CSRFToken": cookie("csrftoken"), "X-Requested-With": "fetch", ...headers },
      body: new URLSearchParams(fields),
      credentials: "same-origin",
      redirect: "manual",
    });

  // Nobody there ----------------------------------------------------------------------------------------------------
  const check = () => {
    const quiet = Date.now() - last;
    if (quiet >= sessionIdle) leave();
    else if (quiet >= screenIdle) lock("idle");
  };
  const active = () => {
    check(); // a machine that slept notices late
    if (kept) return;
    last = Date.now();
    if (last - spread >= 1000) {
      spread = last;
      channel.postMessage({ type: "active", at: last });
    }
    if (last - told >= SEEN_EVERY) {
      told = last;
      post("/session/seen").then((response) => response.status === 423 && lock("server"), () => {});
    }
  };
  for (const type of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "input", "scroll"])
    document.addEventListener(type, active, { capture: true, passive: true });
  setInterval(check, 1000);
  for (const type of ["focus", "visibilitychange"]) window.addEventListener(type, check, true);

  // The lock --------------------------------------------------------------------------------------------------------
  const element = (name, text, more = {}) => Object.assign(document.createElement(name), { textContent: text }, more);

  const lock = (reason, byUs = true) => {
    if (kept) return;
    kept = { nodes: document.createDocumentFragment(), title: document.title, focus: document.activeElement };
    kept.nodes.append(...body.childNodes);
    document.title = "画面をロックしています";
    const main = element("main", "", { id: "lock", className: "narrow", tabIndex: -1 });
    main.append(element("h1", "画面をロックしています"), element("p", "本人の確認の用意をしています…", { role: "status" }));
    body.append(main);
    main.focus();
    if (byUs) channel.postMessage({ type: "lock" });
    ask(main, reason);
  };

  const ask = async (main, reason) => {
    try {
      await post("/session/lock", { reason }, UNATTENDED);
      const response = await fetch("/unlock", { credentials: "same-origin", headers: UNATTENDED });
      if (!kept) return;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const card = page.querySelector("form[data-factor]")?.closest("section");
      if (!response.ok || !card) return leave();
      main.replaceChildren(document.adoptNode(card));
      main.querySelector("input:not([type=hidden]), button")?.focus();
    } catch {
      const again = element("button", "もう一度つなぐ", { className: "button" });
      again.addEventListener("click", () => ask(main, reason));
      main.replaceChildren(
        element("h1", "画面をロックしています"),
        element("p", "サーバにつながりません。つながるまで、画面は隠したままにします。", { role: "alert" }),
        again,
      );
    }
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.matches("[action='/session/lock']")) {
      event.preventDefault();
      lock("person");
    }
    if (form.matches("[action='/sign-out']")) channel.postMessage({ type: "ended" });
    if (!kept || !form.matches("[data-factor]")) return;
    event.preventDefault();
    let status = form.querySelector("[role=status]");
    if (!status) form.append((status = element("p", "", { className: "small", role: "status" })));
    status.textContent = "確認しています…";
    try {
      const fields = form.dataset.options ? { response: await answerOf(form.dataset.options, false) } : { code: form.code.value };
      const response = await post("/unlock", fields);
      if (response.status === 204) return unlock();
      if (response.status !== 422) return leave();
      const { findings } = await response.json();
      status.textContent = findings.map((finding) => `${finding.message} ${finding.remedy}`).join(" ");
      if (form.code) form.code.value = "";
    } catch {
      status.textContent = "本人を確認できませんでした。もう一度押してください。";
    }
  });

  const unlock = (byUs = true) => {
    if (!kept) return;
    const { nodes, title, focus } = kept;
    kept = null;
    body.replaceChildren(nodes);
    document.title = title;
    last = told = Date.now();
    focus?.focus?.();
    if (byUs) channel.postMessage({ type: "unlock" });
  };

  // The end ---------------------------------------------------------------------------------------------------------
  let left = false;
  const leave = (byUs = true) => {
    if (left) return;
    left = true;
    kept = { nodes: null };
    body.replaceChildren();
    document.title = "サインアウトしました";
    if (byUs) channel.postMessage({ type: "ended" });
    location.replace("/sign-in");
  };

  channel.addEventListener("message", ({ data }) => {
    if (data.type === "active" && !kept) last = Math.max(last, data.at);
    if (data.type === "lock") lock("other tab", false);
    if (data.type === "unlock") unlock(false);
    if (data.type === "ended") leave(false);
  });

  // What the house says: locked, whatever this page thinks.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status !== 423) return;
    event.detail.shouldSwap = false;
    lock("server");
  });

  // 「戻る」 never shows a page from the browser's memory: the session may have ended since.
  window.addEventListener("pagehide", () => { document.documentElement.hidden = true; });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
    else document.documentElement.hidden = false;
  });
})();
