// What every page has: the search box, data that is loaded when it is needed, buttons that copy.
"use strict";
const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const number = (value) => value.toLocaleString("en");
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const ROOT = new URL(".", document.currentScript.src).href; // of the site, wherever a page lies

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// A page on disk cannot read other files, but it can run scripts: data are scripts that set PACKED[name], which DATA[name] is unpacked from.
globalThis.DATA = {};
const loading = {};
function load(name) {
  return loading[name] ??= new Promise((resolve, reject) => {
    const unpack = async () => {
      const data = await unpacked(PACKED[name]);
      resolve(DATA[name] = name === "search" ? catalogued(data) : data);
    };
    const script = element("script", { src: `${ROOT}data/${name}.js`, onload: () => unpack().catch(reject), onerror: reject });
    document.head.append(script);
  });
}

function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}

// `known(id)`: what a behaviour says, and its changes.
function catalogued(data) {
  const found = new Map(data.behaviours.map((entry) => [entry[0], entry]));
  data.known = (id) => ({ says: found.get(id)[2], apis: found.get(id)[1].map((place) => data.apis[place][0]), changes: found.get(id)[4] });
  data.names = data.modules.flatMap(([module, part, names]) => [[module, part], ...(names ? names.split("\n").map((name) => [`${module}.${name}`, part]) : [])]);
  return data;
}

// ---- the large parts of pages, which are packed as trees: [tag, properties, ...children]

const built = (part) => (typeof part === "string" ? part : BUILT.has(part[0]) ? element(part[0], part[1], ...part.slice(2).map(built)) : "");
const BUILT = new Set("a b br code dd div dl dt h2 h3 i li ol p pre s small span table td tr ul".split(" "));
for (const place of all("[data-from]")) {
  const { from } = place.dataset, at = from.indexOf("#"), [name, part] = [from.slice(0, at), from.slice(at + 1)];
  load(name).then((parts) => {
    place.replaceChildren(...parts[part].map(built));
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
    dispatchEvent(new Event("built"));
  });
}

const pageOf = (id) => `${ROOT}behaviours/${id}.html`;
const claimOf = (id) => capital(id.split(".")[1].replaceAll("_", " "));

// Words in which `pytorch#1` is a link, and names with dots or underscores are code.
function linked(text) {
  return text.split(/(pytorch#\d+|`[^`]+`|(?<![\w.])(?:torch\.[\w.]+|\w+_\w+(?:=[\w.]+)?|\w+=[\w.]+)(?:\(\))?)/).map((part, place) => {
    if (!(place % 2)) return part;
    if (part.startsWith("pytorch#")) return element("a", { href: `https://github.com/pytorch/pytorch/issues/${part.slice(8)}` }, part);
    return element("code", {}, part.replaceAll("`", ""));
  });
}

// What pages that lie deeper leave out, since they are many.
const PAGES = [["index.html", "Upgrade"], ["manual.html", "Manual"], ["apis.html", "APIs"], ["table.html", "Table"], ["claims.html", "Articles"], ["benchmarks.html", "Benchmarks"], ["guides/index.html", "Guides"]];
if (!one("nav[aria-label=Pages]")) {
  const links = element("nav", { ariaLabel: "Pages" }, element("a", { href: `${ROOT}index.html`, className: "brand" }, "torch-training-spec"));
  for (const [page, name] of PAGES) links.append(" ", element("a", { href: ROOT + page }, name));
  one("header").replaceChildren(links);
  document.body.prepend(element("a", { className: "skip", href: "#main" }, "Skip to the content"));
  Object.assign(one("main"), { id: "main", tabIndex: -1 });
}
if (one(".standing")) document.head.append(element("script", { src: `${ROOT}behaviour.js` }));

addEventListener("click", (event) => { // the address goes on to say what is chosen
  if (!event.target.closest(".skip")) return;
  event.preventDefault();
  one("main").focus();
});

// ---- a script that shows a behaviour, with nothing but torch

function runnable(id, says, { script }, texts) { // null where no script can show it
  return script ? copied(`${[`# ${id}\n# ${says}`, ...script.map((part) => texts[part])].join("\n\n")}\n`) : null;
}

function copied(text) {
  return element("div", { className: "copy" }, element("pre", {}, element("code", {}, text)), element("button", { type: "button" }, "Copy"));
}

addEventListener("click", async (event) => {
  const button = event.target.closest(".copy button");
  if (!button) return;
  const code = one("code", button.parentNode);
  getSelection().selectAllChildren(code);
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Press Ctrl+C";
  }
});
for (const code of all(".copy > code")) code.after(" ", element("button", { type: "button" }, "Copy"));

