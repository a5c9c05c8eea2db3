// One batch's live connection: a socket that resumes from the last revision; polling while sockets do not get through.
// It only ever says two things: `onData(data)`, the state now, and `onState(state, seconds)`, how it knows.
const SILENCE = 8000; // the server speaks every 2.5 s while a batch is active
const POLL = 2000;
const PATIENCE = 3; // failed sockets before polling
const LONGEST = 30;

// `socket` is an address that ends in "since=". Answers { start, stop }.
export function connect({ socket: address, poll: pollAddress, rev }, onData, onState) {
  let failures = 0;
  let polling = false;
  let stopped = true;
  let socket, retry, watch, countdown;

  function open() {
    clearTimeout(retry);
    clearInterval(countdown);
    const url = new URL(address + rev, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const [old, mine] = [socket, new WebSocket(url)];
    socket = mine;
    old?.close();
    expect();
    mine.onmessage = (event) => {
      const { type, data } = JSON.parse(event.data);
      if (stopped || mine !== socket || type !== "batch_progress") return;
      failures = 0;
      polling = false;
      expect();
      take("live", data);
    };
    mine.onclose = (event) => mine === socket && closed(event.code);
  }

  function expect() {
    clearTimeout(watch);
    watch = setTimeout(() => {
      const silent = socket;
      socket = null;
      silent.close();
      closed();
    }, SILENCE);
  }

  function closed(code) {
    clearTimeout(watch);
    if (stopped) return;
    if (code === 4401 || code === 4404) return refused(code - 4000);
    failures += 1;
    const seconds = Math.ceil(Math.min(LONGEST, 2 ** (failures - 1)) * (0.75 + Math.random() / 2));
    retry = setTimeout(open, seconds * 1000);
    if (failures < PATIENCE) count(seconds);
    else if (!polling) pollOn();
  }

  function count(left) {
    const tell = () => left > 0 && onState(navigator.onLine ? "reconnecting" : "offline", left--);
    countdown = setInterval(tell, 1000);
    tell();
  }

  async function pollOn() {
    polling = true;
    while (polling) {
      await poll().catch(() => polling && onState("offline"));
      await new Promise((done) => setTimeout(done, POLL));
    }
  }

  async function poll() {
    const answer = await fetch(`${pollAddress}?since=${rev}`, { signal: AbortSignal.timeout(SILENCE) });
    if (polling && [401, 403, 404].includes(answer.status)) return refused(answer.status);
    if (!answer.ok) throw answer;
    const data = await answer.json();
    if (polling) take("polling", data);
  }

  function take(state, data) {
    rev = data.rev;
    onState(state);
    onData(data);
  }

  function refused(status) {
    stop();
    onState(status === 404 ? "gone" : "logged-out");
  }

  function start() {
    stopped = false;
    open();
  }

  function stop() {
    stopped = true;
    polling = false;
    [retry, watch, countdown].forEach(clearTimeout);
    socket?.close();
  }

  addEventListener("online", () => stopped || socket?.readyState === WebSocket.OPEN || open());
  addEventListener("offline", () => stopped || onState("offline"));
  return { start, stop };
}
