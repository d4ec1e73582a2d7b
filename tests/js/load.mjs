// The scripts of components are put together from their files; a test takes names out of the same text.

import { readFileSync } from "node:fs";

const COMPONENTS = new URL("../../gallery/ui/components/", import.meta.url);

/**
 * Run files in a scope of their own and return what they define.
 * @param {string[]} paths below the components' folder, in the order that the component states
 * @param {string[]} names that the files define
 * @param {Record<string, unknown>} given what the browser or the component's constants would define
 * @returns {Record<string, any>}
 */
export const load = (paths, names, given = {}) => {
  const text = paths.map((path) => readFileSync(new URL(path, COMPONENTS), "utf8")).join("\n");
  return new Function(...Object.keys(given), `${text}\nreturn { ${names.join(", ")} };`)(...Object.values(given));
};