// ---- the search: all words, ranked, as `torch-history find` does; or the words of a message

const EMPTY = new Set("a an and are by for in is it of on or that the to with".split(" "));
const PARTS = /\d+(?:\.\d+)+|\d+\p{L}?(?!\p{L})|\d+|\p{L}+/gu;
const CAMEL = /\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}?\p{Ll}+|\p{Lu}+|.+/gu;

function stem(word) {
  if (word.endsWith("s") && !/(ss|us|is)$/.test(word) && word.length > 3) word = word.slice(0, -1);
  for (const ending of ["ing", "ed", "e"]) if (word.endsWith(ending) && word.length - ending.length >= 4) return word.slice(0, -ending.length);
  return word;
}

function termsIn(text) { // identifiers in their parts, and whole
  const parts = text.match(PARTS) ?? [];
  const apart = parts.flatMap((part) => part.match(CAMEL) ?? []).map((piece) => stem(piece.toLowerCase()));
  return { apart: ` ${apart.join(" ")} `, whole: ` ${parts.map((part) => stem(part.toLowerCase())).join(" ")} ` };
}

const has = (text, term) => text.apart.includes(term.apart) || text.whole.includes(term.whole) || text.whole.includes(term.apart);

function sought(words) {
  const found = (words.match(/[\w.#-]+/gu) ?? []).filter((part) => part.match(PARTS));
  const telling = found.filter((part) => !EMPTY.has(part.toLowerCase()));
  return (telling.length ? telling : found).map(termsIn);
}

// [level, nearness, fields]: how near the first of the texts are that have all terms; none if a term is in no text.
// A text is [words, level, name of its field].
function nearness(texts, terms, whole) {
  const split = texts.map(([text, level, name]) => [termsIn(text), level, name]);
  let left = terms, level = 0;
  for (const [text, at] of split) {
    const rest = left.filter((term) => !has(text, term));
    if (rest.length < left.length) level = at;
    left = rest;
    if (!left.length) break;
  }
  if (left.length) return null;
  const near = split.filter(([, at]) => at <= level);
  const fields = (fits) => new Set(near.filter(([text]) => fits(text)).map(([, , name]) => name)).size;
  const together = fields((text) => has(text, whole)), alone = fields((text) => terms.every((term) => has(text, term)));
  return [level, together ? 0 : alone ? 1 : 2, -(together || alone)];
}

function ranked(entries, textsOf, words, tie = () => []) {
  const terms = sought(words), whole = termsIn(words);
  if (!terms.length) return [];
  const roots = terms.flatMap((term) => term.apart.trim().split(" "));
  const found = [];
  for (const entry of entries) {
    const texts = textsOf(entry), everything = texts.map(([text]) => text).join(" ").toLowerCase();
    // A stem is a prefix of its word: most entries are passed over without being split.
    if (!roots.every((root) => everything.includes(root))) continue;
    const rank = nearness(texts, terms, whole);
    if (rank) found.push([[...rank.slice(0, 2), ...tie(entry, rank)], entry]);
  }
  return found.sort(([a], [b]) => { for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i]; return 0; }).map(([, entry]) => entry);
}

// Messages are compared by the words and pairs of words that they share; rare ones count most.
function features(message) {
  const words = (message.replace(/(?<![\w.~-])(?:[\w.~-]*[/\\]){2,}[\w.~-]*|(?<!\S)[/\\][\w.~-]+/g, " ").toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []).filter((word) => !/^\d+$/.test(word));
  return new Set([...words, ...words.slice(1).map((word, place) => `${words[place]} ${word}`)]);
}

let weighed;
function alike(messages, message) {
  weighed ??= messages.map(([text]) => features(text));
  const counts = new Map(), rarest = Math.log(1 + messages.length);
  for (const own of weighed) for (const feature of own) counts.set(feature, (counts.get(feature) ?? 0) + 1);
  const weight = (feature) => (counts.has(feature) ? Math.log(1 + messages.length / counts.get(feature)) : rarest);
  const asked = features(message), total = [...asked].reduce((sum, feature) => sum + weight(feature), 0);
  const found = [];
  messages.forEach((entry, place) => {
    let shared = 0, own = 0;
    for (const feature of weighed[place]) { own += weight(feature); if (asked.has(feature)) shared += weight(feature); }
    const score = shared / (shared + 0.6 * (total - shared) + 0.3 * (own - shared) || 1);
    if (score >= 0.48 && shared >= 1.5 * rarest) found.push([score, entry]);
  });
  found.sort(([a], [b]) => b - a);
  return found.filter(([score]) => score >= 0.85 * found[0][0]).map(([, entry]) => entry);
}

const MESSAGE = /(?:[a-z_]\w*\.)*([A-Z]\w*(?:Error|Exception|Warning)|Exception|Warning): ?[\s\S]*$/;
// A line of a traceback or log that begins a message: pytest's E, a logger, the place of a warning may stand before it.
const HEAD = /^(?:E\s+)?(?:\[\w+\]:?\s*)?(?:[A-Z]+:[\w.]+:\s*)?(?:\S.*?:\d+: )?((?:[a-z_]\w*\.)*(?:[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Exit)|Exception|Warning)(?:: .*)?)$/;

// The last message in a pasted text, on one line; empty if there is none.
function lastMessage(text) {
  const lines = text.replace(/\x1b\[[0-9;]*m/g, "").trim().split("\n"), heads = lines.map((line) => line.trim().match(HEAD)?.[1]);
  const at = heads.findLastIndex(Boolean);
  if (at < 0) return "";
  const rest = lines.slice(at + 1), source = rest.findIndex((line) => line.startsWith(" ")); // below a warning Python shows the line that warned
  const below = heads[at].includes("Warning") && source >= 0 ? rest.slice(0, source) : rest;
  return [heads[at], ...below].map((line) => line.trim()).join(" ").trim();
}

// The texts of each behaviour, those that tell the most first, as `torch-history find` has them.
let fields;
function fieldsOf({ behaviours, apis, messages }) {
  if (!fields) {
    const told = behaviours.map(() => []);
    for (const [text, own] of messages) for (const place of own) told[place].push([text, 2, "message"]);
    fields = new Map(behaviours.map((entry, place) => {
      const [id, own, says, rest, changes, , former = []] = entry;
      return [entry, [...own.map((api) => [apis[api][0], 0, "api"]), ...[id, ...former].map((name) => [name, 0, "id"]), [claimOf(id), 0, "claim"], [`${says} ${rest}`, 1, "docstring"],
        ...changes.flatMap(([version, , text, cause, advice]) => [[`${version}: ${text}`, 2, "change"], [advice, 2, "advice"], [cause, 2, "cause"]]), ...told[place]]];
    }));
  }
  return (entry) => fields.get(entry);
}

// Groups of results: [title, [[href, name, words]]], the likeliest first.
function search({ behaviours, apis, messages, places, names: every }, words) {
  const texts = fieldsOf({ behaviours, apis, messages });
  const when = (changes) => (changes.length ? ` Changed in ${[...new Set(changes.map(([version]) => version))].join(", ")}.` : "");
  const behaviour = ([id, , says, , changes]) => [pageOf(id), claimOf(id), says.replaceAll("`", "") + when(changes)];
  const asked = words.trim().toLowerCase().replace(/\(\)$/, "");
  const ends = (name) => name.toLowerCase().endsWith(`.${asked}`);
  const called = (names) => names.filter(([name]) => name.toLowerCase().includes(asked)).sort(([a], [b]) => !ends(a) - !ends(b) || a.length - b.length);
  const names = called(apis), known = new Set(names.map(([name]) => name));
  const message = words.match(MESSAGE)?.[0] ?? (words.split(/\s+/).length >= 5 ? words : "");
  const entries = new Set([...(message ? alike(messages, message) : []), ...ranked(messages, ([text]) => [[text, 0, "message"]], words)]);
  const said = [...entries].map(([text, [first]]) => [pageOf(behaviours[first][0]), claimOf(behaviours[first][0]), text]);
  const own = [
    ["Behaviours", ranked(behaviours, texts, words, (entry, rank) => [entry[5], rank[2], entry[1].length]).map(behaviour)],
    ["Messages", said],
  ];
  return [
    ["Glossary", places.filter(([what, title]) => what === "term" && title.toLowerCase() === asked).map(([, title, page, text]) => [ROOT + page, title, text])],
    ["APIs", names.map(([name, page]) => [`${ROOT}apis/${page || name}.html`, name, ""])],
    ["Other names of torch", called(every).filter(([name]) => !known.has(name)).map(([name, part]) => [`${ROOT}surface/${part}#${name}`, name, ""])],
    ...(message ? own.reverse() : own),
    ["Manual, guides and articles", ranked(places, ([, title, , text]) => [[title, 0, "title"], [text, 1, "text"]], words).map(([what, title, page, text]) => [ROOT + page, `${capital(what)}: ${title}`, text])],
  ].filter(([, own]) => own.length);
}

// A name that differs from a covered one by one letter: wrong, missing, too many, or two in each other's place.
function misspelt({ apis }, words) {
  const last = words.trim().toLowerCase().split(".").at(-1);
  const slip = (name) => {
    const [brief, long] = [last, name.split(".").at(-1).toLowerCase()].sort((a, b) => a.length - b.length);
    let same = 0;
    while (same < brief.length && brief[same] === long[same]) same++;
    const rest = brief.slice(same), tail = long.slice(same);
    return brief.length > 3 && same && (tail.slice(1) === rest || tail.slice(1) === rest.slice(1) || (tail[0] === rest[1] && tail[1] === rest[0] && tail.slice(2) === rest.slice(2)));
  };
  return apis.find(([name]) => slip(name));
}

function nothing(data, words) {
  const meant = misspelt(data, words);
  return element("p", {}, "Not covered: no behaviour mentions this. ", ...(meant ? ["Did you mean ", element("a", { href: `${ROOT}apis/${meant[1] || meant[0]}.html` }, meant[0]), "?"]
    : [element("a", { href: `${ROOT}apis.html` }, "What is covered")]));
}

const brief = (words) => (words.length > 200 ? `${words.slice(0, 199)}…` : words);

const MOST = 1000; // results of a group on a page: 24,000 names are too many

function shown(groups, most) {
  return groups.flatMap(([title, own]) => [
    element("h2", {}, `${title} `, element("small", {}, number(own.length))),
    element("ul", {}, ...own.slice(0, most).map(([href, name, words]) => element("li", {}, element("a", { href }, name), words ? element("small", {}, ` ${brief(words)}`) : "")))]);
}

const box = element("input", { type: "search", name: "q", ariaLabel: "Search everything", placeholder: "Search: press /", autocomplete: "off", spellcheck: false });
one("header").append(element("form", { role: "search", action: `${ROOT}search.html` }, box));
const panel = element("div", { className: "found", hidden: true, role: "region", ariaLabel: "Search results" });
box.parentNode.append(panel, element("p", { className: "hidden", role: "status" }));
let latest = 0;
box.addEventListener("focus", () => load("search"));
box.addEventListener("input", async () => {
  const turn = ++latest, words = box.value;
  const data = await load("search");
  if (turn !== latest) return; // something else was typed meanwhile
  const groups = words.trim().length > 1 ? search(data, words) : [];
  const count = groups.reduce((sum, [, own]) => sum + own.length, 0);
  panel.replaceChildren(...shown(groups, 6), ...(count ? [element("p", {}, element("a", { href: `${ROOT}search.html?q=${encodeURIComponent(words)}` }, `All ${number(count)} results`))] : [nothing(data, words)]));
  panel.hidden = words.trim().length < 2;
  one("p.hidden", box.parentNode).textContent = panel.hidden ? "" : `${number(count)} results`;
});
box.addEventListener("paste", (event) => { // of a traceback the last message, since a field has one line
  const message = lastMessage(event.clipboardData.getData("text"));
  if (!message) return;
  event.preventDefault();
  box.value = message;
  box.dispatchEvent(new Event("input"));
});
addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); box.select(); }
  if (event.key === "Escape" && !panel.hidden && box.parentNode.contains(event.target)) { event.preventDefault(); box.focus(); panel.hidden = true; } // the words stay
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || panel.hidden || !box.parentNode.contains(event.target)) return;
  const stops = [box, ...all("a", panel)], at = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  event.preventDefault();
  stops[Math.max(0, Math.min(stops.length - 1, at))].focus();
});
addEventListener("click", (event) => { if (!box.parentNode.contains(event.target)) panel.hidden = true; });
box.addEventListener("focus", () => { if (panel.hasChildNodes() && box.value.trim().length > 1) panel.hidden = false; });

const results = one("#results");
if (results) {
  const words = new URLSearchParams(location.search).get("q") ?? "";
  box.value = words;
  if (words.trim()) {
    document.title = `${words} · torch-training-spec`;
    load("search").then((data) => {
      const groups = search(data, words);
      results.replaceChildren(...(groups.length ? shown(groups, MOST) : [nothing(data, words)]));
    });
  }
}
