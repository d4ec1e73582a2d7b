// @ts-check
// A row of buttons of which one is chosen: tabs or pills. Arrow keys lead from one to the next, Enter chooses.
// Buttons are changed in place: one that is replaced between press and release would lose its click.

const rows = new WeakMap();

const ROLES = { tabs: ["tablist", "tab", "aria-selected"], pills: ["radiogroup", "radio", "aria-checked"] };

const put = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

class Row {
  constructor(parent, look) {
    const [group, role, mark] = ROLES[look];
    Object.assign(this, { role, mark });
    this.label = document.createElement("div");
    this.label.className = "label";
    this.label.hidden = look === "tabs";
    this.label.setAttribute("aria-hidden", "true"); // the row carries it
    this.node = document.createElement("div");
    this.node.className = `row ${look}`;
    this.node.setAttribute("role", group);
    this.node.onkeydown = (event) => this.walk(event);
    parent.append(this.label, this.node);
  }

  button() {
    const button = document.createElement("button"), icon = document.createElement("img");
    icon.alt = "";
    button.append(icon, document.createElement("span"));
    button.type = "button";
    button.setAttribute("role", this.role);
    button.onclick = () => {
      this.choose(button);
      this.text = null; // the answer counts, also one that chooses otherwise
      // a state, not a trigger: a trigger is lost when the page refreshes itself at the same moment
      this.send("choice", { value: button.dataset.value, at: Date.now() });
    };
    return button;
  }

  choose(chosen) {
    for (const button of this.node.children) {
      button.setAttribute(this.mark, button === chosen);
      button.tabIndex = button === chosen ? 0 : -1;
    }
  }

  walk(event) {
    const buttons = [...this.node.children];
    const at = buttons.indexOf(event.target);
    const places = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 };
    if (at < 0 || !(event.key in places) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    buttons[(places[event.key] + buttons.length) % buttons.length].focus();
  }

  take({ data, setStateValue }) {
    this.send = setStateValue;
    const text = JSON.stringify(data);
    if (text === this.text) return;
    this.text = text;
    put(this.label, data.label);
    this.node.setAttribute("aria-label", data.label);
    while (this.node.children.length > data.choices.length) this.node.lastChild.remove();
    while (this.node.children.length < data.choices.length) this.node.append(this.button());
    data.choices.forEach(({ value, label, icon }, k) => {
      const button = this.node.children[k];
      button.dataset.value = value;
      const [picture, words] = button.children;
      picture.hidden = !icon;
      if (icon && picture.getAttribute("src") !== icon) picture.src = icon;
      put(words, label);
    });
    const chosen = data.choices.findIndex(({ value }) => value === data.chosen);
    this.choose(this.node.children[Math.max(0, chosen)]);
  }
}

export default function (component) {
  let row = rows.get(component.parentElement);
  if (!row) {
    row = new Row(component.parentElement, component.data.look);
    rows.set(component.parentElement, row);
  }
  row.take(component);
}
