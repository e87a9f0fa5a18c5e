// The table of columns: `detail` and `spark` of the page's own script draw a column.
const table = document.getElementById("table");
const body = table.tBodies[0];
const rows = [...body.rows];

const open = (row, wanted) => {
  const button = row.querySelector(".open");
  const opened = button.getAttribute("aria-expanded") === "true";
  if (opened === wanted) return;
  button.setAttribute("aria-expanded", String(wanted));
  if (!wanted) {
    row.nextElementSibling.remove();
    return;
  }
  const cell = make("td", { colspan: row.cells.length }, detail(data.columns[Number(row.dataset.index)]));
  row.after(make("tr", { class: "detail" }, cell));
};
body.addEventListener("click", (event) => {
  const button = event.target.closest(".open");
  if (button) open(button.closest("tr"), button.getAttribute("aria-expanded") !== "true");
});
const follow = () => {
  const row = /^#c\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
  if (!row) return;
  row.hidden = false;
  open(row, true);
  row.scrollIntoView();
  row.querySelector(".open").focus({ preventScroll: true });
};
addEventListener("hashchange", follow);

// The small charts are drawn when they come into view.
const watcher = new IntersectionObserver((found) => {
  for (const each of found.filter((one) => one.isIntersecting)) {
    watcher.unobserve(each.target);
    const small = spark(data.columns[Number(each.target.parentElement.dataset.index)]);
    if (small) each.target.append(small);
  }
}, { rootMargin: "300px" });
for (const cell of body.querySelectorAll(".spark")) watcher.observe(cell);

const search = document.getElementById("search");
const warned = document.getElementById("warned");
const searched = [...table.tHead.querySelectorAll("[data-text]")].map((button) => button.parentElement.cellIndex);
const texts = rows.map((row) => searched.map((index) => row.cells[index].textContent).join(" ").toLowerCase());
const filter = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter((each) => each);
  let left = 0;
  rows.forEach((row, index) => {
    const fits = words.every((word) => texts[index].includes(word)) && (!(warned && warned.checked) || row.dataset.level !== "");
    if (!fits && !row.hidden) open(row, false);
    row.hidden = !fits;
    left += fits;
  });
  document.getElementById("shown-columns").textContent = left === rows.length ? digits(left) : `${digits(left)} of ${digits(rows.length)}`;
  document.getElementById("none").hidden = left > 0;
};
search.addEventListener("input", filter);
if (warned) warned.addEventListener("change", filter);

table.tHead.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const head = button.parentElement;
  const key = button.dataset.sort;
  const text = "text" in button.dataset;
  const ascending = head.getAttribute("aria-sort") === "none" ? text : head.getAttribute("aria-sort") === "descending";
  for (const each of table.tHead.rows[0].cells) if (each.hasAttribute("aria-sort")) each.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const value = (row) => (text ? row.cells[head.cellIndex].textContent : row.dataset[key] === undefined ? -1 : Number(row.dataset[key]));
  const compare = (a, b) => (text ? value(a).localeCompare(value(b), "en", { numeric: true }) : value(a) - value(b));
  rows.forEach((row) => open(row, false));
  body.append(...[...rows].sort((a, b) => (ascending ? compare(a, b) : compare(b, a))));
});

const all = document.getElementById("all-warnings");
if (all) all.addEventListener("click", () => {
  for (const each of document.querySelectorAll(".later")) each.classList.add("all");
  all.remove();
});
follow();
