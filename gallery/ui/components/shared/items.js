// @ts-check
// The items of one list, fetched page by page, with the person's labels that are still on their way.

const itemOf = ([id, photo, name, folder, label, source, confidence, predicted, truth, elsewhere, unlike = false, frames = [], dissenting = 0]) =>
  ({ id, photo, name, folder, label, source, confidence, predicted, truth, elsewhere, unlike, frames, dissenting });

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

  // Show what another list of the same view has shown, until its own items have come.
  takeOver(former) {
    if (former.size !== this.size) return;
    for (const [page, rows] of former.pages) {
      if (this.pages.has(page)) continue;
      this.pages.set(page, rows);
      this.stale.add(page);
    }
  }

  at(index) {
    const page = this.pages.get(Math.floor(index / this.size));
    const item = page && page[index % this.size];
    return item ? this.labels.shown(item) : null;
  }

  // These positions without those of files that are known not to be read yet: a label is of a photo.
  read(spans) {
    const kept = [];
    for (const [first, last] of spans) {
      let from = first;
      for (let at = first; at <= last; at++) {
        const item = this.at(at);
        if (!item || item.photo) continue;
        if (from < at) kept.push([from, at - 1]);
        from = at + 1;
      }
      if (from <= last) kept.push([from, last]);
    }
    return kept;
  }

  // The ids of the files at these positions, as far as they are known; of a stack, those of all its photos.
  files(spans) {
    const ids = [];
    for (const [first, last] of spans) for (let at = first; at <= last; at++) ids.push(...this.filesAt(at));
    return ids;
  }

  filesAt(at) {
    if (this.all) return [this.all[at]].flat();
    const item = this.at(at);
    return item ? (item.frames.length ? item.frames : [item.id]) : [];
  }

  // Whether the files at all these positions are known.
  knows(spans) {
    return Boolean(this.all) || spans.every(([first, last]) => {
      for (let at = first; at <= last; at++) if (!this.at(at)) return false;
      return true;
    });
  }

  // Fetch the ids of all: photos that are selected need not have been in sight.
  async fetchFiles() {
    if (this.all || this.fetching) return;
    this.fetching = true;
    try {
      const answer = await fetch(`${this.base}/grid/${this.token}/files`);
      if (answer.ok) this.all = await answer.json();
    } catch {
      // the server is away: what is known of the selection goes by its positions
    } finally {
      this.fetching = false;
    }
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
      const rows = (await answer.json()).items.map(itemOf);
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
