// @ts-check
// Rectangles on a photo, as shares of its sides: drawn, moved and resized by pointer or by keys.

const LEAST = 0.02; // a smaller rectangle was a click
const STEP = 0.02;
const MOST = 8;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const tidy = (value) => Math.round(value * 1e4) / 1e4;
const shares = (value) => `${Math.round(value * 100)} %`;

class GreyOut {
  constructor(parent) {
    this.rects = [];
    this.chosen = -1;
    this.nodes = [];
    this.root = document.createElement("div");
    this.root.className = "grey-out";
    this.root.innerHTML =
      '<div class="stage"><img draggable="false"></div>' +
      '<div class="bar" role="toolbar" aria-label="Rectangles"><button type="button" class="add">Add a rectangle</button>' +
      '<button type="button" class="remove">Remove it</button><button type="button" class="clear">Clear all</button></div>' +
      '<p class="help">Drag over the photo to grey a part out; drag a rectangle to move it, its corner to resize it. ' +
      'By keyboard: add one, then <kbd>←</kbd> <kbd>→</kbd> <kbd>↑</kbd> <kbd>↓</kbd> move it, with <kbd>Shift</kbd> ' +
      'they resize it, <kbd>Delete</kbd> removes it.</p><p class="said" role="status"></p>';
    parent.appendChild(this.root);
    const find = (name) => this.root.querySelector(name);
    this.stage = find(".stage");
    this.image = find("img");
    this.said = find(".said");
    this.removeButton = find(".remove");
    this.clearButton = find(".clear");
    this.addButton = find(".add");
    this.image.addEventListener("load", () => this.fit());
    this.addButton.onclick = () => this.add([0.35, 0.35, 0.65, 0.65], true);
    this.removeButton.onclick = () => this.remove(this.chosen);
    this.clearButton.onclick = () => { this.rects = []; this.chosen = -1; this.draw(); this.tell(0); };
    this.stage.addEventListener("pointerdown", (event) => this.pressed(event));
    this.stage.addEventListener("pointermove", (event) => this.moved(event));
    this.stage.addEventListener("pointerup", () => this.released());
    this.stage.addEventListener("pointercancel", () => { this.drag = null; this.draw(); });
    this.root.addEventListener("keydown", (event) => this.keyed(event));
  }

  take({ data, setStateValue }) {
    this.set = setStateValue;
    if (this.image.dataset.url !== data.image) {
      this.image.dataset.url = data.image;
      this.image.src = data.image;
    }
    this.image.alt = data.alt;
    if (this.photo !== data.photo) {
      this.photo = data.photo;
      this.rects = data.rectangles.map((rect) => [...rect]);
      this.chosen = this.rects.length - 1;
      this.draw();
    }
  }

  // ---- what people do ----------------------------------------------------

  at(event) {
    const box = this.stage.getBoundingClientRect();
    return [clamp((event.clientX - box.left) / box.width, 0, 1), clamp((event.clientY - box.top) / box.height, 0, 1)];
  }

  pressed(event) {
    if (event.button !== 0) return;
    const node = event.target.closest(".rect");
    const [x, y] = this.at(event);
    const index = node ? this.nodes.indexOf(node) : -1;
    if (index < 0 && this.rects.length >= MOST) { this.say(`${MOST} rectangles are the most.`); return; }
    event.preventDefault();
    this.stage.setPointerCapture(event.pointerId);
    if (index < 0) {
      this.rects.push([x, y, x, y]);
      this.chosen = this.rects.length - 1;
      this.drag = { kind: "new", index: this.chosen, x, y };
    } else {
      this.chosen = index;
      const kind = event.target.classList.contains("corner") ? "size" : "move";
      this.drag = { kind, index, x, y, from: [...this.rects[index]] };
    }
    this.draw();
  }

  moved(event) {
    if (!this.drag) return;
    const { kind, index, x, y, from } = this.drag;
    const [nowX, nowY] = this.at(event);
    if (kind === "new") this.rects[index] = [Math.min(x, nowX), Math.min(y, nowY), Math.max(x, nowX), Math.max(y, nowY)];
    else if (kind === "move") this.rects[index] = this.shifted(from, nowX - x, nowY - y);
    else this.rects[index] = this.resized(from, nowX - x, nowY - y);
    this.draw();
  }

