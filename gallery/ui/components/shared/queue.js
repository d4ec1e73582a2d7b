// What a person says by key, sent until the server has acknowledged it.
//
// A value that is set replaces the one before, and several keys may be pressed before the server
// answers once: so all that is not acknowledged travels every time, in order, with its number.
// The server keeps each entry under this queue's name and the entry's number, once and for good.
class Queue {
  constructor(send, onChanged) {
    this.send = send;
    this.onChanged = onChanged;
    this.client = Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join("");
    this.sequence = 0;
    this.acknowledged = 0;
    this.waiting = [];
  }

  // Number an entry and send it with all that wait; returns its number.
  push(entry) {
    const sequence = ++this.sequence;
    this.waiting.push({ sequence, ...entry });
    this.transmit();
    return sequence;
  }

  transmit() {
    clearTimeout(this.retry);
    if (!this.waiting.length) return;
    this.attempt = (this.attempt || 0) + 1;
    this.send({ client: this.client, attempt: this.attempt, entries: this.waiting });
    this.retry = setTimeout(() => this.transmit(), 5000);
  }

  acknowledge(receipts) {
    const upTo = receipts && receipts.client === this.client ? receipts.upto : 0;
    if (upTo <= this.acknowledged) return;
    this.acknowledged = upTo;
    this.waiting = this.waiting.filter((entry) => entry.sequence > upTo);
    if (!this.waiting.length) clearTimeout(this.retry);
  }

  close() {
    clearTimeout(this.retry);
  }
}
