// @ts-check
// Asks every two seconds whether anybody has changed anything, so that one page sees what another one sets.

const WATCH_MS = 2000;

class Watch {
  constructor(grid) {
    this.grid = grid;
    this.timer = setInterval(() => this.ask(), WATCH_MS);
    this.onSeen = () => this.ask();
    document.addEventListener("visibilitychange", this.onSeen);
  }

  async ask() {
    const { data, labels } = this.grid;
    if (!data || document.hidden || this.asking) return;
    this.asking = true;
    try {
      const { revision } = await (await fetch(`${data.base}/revision`)).json();
      labels.flush(); // what waits, here or left by a page that was closed
      this.grid.large.askAgain();
      if (!data.live) this.grid.learn(revision);
    } catch {
      // the server is away: what is not sent says so
    } finally {
      this.asking = false;
    }
  }

  close() {
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.onSeen);
  }
}
