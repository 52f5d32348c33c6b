// Filters, pickers and permanent links. Without it the pages are complete, except "Upgrade from A to B".
"use strict";
const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const number = (value) => value.toLocaleString("en");

// ---- the address: #PLACE&name=value&name=value, where PLACE is an id, id@release or A...B

const NAMES = ["changed", "chapter", "api", "kind"];

function address() {
  const values = [...new URLSearchParams(location.hash.slice(1))];
  const place = values.length && !values[0][1] && !NAMES.includes(values[0][0]) ? values.shift()[0] : "";
  return { place, values };
}

function write(place, values) {
  history.replaceState(null, "", `#${[place, new URLSearchParams(values)].filter(String).join("&")}`);
}

// ---- the filters of the table and of the upgrade page

function chosen(form) {
  const data = new FormData(form);
  return { chapter: data.get("chapter") || "", api: (data.get("api") || "").trim().toLowerCase(), kinds: data.getAll("kind"), changed: data.has("changed") };
}

function restore(form, values) {
  for (const field of [...form.elements].filter(({ name }) => NAMES.includes(name))) {
    const given = values.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.type === "checkbox") field.checked = values.length ? given.includes(field.value) : field.defaultChecked;
    else field.value = given[0] ?? "";
    if (field.selectedIndex < 0) field.value = ""; // an unknown chapter
  }
}

function fits(filter, chapter, words, kinds) {
  return (!filter.chapter || filter.chapter === chapter) && (!filter.api || words.toLowerCase().includes(filter.api))
    && (!filter.kinds.length || filter.kinds.some((kind) => kinds.includes(kind)));
}

const settings = (form) => [...new FormData(form)].filter(([name, value]) => NAMES.includes(name) && value);

// ---- the table of behaviours by release

function table(form) {
  const rows = all("tbody tr[data-api]").map((row) => ({
    row, chapter: row.parentNode.dataset.chapter, words: `${row.dataset.api} ${row.firstElementChild.textContent} ${one("a", row).hash}`,
    kinds: [...new Set(all("td[class]:not(.unknown)", row).map((cell) => cell.className))],
  }));
  const { releases, behaviours, texts } = UPGRADE;
  const known = new Map(behaviours.map((behaviour) => [behaviour.id, behaviour]));
  for (const { row } of rows) { // tooltips of the marks
    const behaviour = known.get(one("a", row).hash.slice(1));
    let place = 0;
    for (const cell of all("td", row)) {
      const change = behaviour?.changes.find(([at]) => at === place);
      if (cell.className) cell.title = `${releases[place]}: ${change ? texts[change[2][0]] : behaviour?.unknown[place]}`;
      place += cell.colSpan;
    }
  }
  const show = () => {
    const filter = chosen(form);
    let count = 0;
    for (const { row, chapter, words, kinds } of rows) {
      row.hidden = !(fits(filter, chapter, words, kinds) && (!filter.changed || kinds.length));
      count += !row.hidden;
    }
    for (const group of all("tbody")) group.hidden = !one("tr[data-api]:not([hidden])", group);
    one(".count", form).textContent = `${number(count)} of ${number(rows.length)} behaviours`;
  };
  const begin = () => { restore(form, address().values); show(); };
  const keepAndShow = () => { write("", settings(form).length ? settings(form) : [["changed", ""]]); show(); }; // an empty address shows only what changed
  form.addEventListener("input", keepAndShow);
  form.addEventListener("reset", () => setTimeout(() => { form.elements.changed.checked = false; keepAndShow(); }));
  addEventListener("hashchange", begin);
  begin();
}

// ---- upgrade from A to B