  released() {
    if (!this.drag) return;
    const { kind, index } = this.drag;
    this.drag = null;
    const [left, top, right, bottom] = this.rects[index];
    if (kind === "new" && (right - left < LEAST || bottom - top < LEAST)) {
      this.rects.splice(index, 1);
      this.chosen = this.rects.length - 1;
      this.draw();
      return;
    }
    this.draw();
    this.nodes[index].focus({ preventScroll: true });
    this.tell(0);
  }

  /** @param {number[]} rect left, top, right, bottom */
  shifted(rect, byX, byY) {
    const [left, top, right, bottom] = rect;
    const x = clamp(byX, -left, 1 - right), y = clamp(byY, -top, 1 - bottom);
    return [left + x, top + y, right + x, bottom + y];
  }

  /** @param {number[]} rect left, top, right, bottom */
  resized(rect, byX, byY) {
    const [left, top, right, bottom] = rect;
    return [left, top, clamp(right + byX, left + LEAST, 1), clamp(bottom + byY, top + LEAST, 1)];
  }

  add(rect, focus) {
    if (this.rects.length >= MOST) return;
    const last = this.rects[this.rects.length - 1];
    const same = last && last.every((value, side) => Math.abs(value - rect[side]) < 0.01);
    this.rects.push(same ? this.shifted(rect, 0.06, 0.06) : rect);
    this.chosen = this.rects.length - 1;
    this.draw();
    if (focus) this.nodes[this.chosen].focus({ preventScroll: true });
    this.tell(0);
  }

  remove(index) {
    if (index < 0 || index >= this.rects.length) return;
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
      const change = event.shiftKey ? this.resized : this.shifted;
      this.rects[index] = change(this.rects[index], way[0] * STEP, way[1] * STEP);
      this.chosen = index;
      this.draw();
      this.tell(250); // while a key is held, the network waits
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

  draw() {
    while (this.nodes.length > this.rects.length) this.nodes.pop().remove();
    while (this.nodes.length < this.rects.length) {
      const node = document.createElement("div");
      node.className = "rect";
      node.tabIndex = 0;
      node.setAttribute("role", "group");
      node.setAttribute("aria-roledescription", "rectangle");
      node.innerHTML = '<span class="number" aria-hidden="true"></span><span class="corner"></span>';
      node.addEventListener("focus", () => { this.chosen = this.nodes.indexOf(node); this.mark(); });
      this.nodes.push(node);
      this.stage.appendChild(node);
    }
    this.rects.forEach(([left, top, right, bottom], index) => {
      const { style } = this.nodes[index];
      style.left = `${left * 100}%`;
      style.top = `${top * 100}%`;
      style.width = `${(right - left) * 100}%`;
      style.height = `${(bottom - top) * 100}%`;
      this.nodes[index].firstChild.textContent = index + 1;
      this.nodes[index].setAttribute("aria-label", `Rectangle ${index + 1}: from ${shares(left)} to ${shares(right)} ` +
        `across, from ${shares(top)} to ${shares(bottom)} down`);
      this.nodes[index].classList.toggle("drawn", this.drag?.index === index);
    });
    this.mark();
  }

  mark() {
    this.nodes.forEach((node, index) => node.classList.toggle("chosen", index === this.chosen));
    this.removeButton.disabled = this.chosen < 0;
    this.clearButton.disabled = !this.rects.length;
    this.addButton.disabled = this.rects.length >= MOST;
  }

  say(text) {
    this.said.textContent = text;
  }

  // Python learns what lies where; `wait_ms` later, so that a held key asks the network once.
  tell(wait_ms) {
    clearTimeout(this.telling);
    const send = () => this.set("rectangles", { photo: this.photo, rectangles: this.rects.map((rect) => rect.map(tidy)) });
    if (wait_ms) this.telling = setTimeout(send, wait_ms);
    else send();
  }
}

const known = new WeakMap();

export default function (component) {
  const parent = component.parentElement;
  if (!known.has(parent)) known.set(parent, new GreyOut(parent));
  known.get(parent).take(component);
}
