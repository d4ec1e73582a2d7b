// @ts-check
// Streamlit calls this whenever Python sends something; the grid itself stays.

const grids = new WeakMap();

export default function (component) {
  let grid = grids.get(component.parentElement);
  if (!grid) {
    grid = new Grid(component.parentElement, component);
    grids.set(component.parentElement, grid);
  }
  grid.take(component);
  // Streamlit also calls this for a call that a newer one has overtaken; the grid goes only with its element.
  return () => setTimeout(() => {
    if (grid.root.isConnected) return;
    grid.dispose();
    grids.delete(component.parentElement);
  }, 50);
}
