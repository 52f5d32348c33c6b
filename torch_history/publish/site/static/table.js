// The filters of the table, and its marks, which open what changed.
"use strict";
const form = one("form.filters"), { changed, chapter, api, kind } = form.elements;
const GROUPS = { breaks: ["error", "gone"], numbers: ["silent", "random"] };
const LETTERS = new Map([...kind.options].filter((option) => option.value && !GROUPS[option.value]).map((option, place) => [all(".legend .letter")[place].textContent, option.value]));
const rows = all("tbody tr:not(.chapter)").map((row) => ({
  row, chapter: row.parentNode.dataset.chapter, id: one("a", row).getAttribute("href").slice("behaviours/".length, -".html".length),
  kinds: all("button", row).map((mark) => LETTERS.get(mark.textContent)),
}));
for (const each of rows) each.words = `${each.row.firstElementChild.textContent} ${each.id}`.toLowerCase();
let named = false; // whether the rows know their APIs, which the data of the search have
async function name() {
  if (named) return;
  named = true;
  const { known } = await load("search");
  for (const each of rows) each.words += ` ${known(each.id).apis.join(" ")}`.toLowerCase();
  show();
}

function show() {
  if (api.value.trim()) name();
  const words = api.value.trim().toLowerCase(), kinds = GROUPS[kind.value] ?? (kind.value ? [kind.value] : null);
  let count = 0;
  for (const { row, chapter: own, words: text, kinds: marks } of rows) {
    const fits = (!chapter.value || chapter.value === own) && (!words || text.includes(words)) && (!changed.checked || marks.length)
      && (!kinds || marks.some((mark) => kinds.includes(mark)));
    row.hidden = !fits;
    count += fits;
  }
  for (const group of all("tbody")) group.hidden = !one("tr:not(.chapter):not([hidden])", group);
  one(".count").textContent = `${number(count)} of ${number(rows.length)} behaviours`;
}

function restore() {
  const values = new URLSearchParams(location.hash.slice(1));
  changed.checked = !location.hash || values.has("changed");
  for (const field of [chapter, api, kind]) field.value = values.get(field.name) ?? "";
  show();
}

form.addEventListener("input", () => {
  const values = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  history.replaceState(null, "", `#${values.size ? values : "all"}`); // an empty address shows only what changed
  show();
});
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", restore);
restore();

// ---- a mark opens what changed, on click, touch or key

const told = one("#told");
one(".matrix").addEventListener("click", async (event) => {
  const mark = event.target.closest("button");
  if (!mark) return;
  const row = mark.closest("tr"), { id } = rows.find((one) => one.row === row);
  const { changes: every } = (await load("search")).known(id), heads = all("thead th b").map((head) => head.textContent);
  let place = 0;
  for (const cell of all("td", row)) { if (cell.contains(mark)) break; place += cell.colSpan; }
  const names = [...kind.options].slice(3).map((option) => option.textContent);
  const changes = every.filter(([version]) => version === heads[place]);
  const close = element("button", { type: "button" }, "Close");
  close.addEventListener("click", () => told.hidePopover());
  told.replaceChildren(element("p", {}, element("a", { href: pageOf(id) }, claimOf(id))), ...changes.map(([version, rank, text, cause, advice]) => element("div", {},
    element("p", {}, element("b", {}, names[rank]), ` since ${version}: `, ...linked(text)),
    element("p", { className: "facts" }, "Cause: ", ...linked(cause || "not known")),
    ...(advice ? [element("p", { className: "advice" }, ...linked(advice))] : []))), close);
  mark.focus({ preventScroll: true }); // closing gives the focus back to it
  told.showPopover();
  const at = mark.getBoundingClientRect(), size = told.getBoundingClientRect();
  told.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
  told.style.top = `${at.bottom + size.height + 8 > innerHeight ? Math.max(8, at.top - size.height - 8) : at.bottom + 6}px`;
  close.focus({ preventScroll: true }); // what changed is read first
});
