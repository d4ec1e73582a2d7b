// @ts-check
// The labels that a person sets, shown at once, also while they are on their way.

const FILES_NAMED = 20000; // of one change; the browser's store holds 5 MB

class LabelQueue extends Queue {
  constructor(onChanged, onKept) { super("label", onChanged, onKept); }

  // A stack has a label once all its photos have it.
  shown(item) {
    const over = this.overlaid.get(item.id);
    if (!over || !(item.frames ?? []).every((id) => this.overlaid.get(id)?.said === over.said)) return item;
    if (over.said === null) return { ...item, label: item.predicted, source: item.predicted ? "model" : "waiting" };
    return { ...item, label: over.said, source: "person", dissenting: 0 };
  }

  // Set a label on positions of a list. The files' ids go along where all are known and few enough: a server
  // that was restarted knows the list no more.
  set(list, ranges, files, label, where, known = true) {
    const whole = known && files.length <= FILES_NAMED && files.length >= countIn(ranges);
    this.say(files, label, { label, ...where, ...(whole ? { files } : { list, ranges }) });
  }

  // Undo the last change of this person in the collection; the answer says which it was.
  undo(list, where) { this.push({ kind: "undo", list, browser: this.browser, ...where }); }
}
