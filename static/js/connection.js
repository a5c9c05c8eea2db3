// One batch's live connection: a socket that resumes from the last revision; polling while sockets do not get through.
// It only ever says two things: `onData(data)`, the state now, and `onState(state, seconds)`, how it knows.
const SILENCE = 8000; // the server speaks every 2.5 s while a batch is active
const POLL = 2000;
const PATIENCE = 3; // failed sockets before polling
const LONGEST = 30;

export class Connection {
  #failures = 0;
  #polling = false;
  #stopped = false;

  // { socketUrl…since=, pollUrl, rev, onData, onState }
  constructor(wiring) {
    Object.assign(this, wiring);
    addEventListener("online", () => this.#stopped || this.socket?.readyState === WebSocket.OPEN || this.#open());
    addEventListener("offline", () => this.onState("offline"));
  }

  start() {
    this.#stopped = false;
    this.#open();
  }

  stop() {
    this.#stopped = true;
    this.#polling = false;
    clearTimeout(this.retry);
    clearTimeout(this.watch);
    clearInterval(this.countdown);
    this.socket?.close();
  }

  #open() {
    clearTimeout(this.retry);
    clearInterval(this.countdown);
    const url = new URL(this.socketUrl + this.rev, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.socket = socket;
    this.#expect(socket);
    socket.addEventListener("message", (event) => {
      const message = JSON.parse(event.data);
      if (this.#stopped || message.type !== "batch_progress") return;
      this.#failures = 0;
      this.#polling = false;
      this.#expect(socket);
      this.onState("live");
      this.#take(message.data);
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.socket) this.#closed(event.code);
    });
  }

  #expect(socket) {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => {
      if (socket !== this.socket) return;
      this.socket = null;
      socket.close();
      this.#closed(0);
    }, SILENCE);
  }

  #closed(code) {
    clearTimeout(this.watch);
    if (this.#stopped) return;
    if (code === 4401) return this.#refused("logged-out");
    if (code === 4404) return this.#refused("gone");
    this.#failures += 1;
    const seconds = Math.ceil(Math.min(LONGEST, 2 ** (this.#failures - 1)) * (0.75 + Math.random() / 2));
    this.retry = setTimeout(() => this.#open(), seconds * 1000);
    if (this.#failures >= PATIENCE) this.#startPolling();
    else this.#count(seconds);
  }

  #count(seconds) {
    let left = seconds;
    const tell = () => this.onState(navigator.onLine ? "reconnecting" : "offline", left);
    tell();
    this.countdown = setInterval(() => {
      left -= 1;
      if (left > 0) tell();
      else clearInterval(this.countdown);
    }, 1000);
  }

  async #startPolling() {
    if (this.#polling) return;
    this.#polling = true;
    while (this.#polling) {
      await this.#poll();
      await new Promise((done) => setTimeout(done, POLL));
    }
  }

  async #poll() {
    try {
      const answer = await fetch(`${this.pollUrl}?since=${this.rev}`, { signal: AbortSignal.timeout(SILENCE) });
      if (!this.#polling) return;
      if (answer.status === 404) return this.#refused("gone");
      if ([401, 403].includes(answer.status)) return this.#refused("logged-out");
      if (!answer.ok) throw new Error(answer.statusText);
      const data = await answer.json();
      if (!this.#polling) return;
      this.onState("polling");
      this.#take(data);
    } catch {
      if (this.#polling) this.onState("offline");
    }
  }

  #take(data) {
    this.rev = data.rev;
    this.onData(data);
  }

  #refused(state) {
    this.stop();
    this.onState(state);
  }
}
