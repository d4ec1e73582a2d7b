// @ts-check
// A drop zone that sends files one by one, each as a raw body that the server streams to disk.
// The upload belongs to the page, not to the element: it goes on while its window is closed, waits
// while the server is away, and names every file that it left out with the reason.

const PARALLEL = 3;
const NAMED = 200;  // left-out files that are listed for one reason
const RETRY_MS = [500, 1000, 2000, 4000, 8000];
const SYSTEM_FILES = /^(\..*|thumbs\.db|desktop\.ini)$/i;
let upload = null;

const number = (count) => count.toLocaleString("en");
const size = (count) => (count < 1e6 ? `${Math.ceil(count / 1e3)} kB` : count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(2)} GB`);

class ConnectionLost extends Error {}

const post = (address, body) => ask(address, { method: "POST", body: body && JSON.stringify(body) }).catch((error) => {
  throw error.status < 502 ? error : new ConnectionLost("The server does not answer.");
});

// A dropped directory is walked here; what is chosen by button comes with its relative path already.
// An entry that cannot be read is left out; the others still come.
const walk = async (entry, path, found) => {
  try {
    if (entry.isFile) {
      const file = await new Promise((done, failed) => entry.file(done, failed));
      found.files.push({ file, name: path + file.name });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) return;
      for (const child of some) await walk(child, `${path}${entry.name}/`, found);
    }
  } catch (error) {
    found.leftOut.push([path + entry.name, `The browser could not read it (${error.name}).`]);
  }
};

const dropped = async (transfer) => {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = { files: [], leftOut: [] };
  for (const entry of entries) await walk(entry, "", found);
  return found;
};

class Upload {
  constructor(data, { files, leftOut }, resumed) {
    this.data = data;
    this.id = resumed;
    const wanted = files.filter(({ name }) => !SYSTEM_FILES.test(name.split("/").pop()));
    const known = ({ name }) => data.suffixes.some((suffix) => name.toLowerCase().endsWith(suffix));
    this.queue = wanted.filter(known);
    this.leftOut = [...leftOut, ...wanted.filter((one) => !known(one)).map(({ name }) => [name, "It is no photo and no zip."])];
    this.total = this.queue.length;
    this.bytes = this.queue.reduce((sum, { file }) => sum + file.size, 0);
    this.sent = 0;
    this.done = 0;
    this.running = new Set();
    this.state = "sending";
    this.began = performance.now();
    this.onChange = null;
  }

  get busy() { return ["sending", "waiting", "unpacking"].includes(this.state); }

  async run() {
    const warn = (event) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    try {
      if (this.id) await this.leaveOutArrived();
      else await this.begin();
      await Promise.all(Array.from({ length: PARALLEL }, () => this.sendNext()));
      if (this.state === "cancelled") return;
      this.state = "unpacking";
      this.changed();
      const finished = await this.patiently(() => this.post("finish", this.leftOut), "unpacking");
      if (this.state === "cancelled") return;
      this.leftOut = finished.left_out;
      this.files = finished.files;
      this.collection = finished.collection;
      this.state = finished.files ? "done" : "failed";
    } catch (error) {
      this.trouble = error.message;
      this.state = this.state === "cancelled" ? "cancelled" : "failed";
    } finally {
      window.removeEventListener("beforeunload", warn);
      this.changed();
    }
  }

  async begin() {
    const first = this.queue[0].name;
    const one = first.includes("/") ? first.split("/")[0] : first.replace(/\.[^.]*$/, "");
    const name = first.includes("/") || this.total === 1 ? one : `${this.total} photos`;
    this.id = (await post(`${this.data.base}/upload/begin?name=${encodeURIComponent(name)}&files=${this.total}`)).upload;
  }

  // After a break: whatever is there need not be sent again.
  async leaveOutArrived() {
    const missing = new Set(await this.post("missing", this.queue.map(({ file, name }) => [name, file.size])));
    const there = this.queue.filter((_, at) => !missing.has(at));
    this.done += there.length;
    this.sent += there.reduce((sum, { file }) => sum + file.size, 0);
    this.queue = this.queue.filter((_, at) => missing.has(at));
  }

  post(path, body) { return post(`${this.data.base}/upload/${this.id}/${path}`, body); }

  // Try until the server answers, or the person has enough of it.
  async patiently(act, state) {
    for (let tries = 0; ; tries += 1) {
      try {
        const result = await act();
        if (this.state === "waiting") this.state = state;
        return result;
      } catch (error) {
        if (!(error instanceof ConnectionLost) || this.state === "cancelled") throw error;
        this.state = "waiting";
        this.changed();
        await new Promise((done) => setTimeout(done, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]));
      }
    }
  }

  async sendNext() {
    while (this.queue.length && this.busy) {
      const one = this.queue.shift();
      const before = this.sent;
      try {
        await this.patiently(() => this.sendMissing(one), "sending");
      } catch (error) {
        if (this.state !== "cancelled") this.leftOut.push([one.name, error.message]);
      }
      this.sent = Math.max(this.sent, before);
      this.done += 1;
      this.changed();
    }
  }

  // What broke off may have arrived all the same.
  async sendMissing(one) {
    if (one.tried && !(await this.post("missing", [[one.name, one.file.size]])).length) return;
    one.tried = true;
    await this.send(one.file, one.name);
  }

  // XMLHttpRequest tells how much has been sent; fetch does not.
  send(file, name) {
    return new Promise((/** @type {(value?: unknown) => void} */ sent, failed) => {
      const request = new XMLHttpRequest();
      let counted = 0;
      const lost = () => { this.sent -= counted; failed(new ConnectionLost()); };
      this.running.add(request);
      request.open("POST", `${this.data.base}/upload/${this.id}/file?name=${encodeURIComponent(name)}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.onprogress = (event) => { this.sent += event.loaded - counted; counted = event.loaded; this.changed(); };
      request.onloadend = () => this.running.delete(request);
      // A file that was changed or removed since it was chosen breaks the request as a dead server does.
      request.onerror = () => file.slice(0, 1).arrayBuffer().then(lost, () => failed(new Error("It cannot be read any more: it was changed or removed.")));
      request.onabort = () => failed(new Error("cancelled"));
      request.onload = () => {
        if (request.status < 300) return sent();
        if (request.status >= 502) return lost();
        let sentence = `The server answered ${request.status}.`;
        try { sentence = JSON.parse(request.responseText).error; } catch { /* not one of our answers */ }
        return failed(new Error(sentence));
      };
      request.send(file);
    });
  }

  async cancel() {
    this.state = "cancelled";
    for (const request of this.running) request.abort();
    this.changed();
    if (this.id) await this.post("discard").catch(() => {});
  }

  changed() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => { this.drawing = null; this.onChange?.(); });
  }

  get share() { return this.bytes ? this.sent / this.bytes : 0; }

  inWords() {
    const seconds = (performance.now() - this.began) / 1000;
    const left = this.sent > 0 ? ((this.bytes - this.sent) / this.sent) * seconds : 0;
    const there = `${number(this.done)} of ${plural(this.total, "file")}`;
    return {
      sending: `${there}, ${size(this.sent)} of ${size(this.bytes)}` +
        (left > 2 ? `, about ${Math.ceil(left)} s left` : "") + ". You may close this window, it goes on.",
      waiting: `The server does not answer. ${there} are there; the upload goes on when it is back.`,
      unpacking: "All is there. Unpacking and looking through it…",
      done: `${plural(this.files || 0, "photo")} ${this.files === 1 ? "is" : "are"} uploaded.`,
      cancelled: "The upload was cancelled. Nothing of it is kept in the gallery.",
      failed: `The upload did not work. ${this.trouble || "Nothing of it is a photo that can be kept."}`,
    }[this.state];
  }
}

