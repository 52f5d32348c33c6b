// The causes between any two releases, each a line that opens in place.
"use strict";
const form = one("form.ask");
const { before, after, kind, api } = form.elements;
const MATTER = { seen: ["error", "gone", "silent", "random", "exception", "warning", "representation"], breaks: ["error", "gone"], numbers: ["silent", "random"] };

// ---- the address: #A...B&kind=breaks,numbers&api=zero_grad

function address() {
  const [place, ...rest] = location.hash.slice(1).split("&");
  let values = new URLSearchParams(rest.join("&"));
  const picked = place.split("...").map((release) => release.split(".").slice(0, 2).join(".")); // 2.5.1 is of the line 2.5
  return { place, picked, values };
}

const releases = [...before.options].map((option) => option.value);
const isDefault = () => before.value === form.dataset.first && after.value === form.dataset.last && kind.value === "breaks,numbers" && !api.value.trim();

function restore() {
  const { place, picked, values } = address();
  const known = picked.length === 2 && picked.every((release) => releases.includes(release));
  [before.value, after.value] = known ? picked : [form.dataset.first, form.dataset.last];
  const wanted = values.get("kind") ?? "breaks,numbers";
  if (![...kind.options].some((option) => option.value === wanted)) kind.add(new Option(wanted.replaceAll(",", ", "), wanted));
  kind.value = wanted;
  api.value = values.get("api") ?? "";
  const wrong = place.includes("...") && !known;
  return wrong ? `${place} does not name two recorded releases. They run from ${releases[0]} to ${releases.at(-1)}.` : "";
}

// ---- what is shown

function chosen(slug) {
  return kind.value === "all" || kind.value.split(",").some((name) => name === slug || MATTER[name]?.includes(slug));
}

const STEPS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

function found(data) {
  const [a, b] = [before.value, after.value].map((release) => data.releases.indexOf(release));
  let at = 0; // a letter is a step to the next cause, and each ~ before it a step of 62
  return [...(data.pairs[`${a}-${b}`] ?? "").matchAll(/(~*)([^~])/g)].map(([, more, last]) => data.causes[at += more.length * STEPS.length + STEPS.indexOf(last)]);
}

async function show(note = "") {
  const data = await load("answers"), known = api.value.trim() && (await load("search")).known;
  const every = found(data), words = api.value.trim().toLowerCase();
  const about = (cause) => !words || [data.texts[cause[2]], data.texts[cause[3]], ...cause[6].flatMap((place) => [data.behaviours[place], ...known(data.behaviours[place]).apis])]
    .some((text) => text.toLowerCase().includes(words) || text.replaceAll("_", " ").toLowerCase().includes(words));
  const own = every.filter(about), causes = own.filter(([rank]) => chosen(data.kinds[rank][0]));
  const backwards = releases.indexOf(before.value) > releases.indexOf(after.value);
  one("#causes").replaceChildren(...causes.map((cause) => line(cause, data, backwards)));
  const pair = `torch ${before.value} to ${after.value}`, rest = own.length - causes.length;
  one(".count").textContent = causes.length ? `${pair}: ${number(causes.length)} cause${causes.length === 1 ? "" : "s"}${words ? ` about ${words}` : ""}.`
    : `${pair}: no recorded cause${words ? ` about ${words}` : ""} of what you chose.`;
  if (rest) one(".count").append(` ${number(rest)} more of other kinds: `, element("button", { type: "button", name: "everything" }, "show everything"));
  one("#command").textContent = `torch-history diff ${before.value} ${after.value} --code .`;
  const places = [...new Set([before, after].map((field) => releases.indexOf(field.value)))];
  const gaps = places.flatMap((place) => (data.unknown[place] ?? []).map(([id, why]) => `Not verified on ${releases[place]}: ${data.behaviours[id]}: ${data.texts[why]}`));
  one("#unknown").replaceChildren(...[...(note ? [note] : []), ...gaps].map((text) => element("p", { className: "note" }, text)));
  document.title = `${pair} · torch-training-spec`;
}

api.addEventListener("focus", () => load("search")); // what a behaviour is about

function line([rank, place, name, text, advice, cause, own], { kinds, texts, behaviours }, backwards) {
  const [slug, label] = kinds[rank];
  const when = place < 0 ? "" : backwards ? `until ${releases[place]}, where ` : `since ${releases[place]} `;
  return element("details", { className: "cause" },
    element("summary", {}, element("span", { className: `mark ${slug}` }, label), " ", element("span", {}, element("code", {}, texts[name]), ` ${when}`, ...linked(texts[text]))),
    element("div", {}, ...(texts[advice] ? [element("p", { className: "advice" }, ...linked(texts[advice]))] : []),
      element("p", { className: "facts" }, "Cause: ", ...linked(texts[cause] || "not known")),
      element("ul", { className: "shown" }, ...own.map((number) => {
        const item = element("li", {}, element("a", { href: pageOf(behaviours[number]) }, claimOf(behaviours[number])));
        item.dataset.id = behaviours[number];
        return item;
      }))));
}

// ---- a cause that is opened: the values of its first behaviours, and a script

const FIRST = 5;
one("#causes").addEventListener("toggle", async ({ target }) => {
  if (!target.open || target.dataset.filled) return;
  target.dataset.filled = "yes";
  for (const item of all("li[data-id]", target).slice(0, FIRST)) {
    const { behaviours, texts } = await load(item.dataset.id.split(".")[0]);
    const detail = behaviours[item.dataset.id], { says } = (await load("search")).known(item.dataset.id);
    const places = [before, after].map((field) => releases.indexOf(field.value)), [low, high] = [...places].sort((a, b) => a - b);
    const state = (place) => detail.from.findLastIndex((from) => from <= place);
    const script = runnable(item.dataset.id, says, detail, texts);
    const rows = detail.pairs?.[`${state(low)}-${state(high)}`] ?? [];
    item.append(element("p", { className: "says" }, says.replaceAll("`", "")), values(rows.map((row) => row.map((text) => texts[text])), places[0] > places[1]),
      ...(script ? [element("details", { className: "script" }, element("summary", {}, "A script that shows it"), script)] : []));
  }
}, true);

function values(rows, backwards) {
  const sides = [before.value, after.value];
  return element("table", { className: "sides" }, element("thead", {}, element("tr", {}, ...sides.map((side) => element("th", { scope: "col" }, `torch ${side}`)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...(backwards ? [row[1], row[0]] : row).map((text, side) => {
      const cell = element("td", {}, text);
      cell.dataset.torch = sides[side]; // shown at phone width
      return cell;
    })))));
}

// ---- what the reader does

function changed() {
  const values = new URLSearchParams();
  if (kind.value !== "breaks,numbers") values.set("kind", kind.value);
  if (api.value.trim()) values.set("api", api.value.trim());
  const rest = values.size ? `&${values}` : "";
  history.replaceState(null, "", `#${before.value}...${after.value}${rest}`);
  show();
}

form.addEventListener("input", changed);
form.addEventListener("submit", (event) => event.preventDefault());
form.elements.swap.addEventListener("click", () => { [before.value, after.value] = [after.value, before.value]; changed(); });
addEventListener("click", (event) => { if (event.target.name === "everything") { kind.value = "all"; changed(); } });
const begin = () => {
  const note = restore();
  if (location.hash && (!isDefault() || note)) show(note).then(() => one(".ask").scrollIntoView({ block: "nearest" }));
};
addEventListener("hashchange", () => { const note = restore(); show(note).then(() => scrollTo(0, 0)); });
begin();
