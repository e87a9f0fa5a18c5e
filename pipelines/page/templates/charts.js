const data = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";

// Elements are made with textContent alone: what the data holds is never read as markup.
const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};
const draw = (name, attributes = {}, ...children) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};
const digits = (value) => {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(3).replace(/-/g, "−");
  return value.toLocaleString("en-US", { maximumSignificantDigits: size >= 1e5 ? 9 : 5 }).replace(/-/g, "−");
};
const percent = (part) => {
  const value = 100 * part;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  if (value > 99.9 && value < 100) return "> 99.9 %";
  return (value === 0 || value === 100 ? value.toFixed(0) : value.toFixed(1)) + " %";
};

// Histograms: density of each bar; the first split is filled, others are lines over it.
const finite = (bars) => (bars || []).filter((bar) => bar.every((value) => typeof value === "number"));
const density = (bars, least, range) => {
  const total = bars.reduce((sum, bar) => sum + bar[2], 0) || 1;
  return bars.map(([low, high, count]) => {
    const width = Math.max((high - low) / range, 0.006);
    return { x: Math.min((low - least) / range, 1 - width), width, height: count / total / width };
  });
};
const layers = (splits) => {
  const found = Object.entries(splits).map(([name, each]) => [name, finite(each.bars)]).filter(([, bars]) => bars.length);
  const least = Math.min(...found.map(([, bars]) => bars[0][0]));
  const most = Math.max(...found.map(([, bars]) => bars[bars.length - 1][1]));
  const range = most - least || 1;
  return { least, most, layers: found.map(([name, bars]) => [name, density(bars, least, range)]) };
};
const outline = (shapes, y) => {
  let path = `M${shapes[0].x} 1`;
  for (const each of shapes) path += `V${y(each.height)}H${each.x + each.width}`;
  return `${path}V1`;
};
// All of `among` sets the scale, so that charts beside each other share it.
const drawBars = (found, log, css, among = found) => {
  const highest = Math.max(...among.flatMap(([, shapes]) => shapes.map((each) => each.height))) || 1;
  const lowest = Math.min(...among.flatMap(([, shapes]) => shapes.map((each) => each.height).filter((each) => each > 0)));
  const span = Math.log(highest / lowest) + 1 || 1;
  const scaled = (height) => (!log ? height / highest : height > 0 ? (Math.log(height / lowest) + 1) / span : 0);
  const svg = draw("svg", { class: css, viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" });
  found.forEach(([, shapes], index) => {
    if (index === 0) {
      for (const each of shapes) {
        const height = scaled(each.height);
        svg.append(draw("rect", { x: each.x, y: 1 - height, width: Math.max(each.width - 0.003, 0.003), height }));
      }
    } else svg.append(draw("path", { class: `p${index}`, d: outline(shapes, (height) => 1 - scaled(height)) }));
  });
  return svg;
};
const keys = (names) => {
  const list = make("div", { class: "keys" });
  names.forEach((name, index) => {
    const mark = draw("svg", { viewBox: "0 0 20 9", "aria-hidden": "true" });
    mark.append(index === 0 ? draw("rect", { width: 20, height: 9 }) : draw("path", { class: `p${index}`, d: "M0 4.5H20" }));
    list.append(make("span", {}, mark, name));
  });
  return list;
};
const histogram = (splits) => {
  const { least, most, layers: found } = layers(splits);
  const box = make("div");
  const chart = make("div");
  const redraw = (log) => chart.replaceChildren(drawBars(found, log, "chart"));
  redraw(false);
  const log = make("input", { type: "checkbox" });
  log.addEventListener("change", () => redraw(log.checked));
  const head = keys(found.map(([name]) => name));
  head.append(make("label", {}, log, " log scale"));
  box.append(head, chart, make("div", { class: "axis" }, make("span", {}, digits(least)), make("span", {}, digits(most))));
  return box;
};

// Tables with a bar in each row.
const barRow = (name, part, text, extra) => {
  const svg = draw("svg", { width: "100%", height: 8, "aria-hidden": "true" });
  svg.append(draw("rect", { class: "s0", width: `${Math.max(100 * part, 0)}%`, height: 8 }));
  return make("tr", {}, make("th", { scope: "row" }, name), make("td", { class: "bar" }, svg),
    ...[text, ...(extra || [])].map((each) => make("td", { class: "n" }, each)));
};
const barTable = (caption, heads, made) => {
  const head = make("tr", {}, ...heads.map((each, index) =>
    make("th", { scope: "col", class: index > 1 ? "n" : "" }, each === "" ? make("span", { class: "unseen" }, "bar") : each)));
  return make("table", { class: "plain bars" }, make("caption", { class: "unseen" }, caption), make("thead", {}, head),
    make("tbody", {}, ...made));
};
const topValues = (splits) => {
  const found = Object.entries(splits).filter(([, each]) => each.top);
  const [name, first] = found[0];
  const others = found.slice(1).map(([, each]) => [new Map(each.top), each.rows]);
  const most = first.top[0][1] || 1;
  return barTable("most frequent values", ["value", "", name, ...found.slice(1).map(([each]) => each)],
    first.top.map(([value, count]) => barRow(value === "" ? "(empty)" : value, count / most, percent(count / (first.rows || 1)),
      others.map(([top, all]) => (top.has(value) ? percent(top.get(value) / (all || 1)) : "–")))));
};
const FIGURES = [["rows", "with a value"], ["missing", "missing"], ["distinct", "distinct"], ["mean", "mean"], ["std", "std. dev."],
  ["min", "least"], ["median", "median"], ["max", "greatest"], ["zeros", "zeros"], ["length", "mean bytes"], ["each", "values a row"]];
const figures = (splits, title = "split") => {
  const names = Object.keys(splits);
  const made = FIGURES.filter(([key]) => names.some((name) => splits[name][key] !== undefined)).map(([key, title]) =>
    make("tr", {}, make("th", { scope: "row" }, title), ...names.map((name) =>
      make("td", { class: "n" }, key === "zeros" && splits[name][key] !== undefined ? percent(splits[name][key]) : digits(splits[name][key])))));
  const head = make("tr", {}, make("th", { scope: "col" }, title), ...names.map((name) => make("th", { scope: "col", class: "n" }, name)));
  return make("table", { class: "plain numbers" }, make("thead", {}, head), make("tbody", {}, ...made));
};
const distribution = (splits) => {
  const each = Object.values(splits);
  if (each.some((one) => finite(one.bars).length)) return histogram(splits);
  return each.some((one) => one.top) ? topValues(splits) : null;
};
const sparkOf = (one) => {
  if (finite(one.bars).length) return drawBars(layers({ "": one }).layers, false, "chart");
  if (!one.top) return null;
  const most = one.top[0][1] || 1;
  const bars = one.top.map(([, count], index) => ({ x: index / one.top.length, width: 1 / one.top.length, height: count / most }));
  return drawBars([["", bars]], false, "chart");
};
