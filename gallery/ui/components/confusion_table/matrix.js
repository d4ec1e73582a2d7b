// @ts-check
// The confusion matrix as a table. Every number is a button; the sums and the names stand for a whole class.
// The buttons stay the same nodes as long as the classes do, so that no click is lost and focus stays.

const matrices = new WeakMap();

const FEW = "Few photos: the numbers of this class are rough guesses";

const element = (tag, name, ...children) => {
  const node = document.createElement(tag);
  node.className = name;
  node.append(...children);
  return node;
};

const put = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

class Matrix {
  constructor(parent) {
    this.tip = element("div", "tip", element("span", ""), element("b", ""), element("span", ""), element("span", ""));
    this.tip.setAttribute("aria-hidden", "true"); // the cells' own labels say the same
    this.tip.hidden = true;
    this.escape = (event) => event.key === "Escape" && this.point(null);
    this.node = element("div", "matrix");
    parent.appendChild(this.node);
  }

  // The table for some classes, empty. places[0] and places[r][0] are the names, the corner has none.
  build(names, clickable) {
    const name = (one, at, scope) => {
      const target = this.target("name", at, clickable);
      if (one.icon) {
        const icon = element("img", "icon");
        icon.alt = "";
        icon.src = one.icon;
        target.append(icon);
      }
      target.append(element("span", "title", one.title));
      const head = element("th", scope, target);
      head.scope = scope;
      head.setAttribute("aria-label", one.title); // else it is read with the target's number
      return [head, target];
    };
    const last = names.length - 1;
    const corner = element("td", "corner", element("span", "", "predicted →"), element("span", "", "true class ↓"));
    const columns = names.map((one, j) => name(one, [last, j], "col"));
    this.places = [[null, ...columns.map(([, target]) => target)]];
    const rows = names.map((one, i) => {
      const [head, target] = name(one, [i, last], "row");
      const targets = names.map((_, j) => this.target("cell", [i, j], clickable));
      this.places.push([target, ...targets]);
      return element("tr", "", head, ...targets.map((cell) => element("td", "", cell)));
    });
    const table = element(
      "table", clickable ? "targets" : "",
      element("thead", "", element("tr", "", corner, ...columns.map(([head]) => head))),
      element("tbody", "", ...rows),
    );
    table.setAttribute("aria-label", "Confusion matrix: a row is the true class, a column the predicted class");
    if (clickable) {
      table.setAttribute("role", "grid"); // arrow keys walk over it
      table.onkeydown = (event) => this.walk(event);
    }
    this.point(null);
    this.node.style.setProperty("--count", names.length);
    this.node.replaceChildren(table, this.tip);
    this.focusable = null;
    this.built = JSON.stringify([names, clickable]);
  }

  target(kind, at, clickable) {
    const target = element(clickable ? "button" : "span", kind);
    target.onpointerenter = () => this.point(target);
    target.onpointerleave = () => this.point(null);
    if (!clickable) return target;
    target.type = "button";
    target.tabIndex = -1;
    target.onclick = () => this.choose(at);
    target.onfocus = () => this.point(target.matches(":focus-visible") ? target : null);
    target.onblur = () => this.point(null);
    return target;
  }

  choose(at) {
    this.frame(at);
    // a state, not a trigger: a trigger is lost when the page refreshes itself at the same moment
    this.send("cell", { place: at, at: Date.now() });
  }

  // Frame the chosen cell; it is the one that the Tab key leads to.
  frame(at) {
    const chosen = at && this.places[at[0] + 1][at[1] + 1];
    for (const row of this.places.slice(1)) {
      for (const target of row.slice(1)) {
        if (target === chosen) target.setAttribute("aria-current", "true");
        else target.removeAttribute("aria-current");
      }
    }
    this.lead(chosen || this.places[1][1]);
  }

  lead(target) {
    if (this.focusable) this.focusable.tabIndex = -1;
    this.focusable = target;
    target.tabIndex = 0;
  }

  walk(event) {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const active = this.node.getRootNode().activeElement;
    const row = this.places.findIndex((targets) => targets.includes(active));
    if (row < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const column = this.places[row].indexOf(active);
    let next;
    if (steps[event.key]) next = this.places[row + steps[event.key][0]]?.[column + steps[event.key][1]];
    else if (event.key === "Home") next = this.places[row].find(Boolean);
    else if (event.key === "End") next = this.places[row].at(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (!next) return;
    this.lead(next);
    next.focus();
  }

  // Say beside a cell or a name what it counts.
  point(target) {
    this.pointed = target;
    this.tip.hidden = !target;
    if (!target) return document.removeEventListener("keydown", this.escape);
    document.addEventListener("keydown", this.escape); // the pointer may be here and the focus elsewhere
    const [what, many, few, promise] = this.tip.children;
    put(what, target.dataset.what);
    put(many, target.dataset.many);
    put(few, target.dataset.few ? FEW : "");
    put(promise, target.type === "button" ? "Click to see them" : "");
    const around = this.node.getBoundingClientRect();
    const at = target.getBoundingClientRect();
    const scrolled = this.node.scrollLeft;
    const middle = at.left + at.width / 2 - around.left - this.tip.offsetWidth / 2;
    const above = at.top - around.top - this.tip.offsetHeight - 6;
    this.tip.style.left = `${scrolled + Math.max(0, Math.min(middle, around.width - this.tip.offsetWidth))}px`;
    this.tip.style.top = `${above >= 0 ? above : at.bottom - around.top + 6}px`;
  }

  take({ data, setStateValue }) {
    this.send = setStateValue;
    if (this.built !== JSON.stringify([data.names, data.clickable])) this.build(data.names, data.clickable);
    const last = data.names.length - 1;
    const tell = (target, { what, many }, few) => {
      target.dataset.what = what;
      target.dataset.many = many;
      target.dataset.few = few ? "yes" : "";
      if (target.type === "button") target.setAttribute("aria-label", `${what}: ${many}${few ? `. ${FEW}` : ""}`);
    };
    data.cells.forEach((cells, i) => {
      tell(this.places[i + 1][0], cells[last], data.few[i]);
      tell(this.places[0][i + 1], data.cells[last][i], false);
      cells.forEach((cell, j) => {
        const target = this.places[i + 1][j + 1];
        put(target, cell.text);
        target.style.background = cell.fill;
        target.style.color = cell.ink;
        tell(target, cell, j === last && data.few[i]);
      });
    });
    // as wide as the longest number, so that none is cut
    const longest = Math.max(...data.cells.flat().map((cell) => cell.text.length)) + (data.few.some(Boolean) ? 1 : 0);
    this.node.style.setProperty("--cell", `calc(${longest}ch + 4px)`);
    if (data.clickable) this.frame(data.chosen);
    this.point(this.pointed); // its number may have changed
  }
}

export default function (component) {
  let matrix = matrices.get(component.parentElement);
  if (!matrix) {
    matrix = new Matrix(component.parentElement);
    matrices.set(component.parentElement, matrix);
  }
  matrix.take(component);
}
