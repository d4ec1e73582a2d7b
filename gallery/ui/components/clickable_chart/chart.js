// @ts-check
// A chart of points that open something. The nearest point answers to the pointer; arrow keys walk over the
// points and Enter chooses, as on a slider whose value is read out.

const rows = new WeakMap();
const SVG = "http://www.w3.org/2000/svg";
const ROOM = { left: 62, right: 14, top: 14, bottom: 48 };
const NAME_GAP = 12;

const svg = (tag, attributes, text) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
};

class Chart {
  constructor(parent) {
    this.frame = document.createElement("figure");
    this.title = document.createElement("figcaption");
    this.node = document.createElement("div");
    this.node.className = "chart";
    this.node.tabIndex = 0;
    this.node.setAttribute("role", "slider");
    this.picture = svg("svg", { "aria-hidden": "true" });
    this.tip = document.createElement("div");
    this.tip.className = "tip";
    this.tip.setAttribute("aria-hidden", "true"); // the slider's value says the same
    this.tip.hidden = true;
    this.escape = (event) => event.key === "Escape" && this.point(null);
    this.node.append(this.picture, this.tip);
    this.node.onpointermove = (event) => this.point(this.nearest(event));
    this.node.onpointerleave = () => this.point(null);
    // A click without a pointer, as by voice, means the point that is read out.
    this.node.onclick = (event) => this.choose(event.detail ? this.nearest(event) : this.at);
    this.node.onfocus = () => this.node.matches(":focus-visible") && this.point(this.chart.points.length ? this.at : null);
    this.node.onkeydown = (event) => this.walk(event);
    this.node.onblur = () => this.point(null);
    this.frame.append(this.title, this.node);
    parent.appendChild(this.frame);
    new ResizeObserver(() => {
      if (this.chart && Math.round(this.node.clientWidth) !== this.width) this.draw();
    }).observe(this.node);
  }

  take(chart, send) {
    this.send = send;
    const text = JSON.stringify(chart);
    if (text === this.text) return;
    this.text = text;
    this.chart = { ...chart, points: chart.points.map((point) => ({ shape: "dot", ...point })) };
    this.title.textContent = chart.title;
    this.node.setAttribute("aria-label", `${chart.alt}. Arrow keys walk over the points, Enter shows their photos`);
    this.node.setAttribute("aria-orientation", this.inRows() ? "vertical" : "horizontal");
    this.at = this.chosen();
    this.say();
    this.draw();
    if (this.node.matches(":focus-visible") && this.chart.points.length) this.point(this.at);
  }

  // The points stand in rows, the first one on top.
  inRows() {
    return this.chart.y.low > this.chart.y.high;
  }

  // Where the arrow keys go on from: the chosen point, or the one nearest to the ring.
  chosen() {
    const { points, ring } = this.chart;
    if (!ring) return Math.max(0, points.findIndex((point) => point.chosen));
    const away = points.map((point) => Math.hypot(point.x - ring[0], point.y - ring[1]));
    return Math.max(0, away.indexOf(Math.min(...away)));
  }

  draw() {
    const { x, y, points, joined, dashes, ring, height } = this.chart;
    this.point(null);
    this.width = Math.round(this.node.clientWidth);
    this.picture.replaceChildren();
    this.places = [];
    if (this.width <= 0) return; // not shown at the moment; the observer draws it when it is
    this.picture.setAttribute("width", this.width);
    this.picture.setAttribute("height", height);
    const add = (tag, attributes, text) => this.picture.appendChild(svg(tag, attributes, text));

    // The texts at the vertical axis first: they say how much room is left.
    const names = y.ticks.map(([, text]) => add("text", { class: "tick", "text-anchor": "end" }, text));
    for (const name of names) this.shorten(name, this.width / 2 - NAME_GAP);
    const widest = Math.max(0, ...names.map((name) => name.getComputedTextLength()));
    const left = y.label ? Math.max(ROOM.left, widest + 34) : widest + NAME_GAP;
    const right = Math.max(left + 1, this.width - ROOM.right);
    const [top, bottom] = [ROOM.top, height - ROOM.bottom];
    const across = (value) => left + ((value - x.low) / (x.high - x.low)) * (right - left);
    const up = (value) => bottom - ((value - y.low) / (y.high - y.low)) * (bottom - top);
    add("rect", { class: "area", x: left, y: top, width: Math.max(0, right - left), height: bottom - top });

    y.ticks.forEach(([value], k) => {
      names[k].setAttribute("x", left - 8);
      names[k].setAttribute("y", up(value) + 4);
      if (y.grid) add("path", { class: "grid", d: `M${left} ${up(value)}H${right}` });
    });
    for (const [value, text] of x.ticks) {
      if (x.grid) add("path", { class: "grid", d: `M${across(value)} ${top}V${bottom}` });
      add("text", { class: "tick", "text-anchor": "middle", x: across(value), y: bottom + 18 }, text);
    }
    add("text", { class: "label", "text-anchor": "middle", x: (left + right) / 2, y: height - 8 }, x.label);
    add("text", { class: "label", "text-anchor": "middle", transform: `translate(14 ${(top + bottom) / 2}) rotate(-90)` }, y.label);

    for (const [from, to] of dashes) {
      add("path", { class: "dashes", d: `M${across(from[0])} ${up(from[1])}L${across(to[0])} ${up(to[1])}` });
    }
    this.places = points.map((point) => ({ x: across(point.x), y: up(point.y), point }));
    if (joined && points.length) {
      const line = this.places.map((at) => `${at.x.toFixed(1)} ${at.y.toFixed(1)}`).join("L");
      add("path", { class: "line", d: `M${line}`, stroke: points[0].colour });
    }
    for (const at of this.places) this.drawPoint(add, at, across, up);
    if (ring) add("circle", { class: "ring", cx: across(ring[0]), cy: up(ring[1]), r: 7.5 });
    this.mark = add("circle", { class: "mark", r: 6, visibility: "hidden" });
  }

