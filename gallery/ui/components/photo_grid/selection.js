// @ts-check
// Which positions of a list are chosen.

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
  extend(index) { this.add(Math.min(this.anchor, index), Math.max(this.anchor, index)); }

  add(first, last) {
    for (const at of positionsIn([[first, last]])) this.chosen.add(at);
    this.onChanged();
  }

  clear() {
    if (!this.chosen.size) return;
    this.chosen.clear();
    this.onChanged();
  }

  ranges() { return rangesOf(Int32Array.from(this.chosen).sort()); }
}
