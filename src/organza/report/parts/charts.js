// Draws the charts described in the element "charts" as SVG; under the pointer, the legend tells the values of that moment.
const charts = JSON.parse(document.getElementById("charts").textContent);
const HEIGHT = 240;
const EDGE = { top: 14, bottom: 30, left: 46, right: 10, named: 52 };
const GAP = 8;
const LINE = 14;
const rounded = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const grouped = new Intl.NumberFormat("en");
const boxes = new Map([...document.querySelectorAll("input[data-group]")].map((box) => [Number(box.dataset.group), box]));

const isChosen = ({ group }) => boxes.get(group)?.checked ?? true;

// The chart with the series that check boxes choose, where a page has some, and with an axis that fits those.
function chosen(chart) {
  const series = chart.series.filter(isChosen);
  const ranges = series.flatMap(({ range }) => (range ? [range] : []));
  if (!ranges.length) return { ...chart, series };
  const [low, high] = [Math.min(...ranges.map((range) => range[0])), Math.max(...ranges.map((range) => range[1]))];
  return { ...chart, series, low, high, references: chart.references.filter(({ value }) => value >= low && value <= high) };
}

function add(parent, name, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  parent.append(made);
  return made;
}

const compact = (value) =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1).replace(".0e", "e") : rounded.format(value).replace("K", "k");

function figure(value) {
  if (value === null) return "not finite";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(2).replace("e+", "e");
  return size >= 1000 ? grouped.format(Math.round(value)) : String(Number(value.toPrecision(3)));
}

// Round values, about as many as asked for, between two ends.
function ticks(low, high, wanted) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) * power;
  const found = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index++) {
    found.push(Number((index * step).toPrecision(12)));
  }
  return found;
}

// Powers of ten, thinned out where there are many, with 2 and 5 between them where there are few.
function logTicks(low, high) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.ceil((last - first + 1) / 6) || 1;
  const factors = last - first < 2 ? [1, 2, 5] : [1];
  const found = [];
  for (let power = first - 1; power <= last; power++) {
    if (factors.length === 1 && (power - first) % every) continue;
    found.push(...factors.map((factor) => Number(`${factor}e${power}`)));
  }
  return found.filter((value) => value >= low && value <= high);
}

// Where a chart's plot lies within the drawing, and where a value lies within the plot.
function layout({ log, low, high, images, references }, width) {
  const warp = log ? Math.log : (value) => value;
  const [bottomValue, topValue] = [warp(low), warp(high)];
  const [left, right] = [EDGE.left, width - (references.length ? EDGE.named : EDGE.right)];
  const [top, bottom] = [EDGE.top, HEIGHT - EDGE.bottom];
  return {
    left, right, top, bottom,
    x: (value) => left + (value / images) * (right - left),
    y: (value) => top + ((topValue - warp(log ? Math.max(value, low) : value)) / (topValue - bottomValue)) * (bottom - top),
    imagesAt: (x) => ((x - left) / (right - left)) * images,
  };
}

// The stretches of a series between its gaps, as pairs of indices.
function stretches(values) {
  const found = [];
  let start = null;
  for (let index = 0; index <= values.length; index++) {
    const present = index < values.length && values[index] !== null;
    if (present && start === null) start = index;
    if (!present && start !== null) {
      found.push([start, index - 1]);
      start = null;
    }
  }
  return found;
}

function points(series, values, [start, end], plot) {
  const found = [];
  for (let index = start; index <= end; index++) {
    found.push(`${plot.x(series.images[index]).toFixed(1)} ${plot.y(values[index]).toFixed(1)}`);
  }
  return found;
}

function drawLine(group, series, values, plot, style) {
  for (const stretch of stretches(values)) {
    const [start, end] = stretch;
    if (start === end) add(group, "circle", { class: "lone", cx: plot.x(series.images[start]), cy: plot.y(values[start]), r: 3 });
    else add(group, "path", { class: style, d: `M${points(series, values, stretch, plot).join("L")}` });
  }
}

