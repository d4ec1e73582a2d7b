// The queue of labels: nothing that was pressed is lost, twice kept, or sent to another catalog.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { load } from "./load.mjs";

const CATALOG = "c1";
let store, server, beacons, window;

const browser = () => ({
  localStorage: new Proxy({
    getItem: (key) => store.get(key) ?? null,
    setItem: (key, value) => store.set(key, value),
    removeItem: (key) => store.delete(key),
  }, { ownKeys: () => [...store.keys()], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) }),
  document: { get cookie() { return "gallery_person=Ada%20L"; }, set cookie(_one) {} },
  window,
  navigator: { sendBeacon: (_url, blob) => beacons.push(blob) },
  fetch: async (url, request) => server(url, JSON.parse(request.body)),
});

// Every entry is kept, each once, in the order in which it came.
const keeping = (kept) => async (_url, { client, entries }) => {
  for (const one of entries) if (!kept.some((old) => old.client === client && old.sequence === one.sequence)) kept.push({ client, ...one });
  return { ok: true, json: async () => ({ upto: entries.at(-1).sequence, answers: {}, revision: kept.length }) };
};
const away = async () => { throw new TypeError("Failed to fetch"); };
const queueOf = (heard = () => {}) => new (load(["shared/dom.js", "shared/queue.js"], ["Queue"], browser()).Queue)("label", () => {}, heard);
const turns = async (count = 20) => { for (let at = 0; at < count; at++) await Promise.resolve(); };

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  [store, beacons, window] = [new Map(), [], { addEventListener() {}, removeEventListener() {} }];
});
afterEach(() => mock.timers.reset());

test("sixty keys arrive in their order, with the person's name", async () => {
  const kept = [];
  server = keeping(kept);
  const queue = queueOf();
  queue.take({ base: "/g", catalog: CATALOG });
  for (let at = 0; at < 60; at++) queue.push({ label: `l${at}` });
  await turns(200);
  assert.deepEqual(kept.map((one) => one.label), Array.from({ length: 60 }, (_, at) => `l${at}`));
  assert.equal(kept[0].person, "Ada L");
  assert.equal([...store.keys()].filter((key) => key.startsWith("gallery.unsent")).length, 0);
});

test("what a dead server has not taken is said, kept through a reload, and sent by the next page", async () => {
  server = away;
  const queue = queueOf();
  queue.take({ base: "/g", catalog: CATALOG });
  queue.push({ label: "dog" });
  queue.push({ label: "cat" });
  await turns();
  assert.equal(queue.unsentWords("label"), "2 labels not sent yet");
  const kept = [];
  server = keeping(kept);
  mock.timers.tick(3001);  // the old page is gone without a word
  const next = queueOf();
  next.take({ base: "/g", catalog: CATALOG });
  await turns(60);
  assert.deepEqual(kept.map((one) => one.label).slice(0, 2), ["dog", "cat"]);
});

test("labels wait for the catalog they are of", async () => {
  server = away;
  const queue = queueOf();
  queue.take({ base: "/g", catalog: CATALOG });
  queue.push({ label: "dog" });
  await turns();
  const kept = [];
  server = keeping(kept);
  queue.take({ base: "/g", catalog: "another" });
  mock.timers.tick(4000);
  await turns(60);
  assert.deepEqual(kept, []);
  queue.take({ base: "/g", catalog: CATALOG });
  mock.timers.tick(4000);
  await queue.flush();
  await turns(60);
  assert.deepEqual(kept.map((one) => one.label), ["dog"]);
});

test("a page that goes sends by beacon, and forgets nothing before the answer", async () => {
  server = () => new Promise(() => {});
  const queue = queueOf();
  queue.take({ base: "/g", catalog: CATALOG });
  queue.push({ label: "dog" });
  queue.leave();
  assert.equal(JSON.parse(await beacons[0].text()).entries[0].label, "dog");
  assert.equal([...store.keys()].filter((key) => key.startsWith("gallery.unsent")).length, 1);
});

test("a refused label is told", async () => {
  const told = [];
  server = async (_url, { entries }) => ({
    ok: true, json: async () => ({ upto: entries.at(-1).sequence, answers: { 1: { problem: "no such photo" } }, revision: 1 }) });
  const queue = queueOf((_receipt, problem) => told.push(problem));
  queue.take({ base: "/g", catalog: CATALOG });
  queue.push({ label: "dog" });
  await turns();
  assert.deepEqual(told, ["Not kept: no such photo"]);
});
