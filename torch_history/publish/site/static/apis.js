// The field that narrows the names.
"use strict";
const form = one("form.filters"), { api } = form.elements, names = all(".names li");
function show() {
  const words = api.value.trim().toLowerCase();
  let count = 0;
  for (const name of names) { name.hidden = !name.textContent.toLowerCase().includes(words); count += !name.hidden; }
  for (const home of all(".home")) home.hidden = !one("li:not([hidden])", home);
  one(".count").textContent = count ? `${number(count)} of ${number(names.length)} names` : `${api.value.trim()} is not covered: no behaviour is about it.`;
}
form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
show();
