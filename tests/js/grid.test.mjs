// What the grid computes without a page: ranges, words, keys, and which rows are fetched.

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const CLASSES = ["dog", "cat"].map((name) => ({ name, title: name[0].toUpperCase() + name.slice(1) }));
const CONSTANTS = { NOT_TAGGED: {}, KNOWN_CLASSES: [{ name: "fox", title: "Fox" }], OTHER_CLASS: { colour: "grey" } };
const key = (name, more = {}) => ({ key: name, ctrlKey: false, metaKey: false, altKey: false, ...more });

test("a selection travels as ranges, in the order of numbers", () => {
  const { PhotoSelection } = load(["shared/items.js", "photo_grid/selection.js"], ["PhotoSelection"]);
  let changes = 0;
  const chosen = new PhotoSelection(() => { changes++; });
  for (const at of [100, 9, 10, 11]) chosen.toggle(at);
  assert.deepEqual(chosen.ranges(), [[9, 11], [100, 100]]);
  chosen.extend(13);
  assert.deepEqual(chosen.ranges(), [[9, 13], [100, 100]]);
  chosen.toggle(10);
  assert.deepEqual(chosen.ranges(), [[9, 9], [11, 13], [100, 100]]);
  chosen.clear();
  chosen.clear();
  assert.equal(changes, 7);
  chosen.add(0, 99999);
  assert.deepEqual(chosen.ranges(), [[0, 99999]]);
});

const words = () => load(["shared/dom.js", "shared/labels.js", "shared/items.js", "photo_grid/label_keys.js"],
  ["changeInWords", "opinionRows", "labelBindings", "countIn", "percent", "bytes", "digitOf", "runBinding"], CONSTANTS);

test("a change says how many photos it changed, and to what", () => {
  const { changeInWords, countIn } = words();
  assert.equal(changeInWords(CLASSES, "cat", 1041), "1,041 photos set to Cat");
  assert.equal(changeInWords(CLASSES, "fox", 1, "a.jpg"), "a.jpg set to Fox");
  assert.equal(changeInWords(CLASSES, "red_deer", 1), "1 photo set to Red deer");
  assert.equal(changeInWords(CLASSES, null, 2), "2 photos: label removed");
  assert.equal(countIn([[0, 4], [9, 9]]), 6);
});

test("a second opinion is seen beside the label that stands", () => {
  const { opinionRows } = words();
  const said = (label, person) => ({ label, person, made_at: "2026-11-29T21:10:33+00:00" });
  assert.deepEqual(opinionRows(CLASSES, [said("cat", "Ada"), said("dog", "Eve"), said("dog", "Bob")]),
    [["Labelled by", "Bob, 2026-11-29 21:10 UTC"], ["Others", "Eve: Dog too; Ada: Cat"]]);
  assert.deepEqual(opinionRows(CLASSES, []), []);
});

test("certainty alone is 0 or 100 percent", () => {
  const { percent, bytes } = words();
  assert.deepEqual([0, 0.004, 0.004999, 0.5, 0.9949, 0.996, 1].map(percent).map((text) => text.replaceAll("\u202f", " ")),
    ["0 %", "< 1 %", "< 1 %", "50 %", "99 %", "> 99 %", "100 %"]);
  assert.deepEqual([400, 2e5, 3.21e6, 4.5e7].map(bytes).map((text) => text.replace("\u202f", " ")), ["1 kB", "200 kB", "3.2 MB", "45 MB"]);
});

test("each key does what its line in the sheet says, and none with Ctrl held", () => {
  const { labelBindings, runBinding, digitOf } = words();
  const done = [];
  const owner = { data: { classes: CLASSES, beside: [{ name: "blank", title: "Blank" }] },
    label: (name) => done.push(name), undo: () => done.push("undo"), chooseClass: (animal) => done.push(animal ? "animal?" : "any?") };
  const press = (name, more) => runBinding(labelBindings(owner), { ...key(name, more), preventDefault() {}, stopPropagation() {} });
  for (const name of ["1", "2", "b", "/", "x", "Backspace"]) assert.equal(press(name), true, name);
  assert.equal(press("3"), false);  // a model of two classes
  assert.equal(press("1", { ctrlKey: true }), false);
  press("z", { ctrlKey: true });
  assert.deepEqual(done, ["dog", "cat", "blank", "any?", "animal?", null, "undo"]);
  assert.equal(digitOf(key("0")), 9);
});

