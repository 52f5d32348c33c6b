// What a behaviour's page has beside its text: a script that shows it, and how to cite it.
"use strict";
const id = decodeURIComponent(location.pathname).split("/").at(-1).replace(/\.html$/, ""), claim = one("h1").textContent, chapter = id.split(".")[0];
const standing = one(".standing").textContent.trim(), edition = one("footer").textContent.trim();
const script = element("details", { className: "script" }, element("summary", {}, "A script that shows it, with nothing but torch"));
script.addEventListener("toggle", async () => {
  const { behaviours, texts } = await load(chapter), { says } = (await load("search")).known(id);
  script.append(runnable(id, says, behaviours[id], texts) ?? element("p", {}, "No script can show it: its test uses pytest in a way of its own."));
}, { once: true });

// The address of this edition stays; that of a page on disk is nobody else's.
const { address } = one("footer").dataset;
const where = address || location.protocol === "file:" ? `${address ?? ""}behaviours/${id}.html` : location.href.split("#")[0];
const year = edition.match(/(\d{4})-\d\d-\d\d/)?.[1]; // a site made without git has none
const cite = element("details", { className: "cite" }, element("summary", {}, "Cite"),
  copied(`${claim}. ${standing} ${edition}. ${where}`),
  copied(`@misc{${id.replace(/\W/g, "-")},\n  title  = {${claim}},\n  author = {{The torch-training-spec developers}},\n${year ? `  year   = {${year}},\n` : ""}  note   = {${standing} ${edition}},\n  url    = {${where}}\n}`));
one("main").append(script, cite);
