// @ts-check
// The large photo, larger: by wheel, double click or key, and moved by dragging.

const ZOOM_MOST = 8;
const ZOOM_STEP = 1.5;

class Zoom {
  // `onEnlarged` is called when more than the fitted photo is asked for.
  constructor(stage, frame, onEnlarged) {
    this.stage = stage;
    this.frame = frame;
    this.onEnlarged = onEnlarged;
    this.reset();
    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.by(Math.exp(-event.deltaY / 400), event);
    }, { passive: false });
    stage.addEventListener("dblclick", (event) => { if (frame.contains(event.target)) this.toggle(event); });
    stage.addEventListener("pointerdown", (event) => this.dragged(event));
  }

  get isOn() { return this.scale > 1; }

  reset() {
    this.scale = 1;
    this.x = this.y = 0;
    this.show();
  }

  toggle(event) {
    if (this.isOn) this.reset();
    else this.by(3, event);
  }

  // The place under the pointer stays where it is; without a pointer, the middle of the stage.
  by(factor, event) {
    const scale = Math.min(Math.max(this.scale * factor, 1), ZOOM_MOST);
    const box = this.stage.getBoundingClientRect();
    const [dx, dy] = event?.clientX === undefined ? [0, 0]
      : [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
    this.x = dx - ((dx - this.x) * scale) / this.scale;
    this.y = dy - ((dy - this.y) * scale) / this.scale;
    this.scale = scale;
    if (scale === 1) this.x = this.y = 0;
    this.show();
    if (this.isOn) this.onEnlarged();
  }

  dragged(down) {
    if (!this.isOn || down.button !== 0 || down.target.closest("button")) return;
    down.preventDefault();
    let [x, y] = [down.clientX, down.clientY];
    const move = (event) => {
      this.x += event.clientX - x;
      this.y += event.clientY - y;
      [x, y] = [event.clientX, event.clientY];
      this.show();
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", () => window.removeEventListener("pointermove", move), { once: true });
  }

  show() {
    this.frame.style.transform = this.isOn ? `translate(${this.x}px, ${this.y}px) scale(${this.scale})` : "";
    this.stage.classList.toggle("zoomed", this.isOn);
  }
}
