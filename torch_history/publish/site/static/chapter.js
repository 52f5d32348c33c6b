// Examples, which are loaded when they are opened; a button that opens all of them; and old addresses, which named a release: #id@2.0.
"use strict";
for (const article of all("article:not(.bare)")) article.append(element("details", {}, element("summary", {}, "Example")));
one("main").addEventListener("toggle", async ({ target }) => {
  if (!target.open || target.childElementCount > 1) return;
  const { id } = target.closest("article"), { behaviours, texts } = await load(id.split(".")[0]);
  if (target.childElementCount === 1) target.append(runnable(id, (await load("search")).known(id).says, behaviours[id], texts));
}, true);

const control = one("#examples");
control.hidden = false;
one("button", control).addEventListener("click", ({ target }) => {
  const open = target.getAttribute("aria-pressed") !== "true";
  target.setAttribute("aria-pressed", open);
  target.textContent = open ? "Close all examples" : "Open all examples";
  for (const example of all("article details")) example.open = open;
});
const [id, release] = location.hash.slice(1).split("@");
if (release && document.getElementById(id)) location.replace(pageOf(document.getElementById(id).closest("article").id));
