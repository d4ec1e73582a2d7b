// The items of one list, fetched page by page, with the person's labels that are still on their way.

class Items {
  constructor(base, list, labels, onArrived) {
    this.base = base;
    this.token = list.token;
    this.count = list.count;
    this.size = list.page_size;
    this.labels = labels;
    this.onArrived = onArrived;
    this.pages = new Map(); // page number -> items, the last used at the end
    this.coming = new Map(); // page number -> AbortController
    this.stale = new Set();
    this.failed = 0;
  }

  at(index) {
    const page = this.pages.get(Math.floor(index / this.size));
    const item = page && page[index % this.size];
    return item ? this.labels.shown(item) : null;
  }

  // Ask for the pages that hold these positions; what is not in sight any more is called off.
  need(first, last) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetchAll(first, last), this.pages.size ? 45 : 0);
  }

  fetchAll(first, last) {
    const from = Math.floor(Math.max(first, 0) / this.size);
    const to = Math.floor(Math.min(last, this.count - 1) / this.size);
    for (const [page, abort] of this.coming) if (page < from - 1 || page > to + 1) abort.abort();
    for (let page = from; page <= to; page++) {
      const known = this.pages.has(page);
      if (this.coming.has(page) || (known && !this.stale.has(page))) continue;
      this.fetchPage(page);
    }
  }

  async fetchPage(page) {
    const abort = new AbortController();
    const acknowledged = this.labels.acknowledged;
    this.coming.set(page, abort);
    this.stale.delete(page);
    try {
      const answer = await fetch(`${this.base}/grid/${this.token}/${page}`, { signal: abort.signal });
      if (!answer.ok) throw new Error((await answer.json()).error);
      const rows = (await answer.json()).items.map(
        ([id, photo, name, label, source, confidence, predicted, truth]) =>
          ({ id, photo, name, label, source, confidence, predicted, truth }));
      this.labels.settle(rows, acknowledged);
      this.pages.delete(page);
      this.pages.set(page, rows);
      while (this.pages.size > 80) this.pages.delete(this.pages.keys().next().value);
      this.failed = 0;
      this.onArrived();
    } catch (error) {
      if (error.name !== "AbortError" && this.failed++ < 5) {
        setTimeout(() => { if (!this.closed) this.fetchPage(page); }, 600 * this.failed);
      }
    } finally {
      this.coming.delete(page);
    }
  }

  // Something in the catalog has changed: read again what is in sight, the rest when it comes in sight.
  refresh(first, last) {
    for (const page of this.pages.keys()) this.stale.add(page);
    this.fetchAll(first, last);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    for (const abort of this.coming.values()) abort.abort();
  }
}

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

  // Set a label on positions of a list; `items` are those of them that are known here.
  set(token, ranges, label, items) {
    const sequence = ++this.sequence;
    const before = items.map((item) => [item.id, item.source === "person" ? item.label : null]);
    this.done.push({ sequence, before });
    if (this.done.length > 200) this.done.shift();
    for (const item of items) this.overlaid.set(item.id, { sequence, label });
    this.push({ sequence, token, ranges, label });
  }

  // Take the last one back; says what it was, or null when there is nothing to take back.
  undo() {
    const last = this.done.pop();
    if (!last) return null;
    const sequence = ++this.sequence;
    for (const [id, label] of last.before) this.overlaid.set(id, { sequence, label });
    this.push({ sequence, undo: last.sequence });
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