function drawBand(group, series, plot) {
  for (const stretch of stretches(series.low)) {
    const upper = points(series, series.high, stretch, plot);
    const lower = points(series, series.low, stretch, plot).reverse();
    add(group, "path", { class: "band", d: `M${[...upper, ...lower].join("L")}Z` });
  }
}

function drawSeries(parent, series, plot) {
  const dash = series.dash ? `; --dash: ${series.dash}` : "";
  const style = `--series: var(--${series.colour})${dash}`;
  const group = add(parent, "g", { class: series.dashed ? "series dashed" : "series", style });
  if (series.low) drawBand(group, series, plot);
  if (series.smooth && !series.low) drawLine(group, series, series.values, plot, "raw");
  drawLine(group, series, series.smooth ?? series.values, plot, "line");
}

function drawAxes(svg, chart, plot) {
  const axes = add(svg, "g", { class: "axes" });
  for (const value of chart.log ? logTicks(chart.low, chart.high) : ticks(chart.low, chart.high, 4)) {
    const y = plot.y(value);
    add(axes, "line", { x1: plot.left, x2: plot.right, y1: y, y2: y });
    add(axes, "text", { x: plot.left - GAP, y: y + 4, "text-anchor": "end" }, compact(value));
  }
  for (const value of ticks(0, chart.images, Math.max(2, Math.floor((plot.right - plot.left) / 80)))) {
    const last = plot.x(value) > plot.right - 16;
    const x = last ? plot.right : plot.x(value);
    const anchor = last ? "end" : value === 0 ? "start" : "middle";
    add(axes, "text", { x, y: plot.bottom + 20, "text-anchor": anchor }, value === 0 ? `0 ${chart.unit}` : compact(value));
  }
}

function drawStages(svg, chart, plot) {
  let free = plot.left;
  for (const { name, images } of chart.stages) {
    const x = plot.x(images);
    const group = add(svg, "g", { class: "stage" });
    add(group, "line", { x1: x, x2: x, y1: plot.top, y2: plot.bottom });
    if (x < free) continue; // no room for its name beside the one before
    const words = add(group, "text", { x: x + 4, y: plot.top + 9 }, name);
    const end = x + 4 + words.getComputedTextLength();
    if (end > plot.right) words.remove();
    else free = end + GAP;
  }
}

function drawReferences(svg, chart, plot) {
  let free = plot.bottom;
  for (const { value, name, colour } of chart.references.toSorted((a, b) => a.value - b.value)) {
    const y = plot.y(value);
    const group = add(svg, "g", { class: "reference", style: `--series: var(--${colour})` });
    add(group, "line", { x1: plot.left, x2: plot.right, y1: y, y2: y });
    const words = Math.min(y, free); // names of neighbouring lines keep off each other
    add(group, "text", { x: plot.right + 6, y: words + 4 }, name);
    free = words - LINE;
  }
}

