const detail = (column) => {
  if (!Object.keys(column.splits).length) return make("p", { class: "soft" }, "Its cells weren't read: the schema doesn't have it.");
  const drawn = make("div", { class: "side" }, make("h3", {}, "As read"));
  const chart = distribution(column.splits);
  drawn.append(chart || make("p", { class: "soft" }, "No values to draw."));
  const told = make("div", { class: "side" }, make("h3", {}, "In numbers"), figures(column.splits, "statistic"));
  if (column.line) told.append(make("h4", {}, "init would write"), make("code", {}, column.line));
  return make("div", { class: "sides" }, drawn, told);
};
const spark = (column) => Object.values(column.splits).map(sparkOf)[0];
