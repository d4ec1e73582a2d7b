// @ts-check
// Rectangles on a photo, as shares of its sides: drawn, moved and resized by pointer or by keys.

const LEAST = 0.02; // a smaller rectangle was a click
const STEP = 0.02;
const MOST = 8;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const tidy = (value) => Math.round(value * 1e4) / 1e4;
const shares = (value) => `${Math.round(value * 100)} %`;

// A rectangle is [left, top, right, bottom]; what is done to one by two shares gives another one.
const shifted = ([left, top, right, bottom], byX, byY) => {
  const x = clamp(byX, -left, 1 - right), y = clamp(byY, -top, 1 - bottom);
  return [left + x, top + y, right + x, bottom + y];
};
const resized = ([left, top, right, bottom], byX, byY) =>
  [left, top, clamp(right + byX, left + LEAST, 1), clamp(bottom + byY, top + LEAST, 1)];
const spanned = ([x, y], byX, byY) => [Math.min(x, x + byX), Math.min(y, y + byY), Math.max(x, x + byX), Math.max(y, y + byY)];

class GreyOut {
  constructor(parent) {
    this.rects = [];
    this.chosen = -1;
    this.image = make("img", { draggable: false, onload: () => this.fit() });
    this.stage = make("div", { class: "stage", onpointerdown: (event) => this.pressed(event), onpointermove: (event) => this.moved(event),
      onpointerup: () => this.released(), onpointercancel: () => { this.drag = null; this.draw(); } });
    const button = (text, onclick) => make("button", { type: "button", text, onclick });
    this.addButton = button("Add a rectangle", () => this.add([0.35, 0.35, 0.65, 0.65]));
    this.removeButton = button("Remove it", () => this.remove(this.chosen));
    this.clearButton = button("Clear all", () => { this.rects = []; this.chosen = -1; this.draw(); this.tell(0); });
    const key = (text) => el("kbd", { text });
    this.said = make("p", { class: "said", role: "status" });
    this.root = make("div", { class: "grey-out", onkeydown: (event) => this.keyed(event) },
      this.stage,
      el("div", { class: "bar", role: "toolbar", "aria-label": "Rectangles" }, this.addButton, this.removeButton, this.clearButton),
      el("p", { class: "help" }, "Drag over the photo to grey a part out; drag a rectangle to move it, its corner to resize it. " +
        "By keyboard: add one, then ", key("←"), " ", key("→"), " ", key("↑"), " ", key("↓"), " move it, with ", key("Shift"),
        " they resize it, ", key("Delete"), " removes it."),
      this.said);
    parent.appendChild(this.root);
  }

  take({ data, setStateValue }) {
    this.set = setStateValue;
    put(this.image, { src: data.image, alt: data.alt });
    if (this.photo === data.photo) return;
    this.photo = data.photo;
    this.rects = [...data.rectangles];
    this.chosen = this.rects.length - 1;
    this.draw();
  }

  // ---- what people do ----------------------------------------------------

  at(event) {
    const box = this.stage.getBoundingClientRect();
    return [clamp((event.clientX - box.left) / box.width, 0, 1), clamp((event.clientY - box.top) / box.height, 0, 1)];
  }

  pressed(event) {
    if (event.button !== 0) return;
    const [x, y] = this.at(event);
    const index = this.nodes.indexOf(event.target.closest(".rect"));
    if (index < 0 && this.rects.length >= MOST) { put(this.said, { text: `${MOST} rectangles are the most.` }); return; }
    event.preventDefault();
    this.stage.setPointerCapture(event.pointerId);
    const change = index < 0 ? spanned : event.target.matches(".corner") ? resized : shifted;
    if (index < 0) this.rects.push([x, y, x, y]);
    this.chosen = index < 0 ? this.rects.length - 1 : index;
    this.drag = { index: this.chosen, x, y, from: this.rects[this.chosen], change };
    this.draw();
  }

  moved(event) {
    if (!this.drag) return;
    const { index, x, y, from, change } = this.drag;
    const [nowX, nowY] = this.at(event);
    this.rects[index] = change(from, nowX - x, nowY - y);
    this.draw();
  }

  released() {
    if (!this.drag) return;
    const { index, change } = this.drag;
    this.drag = null;
    const [left, top, right, bottom] = this.rects[index];
    if (change === spanned && (right - left < LEAST || bottom - top < LEAST)) {
      this.rects.splice(index, 1);
      this.chosen = this.rects.length - 1;
      this.draw();
    } else this.keep(this.rects[index], index);
  }

  add(rect) {
    const last = this.rects.at(-1);
    const same = last && last.every((value, side) => Math.abs(value - rect[side]) < 0.01);
    this.keep(same ? shifted(rect, 0.06, 0.06) : rect, this.rects.length);
  }

  // A rectangle is so now, and the keys go to it.
  keep(rect, index, wait_ms = 0) {
    this.rects[index] = rect;
    this.chosen = index;
    this.draw();
    this.nodes[index].focus({ preventScroll: true });
    this.tell(wait_ms);
  }

  remove(index) {
    this.rects.splice(index, 1);
    this.chosen = this.rects.length - 1;
    this.draw();
    (this.nodes[this.chosen] || this.addButton).focus({ preventScroll: true });
    this.tell(0);
  }

  keyed(event) {
    const index = this.nodes.indexOf(event.target);
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (index < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Delete" || event.key === "Backspace") this.remove(index);
    else if (way) {
      const change = event.shiftKey ? resized : shifted;
      this.keep(change(this.rects[index], way[0] * STEP, way[1] * STEP), index, 250); // while a key is held, the network waits
    } else return;
    event.preventDefault();
    event.stopPropagation(); // the page's own arrows go to other photos
  }

  // ---- what is seen ------------------------------------------------------

  // As large as the column and three fifths of the window allow, never more than three times its size.
  fit() {
    const { naturalWidth: wide, naturalHeight: high } = this.image;
    this.stage.style.aspectRatio = `${wide} / ${high}`;
    this.stage.style.width = `min(100%, ${3 * wide}px, ${(60 * wide) / high}vh)`;
  }

  get nodes() { return [...this.stage.querySelectorAll(".rect")]; }

  draw() {
    put(this.stage, {}, this.image, this.rects.map(([left, top, right, bottom], index) => el("div", {
      class: `rect${this.drag?.index === index ? " drawn" : ""}${this.chosen === index ? " chosen" : ""}`, tabIndex: 0,
      role: "group", "aria-roledescription": "rectangle",
      "aria-label": `Rectangle ${index + 1}: from ${shares(left)} to ${shares(right)} across, from ${shares(top)} to ${shares(bottom)} down`,
      style: `left: ${left * 100}%; top: ${top * 100}%; width: ${(right - left) * 100}%; height: ${(bottom - top) * 100}%`,
      onfocus: () => { this.chosen = index; this.draw(); } },
      el("span", { class: "number", "aria-hidden": "true", text: index + 1 }), el("span", { class: "corner" }))));
    this.removeButton.disabled = this.chosen < 0;
    this.clearButton.disabled = !this.rects.length;
    this.addButton.disabled = this.rects.length >= MOST;
  }

  // Python learns what lies where; `wait_ms` later, so that a held key asks the network once.
  tell(wait_ms) {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.set("rectangles",
      { photo: this.photo, rectangles: this.rects.map((rect) => rect.map(tidy)) }), wait_ms);
  }
}

export default mounted(GreyOut);
