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
  for (const [name, value] of output.learned || []) facts.push(`${name}: ${[value].flat().map(digits).join(", ")}`);
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

const spark = (column) => {
  const splits = column.raw && Object.keys(column.splits).length ? column.splits : (column.outputs[0] || { splits: {} }).splits;
  const [first] = Object.values(splits);
  return first ? sparkOf(first) : null;
};
