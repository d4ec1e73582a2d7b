// @ts-check
// The confusion matrix as a table. Every number is a button; the sums and the names stand for a whole class.

const FEW = "Few photos: the numbers of this class are rough guesses";
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

class Matrix {
  constructor(parent) {
    this.tip = make("div", { class: "tip", "aria-hidden": "true", hidden: true }); // the cells' own labels say the same
    this.escape = (event) => event.key === "Escape" && this.point(null);
    this.root = parent.appendChild(make("div", { class: "matrix" }));
  }

  take({ data, setStateValue }) {
    this.data = data;
    this.send = setStateValue;
    this.frame(data.chosen);
    this.point(this.pointed?.isConnected ? this.pointed : null); // its number may have changed
  }

  // Frame the chosen cell; it is the one that the Tab key leads to.
  frame(chosen) {
    this.chosen = String(chosen);
    this.lead = String(chosen || [0, 0]);
    this.draw();
  }

  // A place is a row and a column of numbers; at -1 are the names.
  draw() {
    const { names, cells, few, clickable } = this.data;
    const last = names.length - 1;
    const name = ({ icon, title }, scope, place, chosen, about, isFew) =>
      el("th", { class: scope, scope, "aria-label": title }, this.target("name", place, chosen, about, isFew, // not with its number
        icon && el("img", { class: "icon", alt: "", src: icon }), el("span", { class: "title", text: title })));
    const corner = el("td", { class: "corner" }, el("span", { text: "predicted →" }), el("span", { text: "true class ↓" }));
    const rows = names.map((one, i) => el("tr", {}, name(one, "row", [i, -1], [i, last], cells[i][last], few[i]),
      cells[i].map((cell, j) => el("td", {}, this.target("cell", [i, j], [i, j], cell, j === last && few[i], cell.text)))));
    // as wide as the longest number, so that none is cut
    const longest = Math.max(...cells.flat().map(({ text }) => text.length)) + (few.some(Boolean) ? 1 : 0);
    put(this.root, { "--count": names.length, "--cell": `calc(${longest}ch + 4px)` },
      el("table", { class: clickable ? "targets" : "", role: clickable ? "grid" : null, // arrow keys walk over it
        "aria-label": "Confusion matrix: a row is the true class, a column the predicted class",
        onkeydown: clickable ? (event) => this.walk(event) : null },
        el("thead", {}, el("tr", {}, corner, names.map((one, j) => name(one, "col", [-1, j], [last, j], cells[last][j], false)))),
        el("tbody", {}, rows)),
      this.tip);
  }

  // What can be pointed at and, where `clickable`, pressed: `chosen` are the photos that it opens.
  target(kind, place, chosen, { what, many, fill, ink }, isFew, ...children) {
    const properties = {
      class: kind, "data-place": String(place), "data-what": what, "data-many": many, "data-few": isFew ? "yes" : null,
      style: kind === "cell" ? `background: ${fill}; color: ${ink}` : null,
      onpointerenter: (event) => this.point(event.currentTarget), onpointerleave: () => this.point(null) };
    if (!this.data.clickable) return el("span", properties, ...children);
    return el("button", {
      ...properties, type: "button", tabIndex: this.lead === String(place) ? 0 : -1,
      "aria-label": `${what}: ${many}${isFew ? `. ${FEW}` : ""}`, "aria-current": this.chosen === String(place) ? "true" : null,
      onclick: () => this.choose(chosen), onblur: () => this.point(null),
      onfocus: (event) => this.point(event.target.matches(":focus-visible") ? event.target : null) }, ...children);
  }

  choose(place) {
    this.frame(place);
    // a state, not a trigger: a trigger is lost when the page refreshes itself at the same moment
    this.send("cell", { place, at: Date.now() });
  }

  walk(event) {
    const [row, column] = event.target.dataset.place.split(",").map(Number);
    const step = STEPS[event.key];
    if (!(step || event.key === "Home" || event.key === "End") || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const first = row < 0 ? 0 : -1; // the corner has no name
    const place = step ? [row + step[0], column + step[1]] : [row, event.key === "Home" ? first : this.data.names.length - 1];
    const next = this.root.querySelector(`[data-place="${place}"]`);
    if (!next) return;
    this.lead = String(place);
    this.draw();
    next.focus();
  }

  // Say beside a cell or a name what it counts.
  point(target) {
    this.pointed = target;
    this.tip.hidden = !target;
    if (!target) return document.removeEventListener("keydown", this.escape);
    document.addEventListener("keydown", this.escape); // the pointer may be here and the focus elsewhere
    const { what, many, few } = target.dataset;
    put(this.tip, {}, el("span", { text: what }), el("b", { text: many }), few && el("span", { text: FEW }),
      this.data.clickable && el("span", { text: "Click to see them" }));
    const around = this.root.getBoundingClientRect();
    const at = target.getBoundingClientRect();
    const scrolled = this.root.scrollLeft;
    const middle = at.left + at.width / 2 - around.left - this.tip.offsetWidth / 2;
    const above = at.top - around.top - this.tip.offsetHeight - 6;
    this.tip.style.left = `${scrolled + Math.max(0, Math.min(middle, around.width - this.tip.offsetWidth))}px`;
    this.tip.style.top = `${above >= 0 ? above : at.bottom - around.top + 6}px`;
  }
}

export default mounted(Matrix);