// Index of the entry of a rising list that lies nearest to a value.
function nearest(list, value) {
  let [low, high] = [0, list.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value - list[low - 1] < list[low] - value ? low - 1 : low;
}

class View {
  constructor(holder, chart) {
    this.whole = chart;
    this.plot = holder.querySelector(".plot");
    this.spoken = holder.querySelector(".spoken");
    this.legend = [...holder.closest(".card").querySelectorAll(".legend li")];
    this.choose();
    for (const box of boxes.values()) box.addEventListener("change", () => this.choose());
    new ResizeObserver(() => this.draw()).observe(this.plot);
    for (const type of ["pointermove", "pointerdown"]) this.plot.addEventListener(type, (event) => this.point(event));
    this.plot.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.clear());
    this.plot.addEventListener("blur", () => this.clear());
    this.plot.addEventListener("keydown", (event) => this.key(event));
  }

  choose() {
    if (this.values) this.clear();
    this.chart = chosen(this.whole);
    this.legend.forEach((entry, number) => (entry.hidden = !isChosen(this.whole.series[number])));
    this.values = this.legend.filter((entry) => !entry.hidden).map((entry) => entry.querySelector("b"));
    this.atRest = this.values.map((value) => value.textContent);
    this.longest = this.chart.series.reduce((a, b) => (b.images.length > a.images.length ? b : a), { images: [] }).images;
    this.at = null;
    if (this.box) this.draw();
  }

  draw() {
    const width = this.plot.clientWidth;
    if (width <= EDGE.left + EDGE.named) return; // no room, as while a window closes
    this.box = layout(this.chart, width);
    this.plot.replaceChildren();
    const svg = add(this.plot, "svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" });
    drawAxes(svg, this.chart, this.box);
    drawReferences(svg, this.chart, this.box);
    // Nested, the curves are cut off at the edge of the plot: a rare spike may leave it.
    const { left, right, top, bottom } = this.box;
    const inside = { x: left - 3, y: top - 3, width: right - left + 6, height: bottom - top + 6 };
    const window = add(svg, "svg", { ...inside, viewBox: `${inside.x} ${inside.y} ${inside.width} ${inside.height}` });
    for (const series of this.chart.series) drawSeries(window, series, this.box);
    drawStages(svg, this.chart, this.box);
    this.cross = add(svg, "g", { class: "cross" });
    if (this.at !== null) this.read(this.at);
  }

  point(event) {
    const x = event.clientX - this.plot.getBoundingClientRect().left;
    this.read(nearest(this.longest, this.box.imagesAt(x)));
  }

  key(event) {
    const last = this.longest.length - 1;
    const at = this.at ?? last;
    const stride = event.shiftKey ? Math.max(1, Math.round(last / 20)) : 1;
    const moves = { ArrowLeft: at - stride, ArrowRight: at + stride, Home: 0, End: last };
    if (event.key === "Escape") this.clear();
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.spoken.textContent = this.read(Math.min(last, Math.max(0, moves[event.key])));
  }

  // The crosshair, with the values of this moment in the legend; returns the same as a sentence.
  read(at) {
    if (!this.longest.length) return "";
    this.at = at;
    const images = this.longest[at];
    const { top, bottom } = this.box;
    const x = this.box.x(images);
    this.cross.replaceChildren();
    add(this.cross, "line", { x1: x, x2: x, y1: top, y2: bottom });
    const read = this.chart.series.map((series, number) => {
      const index = nearest(series.images, images);
      const value = series.values[index];
      this.values[number].textContent = figure(value);
      if (value !== null) {
        const y = Math.min(bottom, Math.max(top, this.box.y(value)));
        add(this.cross, "circle", { cx: this.box.x(series.images[index]), cy: y, r: 4, style: `--series: var(--${series.colour})` });
      }
      return `${series.name} ${figure(value)}`;
    });
    this.label(x, `${grouped.format(images)} ${this.chart.unit}`);
    return `${grouped.format(images)} ${this.chart.unit}: ${read.join(", ")}`;
  }

  label(x, words) {
    const back = add(this.cross, "rect", { y: this.box.bottom + 5, height: 22, rx: 6 });
    const text = add(this.cross, "text", { y: this.box.bottom + 20, "text-anchor": "middle" }, words);
    const half = text.getComputedTextLength() / 2 + GAP;
    const middle = Math.min(this.plot.clientWidth - half, Math.max(half, x));
    text.setAttribute("x", middle);
    back.setAttribute("x", middle - half);
    back.setAttribute("width", 2 * half);
  }

  clear() {
    this.at = null;
    this.cross?.replaceChildren();
    this.spoken.textContent = "";
    this.values.forEach((value, number) => (value.textContent = this.atRest[number]));
  }
}

for (const holder of document.querySelectorAll("[data-chart]")) new View(holder, charts[holder.dataset.chart]);
