// @ts-check
// Streamlit calls this whenever Python sends something; the panel itself stays.

const panels = new WeakMap();

export default function (component) {
  let panel = panels.get(component.parentElement);
  if (!panel) {
    panel = new VerdictPanel(component.parentElement, component);
    panels.set(component.parentElement, panel);
  }
  panel.take(component);
  // Streamlit also calls this for a call that a newer one has overtaken; the panel goes only with its element.
  return () => setTimeout(() => {
    if (panel.root.isConnected) return;
    panel.dispose();
    panels.delete(component.parentElement);
  }, 50);
}
