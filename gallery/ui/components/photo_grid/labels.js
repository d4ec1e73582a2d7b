// What a person says, shown at once and sent until the server has acknowledged it.
//
// A value that is set replaces the one before, and several keys may be pressed before the server
// answers once: so all that is not acknowledged travels every time, in order, with its number.
class Labels {
  constructor(send, onChanged) {
    this.send = send;
    this.onChanged = onChanged;
    this.client = Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join("");
    this.sequence = 0;
    this.acknowledged = 0;
    this.waiting = [];
    this.overlaid = new Map(); // file id -> {sequence, label, source}
    this.done = []; // for undo: {sequence, before: [[id, label, source]]}
  }

  shown(item) {
    const said = this.overlaid.get(item.id);
    if (!said) return item;
    if (said.label === null) return { ...item, label: item.predicted, source: item.predicted ? "model" : "waiting" };
    return { ...item, label: said.label, source: "person" };
  }

  // Set a label on positions of a list; `items` are those of them that are known here. When these are all
  // of them, their ids go along: a server that was restarted knows the list no more.
  set(token, ranges, label, items) {
    const sequence = ++this.sequence;
    const before = items.map((item) => [item.id, item.source === "person" ? item.label : null]);
    const whole = items.length === ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
    this.done.push({ sequence, before, whole });
    if (this.done.length > 200) this.done.shift();
    for (const item of items) this.overlaid.set(item.id, { sequence, label });
    this.push({ sequence, token, ranges, label, files: whole ? items.map((item) => item.id) : [] });
  }

  // Take the last one back; says what it was, or null when there is nothing to take back.
  undo() {
    const last = this.done.pop();
    if (!last) return null;
    const sequence = ++this.sequence;
    for (const [id, label] of last.before) this.overlaid.set(id, { sequence, label });
    this.push({ sequence, undo: last.sequence, before: last.whole ? last.before : [] });
    return last;
  }

  push(entry) {
    this.waiting.push(entry);
    this.transmit();
    this.onChanged();
  }

  transmit() {
    clearTimeout(this.retry);
    if (!this.waiting.length) return;
    this.attempt = (this.attempt || 0) + 1;
    this.send({ client: this.client, attempt: this.attempt, entries: this.waiting });
    this.retry = setTimeout(() => this.transmit(), 5000);
  }

  acknowledge(receipts) {
    const upTo = receipts && receipts.client === this.client ? receipts.upto : 0;
    if (upTo <= this.acknowledged) return;
    this.acknowledged = upTo;
    this.waiting = this.waiting.filter((entry) => entry.sequence > upTo);
    if (!this.waiting.length) clearTimeout(this.retry);
  }

  // Fresh rows came, asked for when `acknowledged` was reached: they know all up to it.
  settle(rows, acknowledged) {
    for (const row of rows) {
      const said = this.overlaid.get(row.id);
      if (said && said.sequence <= acknowledged) this.overlaid.delete(row.id);
    }
  }

  close() {
    clearTimeout(this.retry);
  }
}
