// A drop zone that sends files one by one, each as a raw body that the server streams to disk.
// The upload belongs to the page, not to the element: it goes on while its window is closed.

const PARALLEL = 3;
const zones = new WeakMap();
let upload = null;

const node = (tag, properties, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

const size = (count) => (count < 1e6 ? `${Math.ceil(count / 1e3)} kB` : count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(2)} GB`);

// A dropped directory is walked here; what is chosen by button comes with its relative path already.
const walk = async (entry, path, found) => {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    found.push({ file, name: path + file.name });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return;
    for (const child of some) await walk(child, `${path}${entry.name}/`, found);
  }
};

const dropped = async (transfer) => {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = [];
  for (const entry of entries) await walk(entry, "", found);
  return found;
};

class Upload {
  constructor(data, files) {
    this.data = data;
    this.queue = files.filter(({ name }) => data.suffixes.some((suffix) => name.toLowerCase().endsWith(suffix)));
    this.ignored = files.length - this.queue.length;
    this.total = this.queue.length;
    this.bytes = this.queue.reduce((sum, { file }) => sum + file.size, 0);
    this.sent = 0;
    this.done = 0;
    this.problems = [];
    this.running = new Set();
    this.state = "sending";
    this.began = performance.now();
  }

  async run() {
    const warn = (event) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    try {
      const first = this.queue[0].name;
      const one = first.includes("/") ? first.split("/")[0] : first.replace(/\.[^.]*$/, "");
      const name = first.includes("/") || this.total === 1 ? one : `${this.total} photos`;
      this.id = (await this.post(`begin?name=${encodeURIComponent(name)}`)).upload;
      await Promise.all(Array.from({ length: PARALLEL }, () => this.sendNext()));
      if (this.state === "cancelled") return;
      this.state = "unpacking";
      this.changed();
      const finished = await this.post(`${this.id}/finish`);
      this.problems.push(...finished.skipped.map((one) => `${one.name}: ${one.detail}`));
      this.files = finished.files;
      this.collection = finished.collection;
      this.state = "done";
    } catch (error) {
      this.problems.push(error.message);
      this.state = this.state === "cancelled" ? "cancelled" : "failed";
    } finally {
      window.removeEventListener("beforeunload", warn);
      this.changed();
    }
  }

  async post(path) {
    const answer = await fetch(`${this.data.base}/upload/${path}`, { method: "POST" });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error);
    return said;
  }

  async sendNext() {
    while (this.queue.length && this.state === "sending") {
      const { file, name } = this.queue.shift();
      const before = this.sent;
      try {
        await this.send(file, name);
      } catch (error) {
        if (this.state === "sending") this.problems.push(`${name}: ${error.message}`);
      }
      this.sent = Math.max(this.sent, before);
      this.done += 1;
      this.changed();
    }
  }

  // XMLHttpRequest tells how much has been sent; fetch does not.
  send(file, name) {
    return new Promise((sent, failed) => {
      const request = new XMLHttpRequest();
      let counted = 0;
      this.running.add(request);
      request.open("POST", `${this.data.base}/upload/${this.id}/file?name=${encodeURIComponent(name)}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.onprogress = (event) => { this.sent += event.loaded - counted; counted = event.loaded; this.changed(); };
      request.onloadend = () => this.running.delete(request);
      request.onerror = () => failed(new Error("the connection broke"));
      request.onabort = () => failed(new Error("cancelled"));
      request.onload = () => {
        if (request.status < 300) return sent();
        let sentence = `the server answered ${request.status}`;
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
    this.drop = node("div", { className: "drop" }, node("p", { className: "big", textContent: "Drop photos, a folder or a zip here" }),
      node("div", { className: "row" }, choose, chooseFolder), this.limits, this.files, this.folder);
    this.words = node("p", { className: "words" });
    this.words.setAttribute("role", "status");
    this.bar = node("progress", { max: 1, value: 0 });
    this.bar.setAttribute("aria-label", "Upload");
    this.problems = node("ul", { className: "problems" });
    this.cancel = node("button", { type: "button", textContent: "Cancel", onclick: () => upload.cancel() });
    this.progress = node("div", { className: "progress", hidden: true }, this.words, this.bar, this.problems, this.cancel);
    this.root = node("div", { className: "upload-zone" }, this.drop, this.progress);
    parent.appendChild(this.root);
    for (const each of [this.files, this.folder])
      each.addEventListener("change", () => {
        this.begin([...each.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
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
    this.tell = (collection) => setStateValue("finished", { collection, at: Date.now() });
    this.limits.textContent = data.limits;
    if (upload) { upload.onChange = () => this.draw(); this.draw(); }
  }

  begin(files) {
    if (!files.length || (upload && ["sending", "unpacking"].includes(upload.state))) return;
    upload = new Upload(this.data, files);
    upload.onChange = () => this.draw();
    if (upload.total) upload.run();
    else { upload.state = "failed"; upload.problems.push("None of these files is a photo or a zip."); }
    this.draw();
  }

  draw() {
    const { state } = upload;
    const busy = state === "sending" || state === "unpacking";
    this.drop.hidden = busy;
    this.progress.hidden = false;
    this.cancel.hidden = state !== "sending";
    this.bar.hidden = !busy;
    if (state === "unpacking") this.bar.removeAttribute("value");
    else this.bar.value = upload.bytes ? upload.sent / upload.bytes : 0;
    const seconds = (performance.now() - upload.began) / 1000;
    const left = upload.sent > 0 ? ((upload.bytes - upload.sent) / upload.sent) * seconds : 0;
    const ignored = upload.ignored ? ` ${upload.ignored} files that are no photos were left out.` : "";
    this.words.textContent = {
      sending: `${upload.done.toLocaleString("en")} of ${upload.total.toLocaleString("en")} files, ${size(upload.sent)} of ${size(upload.bytes)}` +
        (left > 2 ? `, about ${Math.ceil(left)} s left` : "") + ". You may close this window, it goes on.",
      unpacking: "All is there. Unpacking and looking through it…",
      done: `${(upload.files || 0).toLocaleString("en")} photos are uploaded.${ignored}`,
      cancelled: "The upload was cancelled. Nothing of it is kept in the gallery.",
      failed: `The upload did not work.${ignored}`,
    }[state];
    this.problems.replaceChildren(...upload.problems.slice(0, 50).map((text) => node("li", { textContent: text })));
    if (state === "done" && !upload.told && upload.collection) {
      upload.told = true;
      this.tell(upload.collection);
    }
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