class Zone {
  constructor(parent) {
    const input = (options) => make("input", { type: "file", multiple: true, hidden: true, ...options,
      onchange: ({ target }) => {
        this.begin({ files: [...target.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })), leftOut: [] });
        target.value = "";
      } });
    this.files = input({});
    this.folder = input({ webkitdirectory: true });
    this.root = parent.appendChild(make("div", { class: "upload-zone" }));
  }

  take({ data, setStateValue }) {
    this.data = data;
    this.tell = (what) => setStateValue("finished", { ...what, at: Date.now() });
    if (upload) upload.onChange = () => this.draw();
    this.draw();
  }

  begin(found) {
    if (!(found.files.length || found.leftOut.length) || upload?.busy) return;
    upload = new Upload(this.data, found, this.resumed);
    this.resumed = undefined;
    upload.onChange = () => this.draw();
    if (upload.total) upload.run();
    else { upload.state = "failed"; upload.trouble = "None of these files is a photo or a zip."; }
    this.draw();
  }

  draw() {
    const button = (text, onclick, title) => el("button", { type: "button", text, onclick, title });
    const over = (is) => (event) => { event.preventDefault(); event.currentTarget.classList.toggle("over", is); };
    put(this.root, {},
      el("div", { class: "broken" }, this.broken(button)),
      el("div", { class: "drop", hidden: upload?.busy, ondragover: over(true), ondragleave: over(false),
        ondrop: async (event) => { over(false)(event); this.begin(await dropped(event.dataTransfer)); } },
        el("p", { class: "big", text: this.resumed ? "Drop the same files here again" : "Drop photos, a folder or a zip here" }),
        el("div", { class: "row" }, button("Choose files or a zip", () => this.files.click()),
          button("Choose a whole folder", () => this.folder.click())),
        el("p", { class: "limits", text: this.data.limits }), this.files, this.folder),
      el("div", { class: "progress", hidden: !upload },
        el("p", { class: "words", role: "status", text: upload?.inWords() }),
        el("progress", { max: 1, "aria-label": "Upload", hidden: !upload?.busy,
          value: upload?.state === "unpacking" ? null : upload?.share ?? 0 }),
        el("div", { class: "problems" }, upload ? this.reasons() : []),
        el("button", { type: "button", text: "Cancel", hidden: !["sending", "waiting"].includes(upload?.state),
          onclick: () => upload.cancel() })));
    if (upload?.state === "done" && !upload.told && upload.collection && this.root.isConnected) {
      upload.told = true;
      this.tell({ collection: upload.collection });
    }
  }

  // An upload that was broken off: go on with it, keep what is there, or throw it away.
  broken(button) {
    const shown = upload?.busy ? [] : this.data.broken.filter((one) => one.upload !== upload?.id);
    return shown.map((one) => {
      const of = one.expected ? `${number(one.arrived)} of ${plural(one.expected, "file")}` : plural(one.arrived, "file");
      const act = (path, told, body) => () => post(`${this.data.base}/upload/${one.upload}/${path}`, body)
        .then((answer) => this.tell(told(answer)), (error) => this.tell({ problem: error.message }));
      const going = this.resumed === one.upload;
      return el("div", { key: one.upload, class: "card" },
        el("p", { text: `The upload “${one.name}” was broken off: ${of} arrived.` }),
        going && el("p", { key: "going", class: "quiet", text: "Choose or drop the same files again: only those that are missing are sent." }),
        el("div", { key: "ways", class: "row left" },
          button(going ? "Do not go on" : "Go on with it", () => { this.resumed = going ? undefined : one.upload; this.draw(); }),
          one.arrived > 0 && button(`Open the ${plural(one.arrived, "file")} that arrived`, act("finish", ({ collection }) => ({ collection }), [])),
          button("Delete it", act("discard", () => ({ removed: one.upload })), "Deletes what arrived of this upload from the server")));
    });
  }

  // What was left out, by reason, each with its files.
  reasons() {
    const byReason = new Map();
    for (const [name, reason] of upload.leftOut) {
      if (!byReason.has(reason)) byReason.set(reason, []);
      byReason.get(reason).push(name);
    }
    return [...byReason].map(([reason, names]) => el("details", { key: reason, open: upload.leftOut.length <= 10 },
      el("summary", { text: `${plural(names.length, "file")} left out: ${reason}` }),
      el("ul", {}, names.slice(0, NAMED).map((name) => el("li", { text: name })),
        names.length > NAMED && el("li", { text: `and ${number(names.length - NAMED)} more` }))));
  }
}

export default mounted(Zone);
