// @ts-check
// A drop zone that sends files one by one, each as a raw body that the server streams to disk.
// The upload belongs to the page, not to the element: it goes on while its window is closed, waits
// while the server is away, and names every file that it left out with the reason.

const PARALLEL = 3;
const NAMED = 200;  // left-out files that are listed for one reason
const RETRY_MS = [500, 1000, 2000, 4000, 8000];
const SYSTEM_FILES = /^(\..*|thumbs\.db|desktop\.ini)$/i;
const zones = new WeakMap();
let upload = null;

const node = (tag, properties, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

const number = (count) => count.toLocaleString("en");
const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
const size = (count) => (count < 1e6 ? `${Math.ceil(count / 1e3)} kB` : count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(2)} GB`);

class ConnectionLost extends Error {}

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
      const finished = await this.patiently(() => this.post(`${this.id}/finish`, this.leftOut), "unpacking");
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
    this.id = (await this.post(`begin?name=${encodeURIComponent(name)}&files=${this.total}`)).upload;
  }

  // After a break: whatever is there need not be sent again.
  async leaveOutArrived() {
    const missing = new Set(await this.post(`${this.id}/missing`, this.queue.map(({ file, name }) => [name, file.size])));
    const there = this.queue.filter((_, at) => !missing.has(at));
    this.done += there.length;
    this.sent += there.reduce((sum, { file }) => sum + file.size, 0);
    this.queue = this.queue.filter((_, at) => missing.has(at));
  }

  async post(path, body) {
    let answer;
    try {
      answer = await fetch(`${this.data.base}/upload/${path}`, { method: "POST", body: body && JSON.stringify(body) });
    } catch {
      throw new ConnectionLost();
    }
    if (answer.status >= 502) throw new ConnectionLost();
    const heard = await answer.json();
    if (!answer.ok) throw new Error(heard.error);
    return heard;
  }

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
    if (one.tried && !(await this.post(`${this.id}/missing`, [[one.name, one.file.size]])).length) return;
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
    if (this.id) await this.post(`${this.id}/discard`).catch(() => {});
  }

  changed() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => { this.drawing = null; this.onChange?.(); });
  }
}

class Zone {
  constructor(parent) {
    const input = (options) => Object.assign(document.createElement("input"), { type: "file", multiple: true, hidden: true, ...options });
    this.files = input({});
    this.folder = input({ webkitdirectory: true });
    const choose = node("button", { type: "button", textContent: "Choose files or a zip", onclick: () => this.files.click() });
    const chooseFolder = node("button", { type: "button", textContent: "Choose a whole folder", onclick: () => this.folder.click() });
    this.limits = node("p", { className: "limits" });
    this.heading = node("p", { className: "big", textContent: "Drop photos, a folder or a zip here" });
    this.drop = node("div", { className: "drop" }, this.heading,
      node("div", { className: "row" }, choose, chooseFolder), this.limits, this.files, this.folder);
    this.words = node("p", { className: "words" });
    this.words.setAttribute("role", "status");
    this.bar = node("progress", { max: 1, value: 0 });
    this.bar.setAttribute("aria-label", "Upload");
    this.problems = node("div", { className: "problems" });
    this.cancel = node("button", { type: "button", textContent: "Cancel", onclick: () => upload.cancel() });
    this.progress = node("div", { className: "progress", hidden: true }, this.words, this.bar, this.problems, this.cancel);
    this.broken = node("div", { className: "broken" });
    this.root = node("div", { className: "upload-zone" }, this.broken, this.drop, this.progress);
    parent.appendChild(this.root);
    for (const each of [this.files, this.folder])
      each.addEventListener("change", () => {
        this.begin({ files: [...each.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })), leftOut: [] });
        each.value = "";
      });
    this.drop.addEventListener("dragover", (event) => { event.preventDefault(); this.drop.classList.add("over"); });
    this.drop.addEventListener("dragleave", () => this.drop.classList.remove("over"));
    this.drop.addEventListener("drop", async (event) => {
      event.preventDefault();
      this.drop.classList.remove("over");
      this.begin(await dropped(event.dataTransfer));
    });
  }

  take({ data, setStateValue }) {
    this.data = data;
    this.tell = (what) => setStateValue("finished", { ...what, at: Date.now() });
    this.limits.textContent = data.limits;
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

  // An upload that was broken off: go on with it, keep what is there, or throw it away.
  drawBroken() {
    const shown = upload?.busy ? [] : this.data.broken.filter((one) => one.upload !== upload?.id);
    this.broken.replaceChildren(...shown.map((one) => {
      const of = one.expected ? `${number(one.arrived)} of ${plural(one.expected, "file")}` : plural(one.arrived, "file");
      const act = (what) => async () => {
        try { this.tell(await what()); } catch (error) { this.tell({ problem: error.message || "The server does not answer." }); }
      };
      const post = (path, body) => Upload.prototype.post.call(this, `${one.upload}/${path}`, body);
      const button = (textContent, onclick, title) => node("button", { type: "button", textContent, onclick, title });
      const going = this.resumed === one.upload;
      return node("div", { className: "card" },
        node("p", { textContent: `The upload “${one.name}” was broken off: ${of} arrived.` }),
        going ? node("p", { className: "quiet", textContent: "Choose or drop the same files again: only those that are missing are sent." }) : "",
        node("div", { className: "row left" },
          button(going ? "Do not go on" : "Go on with it", () => { this.resumed = going ? undefined : one.upload; this.draw(); }),
          one.arrived ? button(`Open the ${plural(one.arrived, "file")} that arrived`, act(async () => ({ collection: (await post("finish", [])).collection }))) : "",
          button("Delete it", act(async () => { await post("discard"); return { removed: one.upload }; }), "Deletes what arrived of this upload from the server")));
    }));
    this.heading.textContent = this.resumed ? "Drop the same files here again" : "Drop photos, a folder or a zip here";
  }

  draw() {
    this.drawBroken();
    if (!upload) return;
    const { state } = upload;
    this.drop.hidden = upload.busy;
    this.progress.hidden = false;
    this.cancel.hidden = !["sending", "waiting"].includes(state);
    this.bar.hidden = !upload.busy;
    if (state === "unpacking") this.bar.removeAttribute("value");
    else this.bar.value = upload.bytes ? upload.sent / upload.bytes : 0;
    const seconds = (performance.now() - upload.began) / 1000;
    const left = upload.sent > 0 ? ((upload.bytes - upload.sent) / upload.sent) * seconds : 0;
    const there = `${number(upload.done)} of ${plural(upload.total, "file")}`;
    this.words.textContent = {
      sending: `${there}, ${size(upload.sent)} of ${size(upload.bytes)}` +
        (left > 2 ? `, about ${Math.ceil(left)} s left` : "") + ". You may close this window, it goes on.",
      waiting: `The server does not answer. ${there} are there; the upload goes on when it is back.`,
      unpacking: "All is there. Unpacking and looking through it…",
      done: `${plural(upload.files || 0, "photo")} ${upload.files === 1 ? "is" : "are"} uploaded.`,
      cancelled: "The upload was cancelled. Nothing of it is kept in the gallery.",
      failed: `The upload did not work. ${upload.trouble || "Nothing of it is a photo that can be kept."}`,
    }[state];
    this.problems.replaceChildren(...this.reasons());
    if (state === "done" && !upload.told && upload.collection && this.root.isConnected) {
      upload.told = true;
      this.tell({ collection: upload.collection });
    }
  }

  // What was left out, by reason, each with its files.
  reasons() {
    const byReason = new Map();
    for (const [name, reason] of upload.leftOut) {
      if (!byReason.has(reason)) byReason.set(reason, []);
      byReason.get(reason).push(name);
    }
    return [...byReason].map(([reason, names]) => {
      const items = names.slice(0, NAMED).map((name) => node("li", { textContent: name }));
      if (names.length > NAMED) items.push(node("li", { textContent: `and ${number(names.length - NAMED)} more` }));
      return node("details", { open: upload.leftOut.length <= 10 }, node("summary", { textContent: `${plural(names.length, "file")} left out: ${reason}` }), node("ul", {}, ...items));
    });
  }
}

export default function (component) {
  let zone = zones.get(component.parentElement);
  if (!zone) {
    zone = new Zone(component.parentElement);
    zones.set(component.parentElement, zone);
  }
  zone.take(component);
}
