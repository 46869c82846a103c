// Printing a screen: with leave for this one time, and a stamp on every page. Without it the style sheet prints a notice only.
(() => {
  "use strict";

  const dialog = document.getElementById("print-dialog");
  if (!dialog) return;
  const stamp = document.querySelector(".print-stamp");
  const form = dialog.querySelector("form");
  const status = dialog.querySelector("[role=status]");
  const { cookie } = window.yakuba;

  const post = (url, fields = {}) =>
    fetch(url, {
      method: "POST",
      headers: { "X-CSRFToken": cookie("csrftoken"), "X-Requested-With": "fetch" },
      body: new URLSearchParams({ screen: location.pathname, ...fields }),
      credentials: "same-origin",
      keepalive: true, // the record arrives even when the tab is closed at once
    });
  const end = () => {
    delete document.body.dataset.print;
    stamp.textContent = "";
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print-open]")) {
      status.textContent = "";
      dialog.showModal();
    }
    if (event.target.closest("[data-print-close]")) dialog.close();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    status.textContent = "確認しています…";
    try {
      const response = await post("/print", { reason: form.elements.reason.value });
      const told = await response.json();
      if (response.status === 200) {
        dialog.close();
        form.reset();
        document.body.dataset.print = told.number;
        stamp.textContent = told.stamp;
        window.print();
      } else status.textContent = told.message ?? told.findings.map((finding) => `${finding.message} ${finding.remedy}`).join(" ");
    } catch {
      status.textContent = "確認できませんでした。もう一度押してください。";
    }
  });

  window.addEventListener("beforeprint", () => {
    const number = document.body.dataset.print;
    if (!stamp.isConnected) return; // locked: there is nothing on the screen
    if (number) post(`/print/${number}/printed`);
    else post("/print/attempted");
  });
  window.addEventListener("afterprint", end);
})();