  // Take out of the middle of a text what has no room: its ends tell most. The tip says it whole.
  shorten(name, room) {
    const length = name.getComputedTextLength();
    if (length <= room || room <= 0) return;
    const kept = Math.floor((name.textContent.length * room) / length) - 1;
    const end = Math.floor(kept / 2);
    name.textContent = `${name.textContent.slice(0, kept - end)}…${name.textContent.slice(-end)}`;
  }

  drawPoint(add, at, across, up) {
    const { point, x, y } = at;
    const look = `${point.shape}${point.few ? " few" : ""}${point.chosen ? " chosen" : ""}`;
    const whisker = () => {
      if (!point.interval) return;
      const [from, to] = point.interval.map(point.shape === "bar" ? up : across);
      const d = point.shape === "bar" ? `M${x - 3} ${from}h6m-3 0V${to}m-3 0h6` : `M${from} ${y - 4}v8m0-4H${to}m0-4v8`;
      add("path", { class: "whisker", d });
    };
    if (point.shape === "bar") {
      const half = (across(point.x + point.width / 2) - across(point.x - point.width / 2)) / 2;
      at.half = half;
      add("rect", { class: look, x: x - half, y, width: Math.max(0, 2 * half), height: Math.max(0, up(0) - y), fill: point.colour, stroke: point.colour });
      whisker();
      add("text", { class: "count", "text-anchor": "middle", x, y: ROOM.top + 8 }, point.label);
      return;
    }
    whisker();
    if (point.shape === "diamond") {
      const r = point.chosen ? 10 : 7;
      add("path", { class: look, d: `M${x - r} ${y}L${x} ${y - r}L${x + r} ${y}L${x} ${y + r}Z`, fill: point.colour });
    } else {
      const r = this.chart.joined ? 3 : point.chosen ? 8.5 : 6;
      add("circle", { class: look, cx: x, cy: y, r, fill: point.colour, stroke: point.colour });
    }
  }

  // The index of the point nearest to the pointer; of bars the one below it.
  nearest(event) {
    const box = this.node.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    let least = Infinity;
    this.places.forEach((at, k) => {
      const aside = Math.max(0, Math.abs(at.x - x) - (at.half || 0));
      const distance = at.half ? aside : Math.hypot(aside, at.y - y);
      if (distance < least) [best, least] = [k, distance];
    });
    return best;
  }

  // Say beside a point what it stands for.
  point(index) {
    this.tip.hidden = index === null;
    if (this.mark) this.mark.setAttribute("visibility", "hidden");
    if (index === null) return document.removeEventListener("keydown", this.escape);
    document.addEventListener("keydown", this.escape); // the pointer may be here and the focus elsewhere
    const at = this.places[index];
    this.tip.replaceChildren(...[...at.point.tip, "Click to see them"].map((line, k) => {
      const part = document.createElement(k === 1 ? "b" : "span");
      part.textContent = line;
      return part;
    }));
    if (!at.half) {
      this.mark.setAttribute("cx", at.x);
      this.mark.setAttribute("cy", at.y);
      this.mark.setAttribute("visibility", "visible");
    }
    const beside = at.x + 14 + this.tip.offsetWidth <= this.width ? at.x + 14 : at.x - 14 - this.tip.offsetWidth;
    const below = at.y + 14 + this.tip.offsetHeight <= this.chart.height;
    this.tip.style.left = `${Math.max(0, beside)}px`;
    this.tip.style.top = `${below ? at.y + 14 : Math.max(0, at.y - 14 - this.tip.offsetHeight)}px`;
  }

  // What the slider's value is, in words.
  say() {
    const { points } = this.chart;
    this.node.setAttribute("aria-valuemin", 0);
    this.node.setAttribute("aria-valuemax", Math.max(0, points.length - 1));
    this.node.setAttribute("aria-valuenow", this.at);
    this.node.setAttribute("aria-valuetext", points[this.at]?.tip.join(", ") || "no points");
  }

  walk(event) {
    const last = this.chart.points.length - 1;
    const down = this.inRows() ? 1 : -1;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: down, ArrowUp: -down, PageDown: 10 * down, PageUp: -10 * down, Home: -Infinity, End: Infinity };
    if (event.ctrlKey || event.altKey || event.metaKey || last < 0) return;
    if (event.key === "Enter" || event.key === " ") this.choose(this.at);
    else if (event.key in steps) {
      this.at = Math.min(last, Math.max(0, this.at + steps[event.key]));
      this.say();
      this.point(this.at);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  choose(index) {
    if (index === null) return;
    this.at = index;
    this.say();
    // a state, not a trigger: a trigger is lost when the page refreshes itself at the same moment
    this.send("point", { target: this.chart.points[index].target, at: Date.now() });
  }
}

export default function ({ data, parentElement, setStateValue }) {
  let row = rows.get(parentElement);
  if (!row) {
    row = { node: document.createElement("div"), charts: [] };
    row.node.className = "row";
    parentElement.appendChild(row.node);
    rows.set(parentElement, row);
  }
  while (row.charts.length > data.charts.length) row.charts.pop().frame.remove();
  while (row.charts.length < data.charts.length) row.charts.push(new Chart(row.node));
  data.charts.forEach((chart, k) => row.charts[k].take(chart, setStateValue));
}
