// @ts-check
// What is to be judged, and what has been said of it: the catalog's word, overlaid by keys still on their way.

const VERDICTS = {
  model: "model wrong",
  label: "label wrong",
  both: "both animals in it",
  unknown: "cannot tell",
};

class Cases {
  constructor(onChanged, onKept) {
    this.queue = new Queue("verdict", onChanged, onKept);
    this.overlaid = new Map(); // place -> {sequence, said}
    this.done = []; // places, the last judged at the end
  }

  take(data, another) {
    this.queue.take(data);
    this.model = data.model_id;
    this.classes = data.classes;
    this.list = data.cases.map(([start, near, photo, label, said, ofLabel, sure, why]) =>
      ({ start, near, photo, label, said, ofLabel, sure, why }));
    this.given = new Map(data.given.map(([place, verdict, other, person]) => [place, { verdict, other, person }]));
    if (another) {
      this.overlaid.clear();
      this.done = data.history;
    }
    const drawn = data.receipts?.client === this.queue.client ? data.receipts.upto : 0;
    for (const [place, { sequence }] of this.overlaid) if (sequence <= drawn) this.overlaid.delete(place);
  }

  get count() { return this.list.length; }

  said(place) {
    const over = this.overlaid.get(place);
    return over ? over.said : this.given.get(place) || null;
  }

  get judged() {
    let count = 0;
    for (let place = 0; place < this.count; place++) if (this.said(place)) count++;
    return count;
  }

  // The first that nobody has judged, from here on and then from the beginning; -1 when there is none.
  nextOpen(from) {
    for (let step = 0; step < this.count; step++) {
      const place = (from + step) % this.count;
      if (!this.said(place)) return place;
    }
    return -1;
  }

  name(index) { return this.classes[index].name; }

  judge(place, verdict, other) {
    const one = this.list[place];
    this.push(place, { verdict, other, person: null }, { verdict, other, shown: this.name(one.said) });
    this.done.push(place);
  }

  // Take the last verdict back and return its place; null when there is none.
  undo() {
    const place = this.done.pop();
    if (place === undefined) return null;
    this.push(place, null, { undo: true });
    return place;
  }

  push(place, said, parts) {
    const one = this.list[place];
    const entry = { photo: one.photo, label: this.name(one.label), model: this.model, ...parts };
    this.overlaid.set(place, { sequence: this.queue.push(entry), said });
    this.queue.onChanged();
  }
}
