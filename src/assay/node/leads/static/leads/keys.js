// Keys for those who work many leads; every page works without them.
"use strict";
(() => {
  const rows = [...document.querySelectorAll("table.leads tbody tr")];
  let at = -1;
  const go = (to) => {
    if (!rows.length) return;
    rows[at]?.classList.remove("here");
    at = Math.min(Math.max(to, 0), rows.length - 1);
    rows[at].classList.add("here");
    rows[at].querySelector("th a").focus();
    rows[at].scrollIntoView({ block: "nearest" });
  };
  const press = (what) => document.querySelector(what)?.click();
  const keys = {
    j: () => go(at + 1),
    k: () => go(at - 1),
    x: () => rows[at]?.querySelector("input[type=checkbox]")?.click(),
    o: () => rows[at]?.querySelector("th a").click(),
    a: () => (rows.length ? rows[at]?.querySelector("button[name=do]")?.click() : press("[data-key=a]")),
    "/": () => document.querySelector("input[type=search]")?.focus(),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
