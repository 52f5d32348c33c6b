// The place of a name in the list of its module: the address has it behind its #. There are 24,000, so they have no ids.
"use strict";
const listed = (line) => line.textContent.match(/^(?:class )?([\w.]+)/)?.[1];

function lineOf(name) {
  const list = all("[id]").filter(({ id, parentNode }) => name.startsWith(`${id}.`) && (parentNode.matches("main, .surface"))).sort((a, b) => b.id.length - a.id.length)[0];
  if (!list) return null;
  const first = list.matches("h1") ? one(".surface > ul") : list.nextElementSibling;
  let found = null, within = first;
  for (const part of name.slice(list.id.length + 1).split(".")) {
    const line = within && [...within.children].find((each) => listed(each) === part);
    if (!line) break;
    [found, within] = [line, one(":scope > ul", line)];
  }
  return found;
}

function show() {
  const name = decodeURIComponent(location.hash.slice(1));
  if (!name) return;
  for (const before of all(".sought")) before.classList.remove("sought");
  const line = document.getElementById(name) ?? lineOf(name);
  line?.classList.add("sought");
  line?.scrollIntoView({ block: "center" });
}

function begin() {
  for (const link of all(".surface p a")) link.hash = link.textContent; // where in the other module
  show();
}

addEventListener("hashchange", show);
addEventListener("built", begin); // the list of a large module comes late
begin();
