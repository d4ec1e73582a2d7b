// @ts-check
// Which positions of a list are chosen; it travels as ranges, so that "all of 100,000" is two numbers.

class PhotoSelection {
  constructor(onChanged) {
    this.chosen = new Set();
    this.anchor = 0;
    this.onChanged = onChanged;
  }

  has(index) { return this.chosen.has(index); }

  get size() { return this.chosen.size; }

  toggle(index) {
    if (!this.chosen.delete(index)) this.chosen.add(index);
    this.anchor = index;
    this.onChanged();
  }

  // From the anchor to here, added to what is chosen already.
  extend(index) {
    const [first, last] = [Math.min(this.anchor, index), Math.max(this.anchor, index)];
    for (let at = first; at <= last; at++) this.chosen.add(at);
    this.onChanged();
  }

  all(count) {
    for (let at = 0; at < count; at++) this.chosen.add(at);
    this.onChanged();
  }

  clear() {
    if (!this.chosen.size) return;
    this.chosen.clear();
    this.onChanged();
  }

  ranges() {
    const sorted = Int32Array.from(this.chosen).sort();
    const spans = [];
    for (const at of sorted) {
      const open = spans[spans.length - 1];
      if (open && open[1] === at - 1) open[1] = at;
      else spans.push([at, at]);
    }
    return spans;
  }
}
