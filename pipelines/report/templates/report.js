"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const table = document.getElementById("table");
  const body = table.tBodies[0];
  const rows = [...body.rows];
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
  const drawBars = (found, log, css) => {
    const highest = Math.max(...found.flatMap(([, shapes]) => shapes.map((each) => each.height))) || 1;
    const lowest = Math.min(...found.flatMap(([, shapes]) => shapes.map((each) => each.height).filter((each) => each > 0)));
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
  const figures = (splits) => {
    const names = Object.keys(splits);
    const made = FIGURES.filter(([key]) => names.some((name) => splits[name][key] !== undefined)).map(([key, title]) =>
      make("tr", {}, make("th", { scope: "row" }, title), ...names.map((name) =>
        make("td", { class: "n" }, key === "zeros" && splits[name][key] !== undefined ? percent(splits[name][key]) : digits(splits[name][key])))));
    const head = make("tr", {}, make("th", { scope: "col" }, "split"), ...names.map((name) => make("th", { scope: "col", class: "n" }, name)));
    return make("table", { class: "plain numbers" }, make("thead", {}, head), make("tbody", {}, ...made));
  };
  const distribution = (splits) => {
    const each = Object.values(splits);
    if (each.some((one) => finite(one.bars).length)) return histogram(splits);
    return each.some((one) => one.top) ? topValues(splits) : null;
  };
  const relation = (output) => {
    const label = data.label;
    const means = output.buckets.map((each) => each[2]).concat(label.mean);
    const low = label.share ? 0 : Math.min(...means);
    const high = Math.max(...means);
    const place = (mean) => 2 + (96 * (mean - low)) / (high - low || 1);
    const made = output.buckets.map(([name, count, mean]) => {
      const svg = draw("svg", { width: "100%", height: 12, "aria-hidden": "true" });
      const all = `${place(label.mean)}%`;
      const here = `${place(mean)}%`;
      svg.append(draw("line", { class: "all", x1: all, x2: all, y1: 0, y2: 12 }), draw("line", { x1: all, x2: here, y1: 6, y2: 6 }),
        draw("circle", { cx: here, cy: 6, r: 4 }));
      return make("tr", {}, make("th", { scope: "row" }, name), make("td", { class: "bar lollipop" }, svg),
        make("td", { class: "n" }, label.share ? percent(mean) : digits(mean)), make("td", { class: "n" }, digits(count)));
    });
    return barTable("relation to the label", ["value", "", label.about, "rows"], made);
  };
  const feature = (output) => {
    const kind = [output.kind, output.type].filter((each) => each).join(", ");
    const box = make("div", { class: "feature" }, make("h3", {}, output.name), make("p", { class: "soft small" }, kind));
    const facts = output.settings.map(([name, value]) => `${name} = ${value}`);
    if (output.tokens) facts.push(`vocabulary of ${digits(output.tokens[0])} tokens: ${output.tokens[1].join(", ")}${output.tokens[0] > output.tokens[1].length ? " …" : ""}`);
    if (output.embedding) facts.push(`suggested embedding: ${digits(output.embedding[0])} ids × ${output.embedding[1]} numbers`);
    for (const [name, value] of output.learned || []) facts.push(`${name}: ${typeof value === "number" ? digits(value) : value}`);
    if (facts.length) box.append(make("p", { class: "small" }, facts.join(" · ")));
    const chart = distribution(output.splits);
    if (chart) box.append(make("h4", {}, "After the transform"), chart);
    if (Object.keys(output.splits).length) box.append(figures(output.splits));
    if (output.buckets) box.append(make("h4", {}, `Label by value, in a sample of ${digits(data.label.rows)} rows; it tells ${percent(output.power)} of the label`), relation(output));
    if (output.unknown) {
      box.append(make("h4", {}, `Vocabulary coverage, in a sample; unknown or missing: ${output.unknown.map((each) => each.join(" ")).join(", ")}`));
      if (output.coverage) box.append(barTable("coverage by the vocabulary's size", ["first tokens", "", "covered"],
        output.coverage.map(([size, part]) => barRow(digits(size), part, percent(part)))));
    }
    return box;
  };
  const detail = (column) => {
    const before = make("div", { class: "side" });
    if (column.raw) {
      before.append(make("h3", {}, "As read"));
      const chart = distribution(column.splits);
      if (chart) before.append(make("h4", {}, "Before the transform"), chart);
      before.append(Object.keys(column.splits).length ? figures(column.splits) : make("p", { class: "soft" }, "No statistics of this column."));
    }
    const after = make("div", { class: "side" }, ...column.outputs.map(feature));
    if (!column.outputs.length) after.append(make("p", { class: "soft" }, "No feature is made of it."));
    return make("div", { class: "sides" }, ...(column.raw ? [before, after] : [after]));
  };

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
  const spark = (cell) => {
    const column = data.columns[Number(cell.parentElement.dataset.index)];
    const splits = column.raw && Object.keys(column.splits).length ? column.splits : (column.outputs[0] || { splits: {} }).splits;
    const first = Object.entries(splits).slice(0, 1);
    if (!first.length) return;
    const one = first[0][1];
    if (finite(one.bars).length) cell.append(drawBars(layers(Object.fromEntries(first)).layers, false, "chart"));
    else if (one.top) {
      const most = one.top[0][1] || 1;
      const bars = one.top.map(([, count], index) => ({ x: index / one.top.length, width: 1 / one.top.length, height: count / most }));
      cell.append(drawBars([["", bars]], false, "chart"));
    }
  };
  const watcher = new IntersectionObserver((found) => {
    for (const each of found.filter((one) => one.isIntersecting)) {
      watcher.unobserve(each.target);
      spark(each.target);
    }
  }, { rootMargin: "300px" });
  for (const cell of body.querySelectorAll(".spark")) watcher.observe(cell);

  const search = document.getElementById("search");
  const warned = document.getElementById("warned");
  const texts = rows.map((row) => [0, 1, 2].map((index) => row.cells[index].textContent).join(" ").toLowerCase());
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter((each) => each);
    let left = 0;
    rows.forEach((row, index) => {
      const fits = words.every((word) => texts[index].includes(word)) && (!warned.checked || row.dataset.level !== "");
      if (!fits && !row.hidden) open(row, false);
      row.hidden = !fits;
      left += fits;
    });
    document.getElementById("shown-columns").textContent = left === rows.length ? left : `${left} of ${rows.length}`;
    document.getElementById("none").hidden = left > 0;
  };
  search.addEventListener("input", filter);
  warned.addEventListener("change", filter);

  const TEXTS = { name: 0, type: 1, kinds: 2 };
  table.tHead.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const head = button.parentElement;
    const key = button.dataset.sort;
    const text = key in TEXTS;
    const ascending = head.getAttribute("aria-sort") === "none" ? text : head.getAttribute("aria-sort") === "descending";
    for (const each of table.tHead.rows[0].cells) if (each.hasAttribute("aria-sort")) each.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const value = (row) => (text ? row.cells[TEXTS[key]].textContent : row.dataset[key] === undefined ? -1 : Number(row.dataset[key]));
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
})();
