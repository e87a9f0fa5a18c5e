const NAMES = ["before", "after"];
const named = (pair) => Object.fromEntries(pair.map((each, index) => [NAMES[index], each]));
const share = (one, count) => count / (one.rows || 1);

// Two histograms beside each other, on the same axes; the first's outline stands over the second.
const besides = (pair) => {
  const { least, most, layers: found } = layers(named(pair));
  const one = found.filter(([name]) => name === NAMES[0]);
  const two = found.filter(([name]) => name === NAMES[1]);
  const charts = [make("div"), make("div")];
  const redraw = (log) => [one, [...two, ...one]].forEach((shown, index) =>
    charts[index].replaceChildren(...(shown.length ? [drawBars(shown, log, "chart", found)] : [])));
  redraw(false);
  const log = make("input", { type: "checkbox" });
  log.addEventListener("change", () => redraw(log.checked));
  const heads = [keys([NAMES[0]]), keys([NAMES[1], NAMES[0]])];
  heads[1].append(make("label", {}, log, " log scale"));
  const axis = () => make("div", { class: "axis" }, make("span", {}, digits(least)), make("span", {}, digits(most)));
  return make("div", { class: "halves" }, ...charts.map((chart, index) => make("div", {}, heads[index], chart, axis())));
};

// The values that either has among its most frequent ones.
const valuesOf = (pair) => {
  const shares = pair.map((one) => new Map((one.top || []).map(([value, count]) => [value, share(one, count)])));
  const values = [...new Set(shares.flatMap((each) => [...each.keys()]))];
  const most = (value) => Math.max(...shares.map((each) => each.get(value) || 0));
  return { shares, values: values.sort((a, b) => most(b) - most(a)) };
};
const both = (pair) => {
  const { shares, values } = valuesOf(pair);
  const most = Math.max(...shares.flatMap((each) => [...each.values()])) || 1;
  // A value that isn't listed is at most as frequent as the last one that is.
  const absent = pair.map((one, index) => (one.top && one.distinct > one.top.length ? `≤ ${percent(Math.min(...shares[index].values()))}` : "–"));
  const bar = (part) => {
    const svg = draw("svg", { width: "100%", height: 8, "aria-hidden": "true" });
    svg.append(draw("rect", { class: "s0", width: `${(100 * (part || 0)) / most}%`, height: 8 }));
    return make("td", { class: "bar" }, svg);
  };
  const made = values.map((value) => make("tr", {}, make("th", { scope: "row" }, value === "" ? "(empty)" : value),
    ...shares.flatMap((each, index) => [bar(each.get(value)), make("td", { class: "n" }, each.has(value) ? percent(each.get(value)) : absent[index])])));
  const table = barTable("most frequent values", ["value", "", NAMES[0], "", NAMES[1]], made);
  table.classList.add("paired");
  return table;
};

const detail = (column) => {
  const box = make("div", { class: "apart" });
  for (const [split, pair] of Object.entries(column.splits)) {
    box.append(make("h3", {}, split));
    if (pair.some((one) => finite(one.bars).length)) box.append(besides(pair));
    else if (pair.some((one) => one.top)) box.append(both(pair));
    box.append(figures(named(pair), "statistic"));
  }
  return box;
};
const spark = (column) => {
  const [pair] = Object.values(column.splits);
  if (pair.some((one) => finite(one.bars).length)) return drawBars(layers({ after: pair[1], before: pair[0] }).layers, false, "chart");
  const { shares, values } = valuesOf(pair);
  if (!values.length) return null;
  const bars = (each) => values.map((value, index) => ({ x: index / values.length, width: 1 / values.length, height: each.get(value) || 0 }));
  return drawBars([["after", bars(shares[1])], ["before", bars(shares[0])]], false, "chart");
};
