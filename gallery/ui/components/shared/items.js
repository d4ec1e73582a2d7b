// @ts-check
// The items of one list, fetched page by page, with the person's labels that are still on their way.

const itemOf = ([id, photo, name, folder, label, source, confidence, predicted, truth, elsewhere, unlike = false, frames = [], dissenting = 0]) =>
  ({ id, photo, name, folder, label, source, confidence, predicted, truth, elsewhere, unlike, frames, dissenting });

// Index ranges are [first, last] each, so that "all of 100,000" is two numbers.
function* positionsIn(ranges) {
  for (const [first, last] of ranges) for (let at = first; at <= last; at++) yield at;
}

const countIn = (ranges) => ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);

const rangesOf = (sorted) => {
  const ranges = [];
  for (const at of sorted) {
    const open = ranges.at(-1);
    if (open && open[1] === at - 1) open[1] = at;
    else ranges.push([at, at]);
  }
  return ranges;
};

// Of a stack, those of all its photos.
const filesOf = (item) => (item.frames.length ? item.frames : [item.id]);

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
  read(ranges) {
    return rangesOf([...positionsIn(ranges)].filter((at) => !this.at(at) || this.at(at).photo));
  }

  // The ids of the files at these positions, as far as they are known.
  files(ranges) {
    return [...positionsIn(ranges)].flatMap((at) => (this.all ? this.all[at] : this.at(at) ? filesOf(this.at(at)) : []));
  }

  // Whether the files at all these positions are known.
  knows(ranges) {
    return Boolean(this.all) || [...positionsIn(ranges)].every((at) => this.at(at));
  }

  // Fetch the ids of all: photos that are selected need not have been in sight. While the server is away, what is
  // known of the selection goes by its positions.
  async fetchFiles() {
    if (this.all) return;
    this.fetching ??= ask(`${this.base}/grid/${this.token}/files`).catch(() => null);
    this.all = await this.fetching;
    this.fetching = null;
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
      const { items } = await ask(`${this.base}/grid/${this.token}/${page}`, { signal: abort.signal });
      const rows = items.map(itemOf);
      this.labels.settle(rows.map(({ id }) => id), acknowledged);
      this.pages.delete(page);
      this.pages.set(page, rows);
      while (this.pages.size > 80) this.pages.delete(this.pages.keys().next().value);
      this.failed = 0;
      this.onArrived();
    } catch (error) {
      if (this.pages.has(page)) this.stale.add(page);
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
