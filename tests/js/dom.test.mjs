// What components are made of: elements stay the same while what is said of them changes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

// As much of a browser's elements as the scripts use to change them.
class Node {
  static TEXT_NODE = 3;
  childNodes = [];
  attributes = {};
  variables = {};
  moves = 0;
  style = { setProperty: (name, value) => { this.variables[name] = value; } };

  constructor(tag, data) { Object.assign(this, data === undefined ? { tag, nodeType: 1 } : { nodeType: Node.TEXT_NODE, data }); }
  setAttribute(name, value) { this.attributes[name] = String(value); }
  removeAttribute(name) { delete this.attributes[name]; }
  remove() { this.parent.childNodes = this.parent.childNodes.filter((one) => one !== this); }
  insertBefore(one, next) {
    if (one.parent) one.remove();
    one.parent = this;
    one.moves++;
    this.childNodes.splice(next ? this.childNodes.indexOf(next) : this.childNodes.length, 0, one);
  }
  get words() { return this.data ?? this.childNodes.map((one) => one.words).join(" "); }
}

const document = { createElement: (tag) => new Node(tag), createTextNode: (text) => new Node("", String(text)) };
const dom = (more = {}) => load(["shared/dom.js"], ["el", "put", "make", "mounted", "ask"], { document, Node, ...more });

test("an element of the same key stays the same, wherever it goes and whatever is said of it", () => {
  const { el, put, make } = dom();
  const list = (...names) => names.map((name) => el("li", { key: name, class: name }, `${name}!`));
  const node = make("ul", {}, list("a", "b", "c"));
  const [, b, c] = node.childNodes;
  put(node, {}, list("b", "new", "c"));
  assert.equal(node.words, "b! new! c!");
  assert.deepEqual([node.childNodes[0], node.childNodes[2]], [b, c]);
  assert.deepEqual([b.moves, c.moves], [1, 1]); // they were not even moved, so that focus and a press stay
});

test("what is not said any more is taken back, and a node of one's own is left as it is", () => {
  const { el, put, make } = dom();
  const own = make("input", { class: "own" });
  const node = make("div", {}, el("p", { title: "long", "aria-pressed": false, "--share": "5%", text: "one" }), own);
  const [paragraph] = node.childNodes;
  assert.deepEqual(paragraph.attributes, { title: "long", "aria-pressed": "false" });
  put(node, {}, null, el("p", { hidden: null }), own);
  assert.equal(node.childNodes[0], paragraph);
  assert.deepEqual([paragraph.attributes, paragraph.variables, paragraph.words], [{}, { "--share": null }, ""]);
  put(node, {}, el("input", {}), own); // not the one at its place: that is somebody's own
  assert.deepEqual([node.childNodes.length, node.childNodes[1]], [2, own]);
  put(node, { class: "other" });
  assert.equal(node.childNodes.length, 2); // without children, what is in it stays
});

test("a component stays with its place, and ends only once that is gone", async () => {
  const { mounted } = dom({ setTimeout: (act) => act() });
  const done = [];
  const run = mounted(class {
    root = { isConnected: true };

    take({ data }) { done.push(data); }

    dispose() { done.push("end"); }
  });
  const place = { parentElement: {} };
  const end = run({ ...place, data: 1 });
  end();
  run({ ...place, data: 2 });
  assert.deepEqual(done, [1, 2]);
});

test("a refusal is told in the server's own sentence", async () => {
  const answers = [{ ok: true, json: async () => [1] }, { ok: false, status: 400, json: async () => ({ error: "no such folder" }) },
    { ok: false, status: 502, json: async () => { throw new SyntaxError("<html>"); } }];
  const { ask } = dom({ fetch: async () => answers.shift() });
  assert.deepEqual(await ask("/x"), [1]);
  await assert.rejects(ask("/x"), { message: "no such folder", status: 400 });
  await assert.rejects(ask("/x"), { message: "The server answered 502.", status: 502 });
});