test("rows are fetched by pages, once, and those of unread files take no label", async () => {
  const asked = [];
  const fetch = async (url) => {
    asked.push(url);
    const page = Number(url.split("/").at(-1));
    return { ok: true, json: async () => ({ items: [0, 1, 2].map((at) => [3 * page + at, at === 1 ? null : "p", "n", "", null, "", 0.5, "dog", null, null]) }) };
  };
  const { Items } = load(["shared/dom.js", "shared/items.js"], ["Items"], { fetch });
  const labels = { acknowledged: 0, settle() {}, shown: (item) => item };
  const items = new Items("/g", { token: "t", count: 8, page_size: 3 }, labels, () => {});
  items.fetchAll(-5, 4);
  items.fetchAll(0, 4);
  await new Promise(setImmediate);
  assert.deepEqual(asked, ["/g/grid/t/0", "/g/grid/t/1"]);
  assert.deepEqual(items.read([[0, 5]]), [[0, 0], [2, 3], [5, 5]]);
  assert.deepEqual(items.files([[1, 3]]), [1, 2, 3]);
  assert.equal(items.at(7), null);
  items.close();
});

test("a stack stands for all its photos, and has a label once all of them have it", async () => {
  const rows = [[1, "p", "n", "", "cat", "model", 0.5, "cat", null, null, false, [1, 2, 3], 1], [4, "p", "n", "", "dog", "model", 0.9, "dog", null, null, false]];
  const fetch = async (url) => ({ ok: true, json: async () => (url.endsWith("/files") ? [[1, 2, 3], [4], [5, 6]] : { items: rows }) });
  const { Items, LabelQueue } = load(["shared/dom.js", "shared/queue.js", "shared/items.js", "photo_grid/label_queue.js"], ["Items", "LabelQueue"],
    { fetch, window: { addEventListener() {} }, localStorage: { getItem: () => null, setItem() {} } });
  const labels = new LabelQueue(() => {}, () => {});
  const items = new Items("/g", { token: "t", count: 3, page_size: 2 }, labels, () => {});
  items.fetchAll(0, 1);
  await new Promise(setImmediate);
  assert.deepEqual(items.files([[0, 1]]), [1, 2, 3, 4]);
  assert.deepEqual([items.knows([[0, 1]]), items.knows([[1, 2]])], [true, false]);
  await items.fetchFiles();
  assert.deepEqual(items.files([[1, 2]]), [4, 5, 6]);
  labels.overlaid.set(1, { sequence: 1, said: "fox" });
  assert.deepEqual([items.at(0).label, items.at(0).dissenting], ["cat", 1]);
  for (const id of [2, 3]) labels.overlaid.set(id, { sequence: 1, said: "fox" });
  assert.deepEqual([items.at(0).label, items.at(0).source, items.at(0).dissenting], ["fox", "person", 0]);
  for (const id of [1, 2, 3]) labels.overlaid.set(id, { sequence: 2, said: null });
  assert.deepEqual([items.at(0).label, items.at(0).source], ["cat", "model"]);
  items.close();
});

test("what is under the pointer stays there while the photo grows", () => {
  const { Zoom } = load(["photo_grid/zoom.js"], ["Zoom"]);
  const stage = { addEventListener() {}, getBoundingClientRect: () => ({ left: 0, top: 0, width: 400, height: 200 }), classList: { toggle() {} } };
  const zoom = new Zoom(stage, { style: {} }, () => {});
  zoom.by(2, { clientX: 300, clientY: 100 });  // 100 px right of the middle
  assert.deepEqual([zoom.scale, zoom.x, zoom.y], [2, -100, 0]);
  zoom.by(100);
  assert.equal(zoom.scale, 8);
  zoom.by(0.01);
  assert.deepEqual([zoom.scale, zoom.x, zoom.y, zoom.isOn], [1, 0, 0, false]);
});
