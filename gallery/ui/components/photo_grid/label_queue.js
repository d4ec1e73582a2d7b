// The labels that a person sets, shown at once, also while they are on their way.

class LabelQueue extends Queue {
  overlaid = new Map(); // file id -> {sequence, label}
  done = []; // for undo: {sequence, before: [[id, label]]}

  shown(item) {
    const said = this.overlaid.get(item.id);
    if (!said) return item;
    if (said.label === null) return { ...item, label: item.predicted, source: item.predicted ? "model" : "waiting" };
    return { ...item, label: said.label, source: "person" };
  }

  // Set a label on positions of a list; `items` are those of them that are known here. When these are all
  // of them, their ids go along: a server that was restarted knows the list no more.
  set(token, ranges, label, items) {
    const before = items.map((item) => [item.id, item.source === "person" ? item.label : null]);
    const whole = items.length === ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
    const sequence = this.push({ token, ranges, label, files: whole ? items.map((item) => item.id) : [] });
    this.done.push({ sequence, before });
    if (this.done.length > 200) this.done.shift();
    for (const item of items) this.overlaid.set(item.id, { sequence, label });
    this.onChanged();
  }

  // Take the last one back; returns whether there was one.
  undo() {
    const last = this.done.pop();
    if (!last) return false;
    const sequence = this.push({ undo: last.sequence });
    for (const [id, label] of last.before) this.overlaid.set(id, { sequence, label });
    this.onChanged();
    return true;
  }

  // Fresh rows came, asked for when `acknowledged` was reached: they know all up to it.
  settle(rows, acknowledged) {
    for (const row of rows) {
      const said = this.overlaid.get(row.id);
      if (said && said.sequence <= acknowledged) this.overlaid.delete(row.id);
    }
  }
}
