// @ts-check
// The labels that a person sets, shown at once, also while they are on their way.

const FILES_NAMED = 20000; // of one change; the browser's store holds 5 MB

class LabelQueue extends Queue {
  overlaid = new Map(); // file id -> {sequence, label}

  constructor(onChanged, onKept) { super("label", onChanged, onKept); }

  take(data) {
    if (data.catalog !== this.catalog) this.overlaid.clear();
    super.take(data);
  }

  // A stack has a label once all its photos have it.
  shown(item) {
    const said = this.overlaid.get(item.id);
    if (!said || !(item.frames ?? []).every((id) => this.overlaid.get(id)?.label === said.label)) return item;
    if (said.label === null) return { ...item, label: item.predicted, source: item.predicted ? "model" : "waiting" };
    return { ...item, label: said.label, source: "person", dissenting: 0 };
  }

  // Set a label on positions of a list. The files' ids go along where all are known and few enough: a server
  // that was restarted knows the list no more.
  set(list, ranges, files, label, where, known = true) {
    const whole = known && files.length <= FILES_NAMED && files.length >= countIn(ranges);
    const sequence = this.push({ label, ...where, ...(whole ? { files } : { list, ranges }) });
    for (const id of files) this.overlaid.set(id, { sequence, label });
    this.onChanged();
  }

  // Undo the last change of this person in the collection; the answer says which it was.
  undo(list, where) { return this.push({ kind: "undo", list, browser: this.browser, ...where }); }

  // Fresh rows came, asked for when `acknowledged` was reached: they know all up to it.
  settle(rows, acknowledged) {
    for (const row of rows) {
      const said = this.overlaid.get(row.id);
      if (said && said.sequence <= acknowledged) this.overlaid.delete(row.id);
    }
  }
}