function upgrade(form) {
  const { releases, kinds, behaviours, texts, pages, compared } = UPGRADE;
  const { before, after } = form.elements;

  function find() {
    const [a, b] = [before, after].map((field) => releases.indexOf(field.value));
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    const found = [], unknown = [];
    for (const behaviour of behaviours) {
      const missing = [...new Set([a, b])].filter((place) => place in behaviour.unknown);
      for (const place of missing) unknown.push({ behaviour, release: releases[place], why: behaviour.unknown[place] });
      const state = (place) => behaviour.from.findLastIndex((from) => from <= place);
      const pair = behaviour.pairs[`${state(low)}-${state(high)}`];
      if (pair && !missing.length) {
        const changes = behaviour.changes.filter(([at]) => low < at && at <= high);
        found.push({ behaviour, kind: a < b ? pair[0] : pair[1], lines: pair[2].map((line) => (a < b ? line : [line[1], line[0]])), changes });
      }
    }
    return { found: found.sort((one, other) => one.kind - other.kind), unknown };
  }

  function show() {
    const filter = chosen(form), { found, unknown } = find();
    const shown = found.filter(({ behaviour, kind }) => fits(filter, behaviour.id.split(".")[0],
      `${behaviour.api.map((text) => texts[text]).join(" ")} ${behaviour.id} ${behaviour.id.replaceAll("_", " ")}`, [kinds[kind][0]]));
    one(".count", form).textContent = `torch ${before.value} → ${after.value}: ${found.length ? number(found.length) : "no"} difference${found.length === 1 ? "" : "s"} in ${number(compared)} behaviours`
      + (shown.length < found.length ? `, ${number(shown.length)} shown` : "");
    one("#terminal code").textContent = `torch-history diff ${before.value} ${after.value} --code .`;
    one("#unknown").replaceChildren(...unknown.map(({ behaviour, release, why }) => element("p", { className: "note" }, `Not verified on ${release}: ${behaviour.id}: ${why}`)));
    const parts = [];
    kinds.forEach(([slug, meaning, letter], kind) => {
      one(`[data-kind="${slug}"]`, form).textContent = found.filter((difference) => difference.kind === kind).length || "";
      const own = shown.filter((difference) => difference.kind === kind);
      if (!own.length) return;
      const mark = element("span", { className: `mark ${slug}`, ariaHidden: "true" }, letter);
      parts.push(element("h2", { id: slug }, mark, ` ${meaning} (${number(own.length)})`), ...own.map(article));
    });
    one("#differences").replaceChildren(...parts);
    write(`${before.value}...${after.value}`, settings(form));
    document.title = `torch ${before.value} → ${after.value} · torch-training-spec`;
  }

  function article({ behaviour, lines, changes }) {
    const made = one("#difference").content.cloneNode(true);
    const [chapter, name] = behaviour.id.split(".");
    const words = name.replaceAll("_", " ");
    Object.assign(one("h3 a", made), { href: `${chapter}.html#${behaviour.id}@${after.value}`, textContent: words[0].toUpperCase() + words.slice(1) });
    one(".says", made).textContent = behaviour.says;
    one(".apis", made).append(...behaviour.api.flatMap((text) => [element("code", {}, texts[text]), " "]));
    const page = texts[behaviour.page];
    if (page) one(".page", made).href = pages + page;
    else one(".page", made).remove();
    all("thead th", made).forEach((cell, side) => { cell.textContent = `torch ${[before, after][side].value}`; });
    one("tbody", made).append(...lines.map((line) => element("tr", {}, ...line.map((text, side) => {
      const cell = element("td", {}, texts[text]);
      cell.dataset.torch = [before, after][side].value; // shown at phone width
      return cell;
    }))));
    one(".changes", made).append(...changes.map(([at, kind, told]) => {
      const [text, cause, advice] = told.map((index) => texts[index]);
      const item = element("li", {}, element("span", { className: `mark ${kinds[kind][0]}`, title: kinds[kind][1] }, kinds[kind][2]), ` ${releases[at]}: ${text}`);
      if (cause) item.append(" (", ...linked(cause), ")");
      if (advice) item.append(element("span", { className: "advice" }, `What to do: ${advice}`));
      return item;
    }));
    const environments = [...new Set([before.value, after.value])].map((release) => `torch${release}`).join(",");
    one(".copy code", made).textContent = reproduction(environments, texts[behaviour.file], behaviour.id);
    return made;
  }

  const begin = () => {
    const { place, values } = address();
    const picked = place.split("...").map((release) => release.split(".").slice(0, 2).join(".")); // 2.5.1 is of the line 2.5
    if (picked.length === 2 && picked.every((release) => releases.includes(release))) [before.value, after.value] = picked;
    restore(form, values);
    show();
    if (place && !picked.every((release) => releases.includes(release))) {
      one("#unknown").prepend(element("p", { className: "note" }, `${place} does not name two recorded releases. They run from ${releases[0]} to ${releases.at(-1)}.`));
    }
  };
  form.hidden = one("#terminal").hidden = false;
  form.elements.swap.addEventListener("click", () => { [before.value, after.value] = [after.value, before.value]; show(); });
  form.addEventListener("input", show);
  addEventListener("hashchange", begin);
  begin();
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function linked(cause) {
  return cause.split(/(pytorch#\d+)/).map((part) => (part.startsWith("pytorch#")
    ? element("a", { href: `https://github.com/pytorch/pytorch/issues/${part.slice(8)}` }, part) : part));
}

const reproduction = (environments, file, id) => `tox run -e ${environments} -- ${file}::test_${id.split(".")[1]} --observed`;

// ---- a chapter with the values of one release, or one behaviour with its whole history

function script(article, heading, parts) { // it needs only torch
  const told = heading.nextElementSibling; // the first sentence
  const head = [article.id, ...(told?.matches("p:not([class])") ? [told.textContent] : [])].map((line) => `# ${line}`).join("\n");
  return element("details", { className: "script" }, element("summary", {}, "A script that shows it"),
    element("div", { className: "copy" }, element("pre", {}, element("code", {}, `${[head, ...parts].join("\n\n")}\n`)), element("button", { type: "button" }, "Copy")));
}

function chapter(form) {
  const { release } = form.elements;
  const newest = release.value, title = document.title;
  let last = null; // the behaviour that was shown alone
  for (const article of all("article[id]")) {
    const heading = one("h3", article);
    heading.replaceChildren(element("a", { href: `#${article.id}` }, heading.textContent));
    const environments = one("[data-run]", article)?.dataset.run ?? `torch${newest}`;
    const line = element("p", { className: "copy" }, element("code", {}, reproduction(environments, article.closest("section").dataset.file, article.id)), " ",
      element("button", { type: "button" }, "Copy"));
    one("details", article).append(line);
    const parts = SCRIPTS.parts[article.id]?.map((part) => SCRIPTS.texts[part]);
    if (parts) article.append(script(article, heading, parts));
  }
  const show = (single) => {
    const place = release.selectedIndex;
    for (const article of all("article[id]")) {
      const unknown = (article.dataset.unknown ?? "").split(" ").includes(String(place));
      for (const entry of all(".c > div", article)) {
        const [first, last] = entry.dataset.at?.split("-").map(Number) ?? [0, place]; // without it: all releases
        const holds = !unknown && first <= place && place <= last;
        entry.hidden = !holds && !single;
        entry.classList.toggle("now", holds && Boolean(single && entry.dataset.at));
      }
    }
    for (const observed of all(".c")) observed.classList.toggle("none", !all(":scope > div", observed).some((entry) => !entry.hidden));
  };
  const begin = () => {
    const [id, version] = address().place.split("@");
    const single = id && document.getElementById(id)?.closest("article[id]"); // a former id stands within
    if (version && [...release.options].some((option) => option.value === version)) release.value = version;
    for (const article of all("article[id]")) article.hidden = Boolean(single) && article !== single;
    for (const section of all("section")) section.hidden = Boolean(single) && !section.contains(single);
    one(".contents").hidden = Boolean(single);
    one(".whole", form).hidden = !single;
    document.body.classList.toggle("single", Boolean(single));
    document.title = single ? `${one("h3", single).textContent} · torch-training-spec` : title;
    show(single);
    if (single) {
      one("details", single).open = true;
      scrollTo(0, 0);
    } else (document.getElementById(id) ?? last)?.scrollIntoView();
    last = single;
    one(".count", form).textContent = single ? "whole history; what holds for this release is marked"
      : `${number(all("article[id]").length)} behaviours${id && !document.getElementById(id) ? `, and none is called ${id}` : ""}`;
  };
  release.value = kept("release") ?? release.value;
  if (release.selectedIndex < 0) release.value = newest;
  form.addEventListener("input", () => { keep("release", release.value); show(document.body.classList.contains("single")); });
  addEventListener("hashchange", begin);
  begin();
}

// ---- what the browser keeps between pages

function keep(name, value) {
  try { sessionStorage.setItem(name, value); } catch { /* some browsers keep nothing for files */ }
}

function kept(name) {
  try { return sessionStorage.getItem(name); } catch { return null; }
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
    button.textContent = "Selected: copy it";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
});

one(".skip").addEventListener("click", (event) => { event.preventDefault(); one("main").focus(); }); // the address stays

for (const form of all("form[data-filters]")) {
  form.addEventListener("submit", (event) => event.preventDefault()); // Enter in a field
  ({ table, upgrade, chapter })[form.dataset.filters](form);
}
