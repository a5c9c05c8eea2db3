// The page of one batch, kept up to date in place. The server renders every part; this only changes what has changed.
import { Connection } from "./connection.js";
import { estimate } from "./estimate.js";
import { byId, fill, refresh } from "./site.js";

const live = byId("live");
const { live: words, stages, statuses } = JSON.parse(live.dataset.words);
const number = new Intl.NumberFormat(document.documentElement.lang);
const KINDS = { reconnecting: "connecting", gone: "offline", "logged-out": "offline" };
const ANNOUNCE = 10_000;
const REFRESH = 1500;

const text = (node, words) => {
  if (node && node.textContent !== words) node.textContent = words;
};
const attributes = (node, values) => {
  for (const [name, value] of Object.entries(values)) node.setAttribute(name, value);
};

// -- the connection

const say = (id, words) => text(byId(id), words);

function showState(state, seconds) {
  byId("connection").className = `state ${KINDS[state] ?? state}`;
  say("connection", fill(words[state], { seconds }));
}

// -- the state

function showCounts(progress) {
  const counts = { ...progress, ended: progress.completed + progress.failed };
  for (const node of live.querySelectorAll("[data-count]")) text(node, number.format(counts[node.dataset.count] ?? 0));
  for (const node of live.querySelectorAll("[data-if]")) {
    node.hidden = !counts[node.dataset.if] && !node.hasAttribute("aria-current");
  }
  say("percent", String(Math.floor(progress.percentage)));
  const meter = live.querySelector(".meter");
  attributes(meter, { "aria-valuenow": progress.percentage, viewBox: `0 0 ${progress.total || 1} 1` });
  attributes(meter.querySelector(".done"), { width: progress.completed });
  attributes(meter.querySelector(".lost"), { x: progress.completed, width: progress.failed });
  attributes(meter.querySelector(".now"), { x: counts.ended, width: progress.processing });
}

function showTitle(percentage, active) {
  const whole = Math.floor(percentage);
  document.title = `${active ? `${whole}%` : "✓"} · ${live.dataset.name} · YouTube Summarizer`;
  const svg = fill(byId(active ? "ring" : "tick").innerHTML, { percent: whole });
  const [icon, href] = [document.querySelector("link[rel=icon]"), `data:image/svg+xml,${encodeURIComponent(svg)}`];
  if (icon.href !== href) icon.href = href;
}

function wait(moment) {
  const seconds = Math.ceil((new Date(moment) - Date.now()) / 1000);
  if (!moment || !(seconds > 0)) return "";
  if (seconds < 90) return fill(words.in_seconds, { number: seconds });
  if (seconds < 7200) return fill(words.in_minutes, { number: Math.round(seconds / 60) });
  return fill(words.in_hours, { number: Math.round(seconds / 3600) });
}

function nowLine(data) {
  if (data.waiting) {
    const when = wait(data.waiting.until);
    return when ? `${data.waiting.reason} ${fill(words.again, { when })}` : data.waiting.reason;
  }
  const item = data.current_item;
  if (!item) return "";
  const others = data.progress.processing - 1;
  const line = fill(words.now, { title: item.video_title, stage: stages[item.stage] ?? stages.starting });
  return others > 0 ? `${line} ${fill(words.others, { number: number.format(others) })}` : line;
}

// -- the rows

function note(item) {
  if (item.status === "processing") return stages[item.stage] ?? stages.starting;
  if (item.status === "failed") return item.error_message ?? "";
  const when = item.status === "pending" && wait(item.not_before);
  return when ? `${item.error_message ?? ""} ${fill(words.again, { when })}`.trim() : (item.channel ?? "");
}

function clock(seconds) {
  if (seconds === null) return "";
  const whole = Math.floor(seconds);
  const two = (value) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function showRow(item) {
  const row = byId(`item-${item.id}`);
  if (!row) return;
  row.className = `row ${item.status}`;
  const title = row.querySelector(".title");
  text(title, item.video_title);
  if (item.summary_id) title.href = `/summaries/${item.summary_id}`;
  else title.removeAttribute("href");
  text(row.querySelector(".sub"), note(item));
  text(row.querySelector(".length"), clock(item.duration));
  row.querySelector("button").hidden = item.status !== "failed";
  const state = row.querySelector(".state");
  state.className = `state ${item.status}`;
  text(state, statuses[item.status]);
}

// -- what the server words: actions, causes, and rows after a gap

let refreshing = 0;
let shape = live.dataset.shape;

function refreshWhenReshaped(data) {
  const { failed, cancelled, total, lists } = data.progress;
  const next = [data.status, failed, cancelled, Boolean(data.export_url), data.stop_message, total, lists].join("/");
  if (next !== shape || data.more) scheduleRefresh(data.more || data.expansions[0]);
  shape = next;
}

let rowsToo = false;
function scheduleRefresh(rows) {
  rowsToo ||= Boolean(rows);
  if (refreshing) return;
  refreshing = setTimeout(async () => {
    const parts = ["panel", "lists", "causes", "left", rowsToo && "rows"];
    rowsToo = false;
    try {
      await refresh(parts);
      offerNotification();
    } catch {
      // The next change asks again.
      shape = "?";
    }
    refreshing = 0;
  }, REFRESH);
}

function showStale(progress) {
  const show = new URLSearchParams(location.search).get("show");
  if (!show) return;
  initial ??= progress[show];
  if (progress[show] !== initial) byId("stale").hidden = false;
}
let initial;

// -- telling people who do not look

let ended = false;
let announced = Date.now();
const inWords = (progress) => fill(words.progress, { ...progress, ended: progress.completed + progress.failed });
function announce(progress, active) {
  const now = Date.now();
  if (active && now - announced < ANNOUNCE) return;
  announced = now;
  say("announcer", `${active ? "" : `${words.ended} `}${inWords(progress)}`);
}

function offerNotification() {
  const button = byId("notify");
  if (window.Notification?.permission !== "default" || !button || ended) return;
  button.hidden = false;
  button.onclick = async () => {
    await Notification.requestPermission();
    button.hidden = true;
  };
}

function notifyDone(progress) {
  if (window.Notification?.permission !== "granted" || !document.hidden) return;
  new Notification(live.dataset.name, { body: inWords(progress), tag: live.dataset.id });
}

// -- all of it

const left = estimate(words);
let latest;

function show(data) {
  latest = data;
  const active = data.status === "pending" || data.status === "processing";
  showCounts(data.progress);
  showTitle(data.progress.percentage, active);
  say("now", nowLine(data));
  byId("now").classList.toggle("waiting", Boolean(data.waiting));
  say("estimate", active ? left(data.progress) : "");
  data.items?.forEach(showRow);
  showStale(data.progress);
  refreshWhenReshaped(data);
  announce(data.progress, active);
  if (active) return;
  ended = true;
  connection.stop();
  showState(data.stop_message ? "stopped" : data.status);
  notifyDone(data.progress);
  byId("notify")?.setAttribute("hidden", "");
  if (byId("cancel").matches(":popover-open")) byId("cancel").hidePopover();
}

const connection = new Connection({
  socketUrl: live.dataset.socket,
  pollUrl: live.dataset.poll,
  rev: Number(live.dataset.rev),
  onData: show,
  onState: showState,
});

if (live.dataset.active === "true") {
  say("connection", words.connecting);
  offerNotification();
  connection.start();
  setInterval(() => {
    if (latest?.waiting) say("now", nowLine(latest));
  }, 1000);
}
