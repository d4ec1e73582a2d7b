// @ts-check
// What is to be judged, and what has been said of it: the catalog's word, overlaid by keys still on their way.

const VERDICTS = {
  model: "model wrong",
  label: "label wrong",
  both: "both animals in it",
  unknown: "cannot tell",
};

class Cases extends Queue {
  constructor(onChanged, onKept) {
    super("verdict", onChanged, onKept);
    this.list = [];
    this.done = []; // places, the last judged at the end
  }

  take(data, another) {
    super.take(data);
    this.model = data.model_id;
    this.classes = data.classes;
    this.list = data.cases.map(([start, near, photo, label, said, ofLabel, sure, why]) =>
      ({ start, near, photo, label, said, ofLabel, sure, why }));
    this.given = new Map(data.given.map(([place, verdict, other, person]) => [place, { verdict, other, person }]));
    if (another) {
      this.overlaid.clear();
      this.done = data.history;
    }
    if (data.receipts?.client === this.client) this.settle(this.overlaid.keys(), data.receipts.upto);
  }

  get count() { return this.list.length; }

  said(place) {
    const over = this.overlaid.get(place);
    return over ? over.said : this.given.get(place) || null;
  }

  get judged() { return this.list.filter((_, place) => this.said(place)).length; }

  // The first that nobody has judged, from here on and then from the beginning; -1 when there is none.
  nextOpen(from) {
    const open = [...this.list.keys()].filter((place) => !this.said(place));
    return open.find((place) => place >= from) ?? open[0] ?? -1;
  }

  name(index) { return this.classes[index].name; }

  judge(place, verdict, other) {
    this.sayOf(place, { verdict, other, person: null }, { verdict, other, shown: this.name(this.list[place].said) });
    this.done.push(place);
  }

  // Take the last verdict back and return its place; null when there is none.
  undo() {
    const place = this.done.pop();
    if (place === undefined) return null;
    this.sayOf(place, null, { undo: true });
    return place;
  }

  sayOf(place, said, parts) {
    const { photo, label } = this.list[place];
    this.say([place], said, { photo, label: this.name(label), model: this.model, ...parts });
  }
}
