// @ts-check
// What a person says by key: kept in this browser until the server has it on its disk.
//
// Each entry lies in the browser's own store before anything is sent, so that a closed tab, a reload
// or a server that is away lose nothing: whichever page of the app is open next sends it. All that waits
// is sent in its order, with its number; the server keeps each once, however often it comes.

const UNSENT = "gallery.unsent.";
const ORPHANED_MS = 3000; // after that, another page of the app may send what this one has not

// The entries that lie in the browser's store, by the queue that made them, each queue's in its order.
const entriesOf = (catalog) => {
  const found = new Map();
  const prefix = `${UNSENT}${catalog}.`;
  stored((store) => { // another page may just have taken one away
    for (const key of Object.keys(store).filter((one) => one.startsWith(prefix)).sort()) {
      const client = key.slice(prefix.length).split(".")[0];
      if (!found.has(client)) found.set(client, []);
      found.get(client).push(JSON.parse(store.getItem(key)));
    }
  });
  return found;
};

// The name that this browser's labels are kept under; "" before it was asked for.
const personName = () => {
  const kept = document.cookie.split("; ").find((one) => one.startsWith("gallery_person="));
  return kept ? decodeURIComponent(kept.slice("gallery_person=".length)) : "";
};

const keepPersonName = (name) => {
  document.cookie = `gallery_person=${encodeURIComponent(name)}; path=/; max-age=315360000; SameSite=Lax`;
};

const randomName = () => Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join("");

// This browser's own name: what is set in it before anybody gave theirs is undone in it alone. The server reads
// the cookie where a page's own buttons set labels. A browser that keeps nothing has another name on each page.
const browserName = () => {
  const name = stored((store) => store.getItem("gallery.browser")) || randomName().padEnd(12, "0").slice(0, 12);
  stored((store) => {
    store.setItem("gallery.browser", name);
    document.cookie = `gallery_browser=${name}; path=/; max-age=315360000; SameSite=Lax`;
  });
  return name;
};

class Queue {
  overlaid = new Map(); // of a file or a case: {sequence, said}, which stands until the catalog's own word has come

  // `onKept(receipts, problem, answers, revision)` hears what the server has kept, and what it never can.
  constructor(kind, onChanged, onKept) {
    this.kind = kind;
    this.onChanged = onChanged;
    this.onKept = onKept;
    this.browser = browserName();
    this.client = this.browser + randomName();
    this.sequence = 0;
    this.acknowledged = 0;
    this.waiting = [];
    this.failed = 0;
    this.onLeave = () => this.leave();
    window.addEventListener("pagehide", this.onLeave);
  }

  take(data) {
    const first = !this.base;
    const other = data.catalog !== this.catalog;
    this.base = data.base;
    this.catalog = data.catalog;
    if (other) this.overlaid.clear();
    if (other) this.waiting = entriesOf(this.catalog).get(this.client) ?? []; // each waits for the catalog it is of
    if (first || this.waiting.length) this.flush();
  }

  key(client, sequence) { return `${UNSENT}${this.catalog}.${client}.${String(sequence).padStart(9, "0")}`; }

  // Number an entry, keep it here and send it with all that wait; returns its number.
  push(parts) {
    const entry = { sequence: ++this.sequence, kind: this.kind, person: personName(), at: Date.now(), ...parts };
    this.waiting.push(entry);
    stored((store) => store.setItem(this.key(this.client, entry.sequence), JSON.stringify(entry))); // else it waits in this page
    this.flush();
    return entry.sequence;
  }

  // Number an entry and lay what it says over these.
  say(keys, said, parts) {
    const sequence = this.push(parts);
    for (const key of keys) this.overlaid.set(key, { sequence, said });
    this.onChanged();
  }

  // The catalog's own word of these came, asked for when `acknowledged` was reached: it has all up to that.
  settle(keys, acknowledged) {
    for (const key of keys) if (this.overlaid.get(key)?.sequence <= acknowledged) this.overlaid.delete(key);
  }

  forget(client, upto) {
    for (const { sequence } of entriesOf(this.catalog).get(client) || [])
      if (sequence <= upto) stored((store) => store.removeItem(this.key(client, sequence)));
  }

  // The queues of other pages that have not sent what they wait with: closed, reloaded, or without a server.
  orphans() {
    const old = Date.now() - ORPHANED_MS;
    return [...entriesOf(this.catalog)].filter(([client, entries]) => client !== this.client && entries[0]?.at < old)
      .sort(([, one], [, other]) => one[0].at - other[0].at);
  }

  async flush() {
    if (this.sending || this.closed || !this.base) return;
    this.sending = true;
    clearTimeout(this.retry);
    try {
      let problem = null;
      for (const [client, entries] of this.orphans())
        await this.send(client, entries).catch((error) => { problem = error; });
      while (this.waiting.length) await this.send(this.client, this.waiting);
      if (problem) throw problem;
      this.failed = 0;
      this.why = "";
    } catch (error) {
      this.failed++;
      this.why = error.waits || "The server does not answer.";
      this.retry = setTimeout(() => this.flush(), Math.min(500 * 2 ** this.failed, 4000));
    } finally {
      this.sending = false;
    }
    this.onChanged();
  }

  async send(client, entries) {
    const request = posting({ catalog: this.catalog, client, entries: entries.slice(0, 500) });
    const { upto, answers, waits, revision } = await ask(`${this.base}/said`, { ...request, keepalive: request.body.length < 60000 });
    this.forget(client, upto);
    if (client === this.client) {
      this.acknowledged = Math.max(this.acknowledged, upto);
      this.waiting = this.waiting.filter((entry) => entry.sequence > upto);
    }
    const problems = Object.values(answers).map((one) => one.problem).filter(Boolean);
    if (upto) this.onKept({ client, upto }, problems.length ? `Not kept: ${problems[0]}` : "", answers, revision);
    if (waits) throw Object.assign(new Error(waits), { waits });
    if (!upto) throw new Error("nothing was taken");
  }

  // "3 labels not sent yet", once a first try has failed; "" while all is well.
  unsentWords(noun) {
    if (!this.failed || !this.catalog) return "";
    const count = this.waiting.length + this.orphans().reduce((sum, [, entries]) => sum + entries.length, 0);
    return count ? `${plural(count, noun)} not sent yet` : "";
  }

  // The page goes: send at once what has not been answered. It stays in the store until it is.
  leave() {
    if (!this.waiting.length || !this.base) return;
    const body = JSON.stringify({ catalog: this.catalog, client: this.client, entries: this.waiting });
    navigator.sendBeacon(`${this.base}/said`, new Blob([body], { type: "application/json" }));
  }

  close() {
    this.leave();
    this.closed = true;
    clearTimeout(this.retry);
    window.removeEventListener("pagehide", this.onLeave);
  }
}
