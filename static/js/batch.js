// The page of one batch, kept up to date in place. The server renders every part; this changes what has changed.
import { connect } from "./connection.js";
import { estimate } from "./estimate.js";
import { byId, fill, refresh, safely } from "./site.js";

const live = byId("live");
const { dataset } = live;
const { live: words, stages, statuses } = JSON.parse(dataset.words);
const number = new Intl.NumberFormat(document.documentElement.lang);
const ANNOUNCE = [60_000, 10_000]; // how seldom; and when another tenth is done
const REFRESH = 1500;
const PARTS = [".title", ".sub", ".length", ".side a", "button", ".state"];

const text = (node, words) => {
  if (node.textContent !== words) node.textContent = words;
};
const say = (id, words) => text(byId(id), words);
const set = (node, values) => Object.entries(values).forEach((each) => node.setAttribute(...each));

// -- the connection

let told = "live";
function showState(state, seconds) {
  const sentence = fill(words[state], { seconds });
  byId("connection").className = `state ${state}`;
  say("connection", sentence);
  if (state !== told) say("announcer", sentence);
  told = state;
}

// -- the state

function showCounts(counts) {
  for (const node of live.querySelectorAll("[data-count]")) text(node, number.format(counts[node.dataset.count]));
  for (const node of live.querySelectorAll("[data-if]")) {
    node.hidden = !counts[node.dataset.if] && !node.hasAttribute("aria-current");
  }
  const { completed, ended, failed, percentage, processing, total } = counts;
  say("percent", String(Math.floor(percentage)));
  const meter = live.querySelector(".meter");
  const [done, lost, now] = meter.children;
  set(meter, { "aria-valuenow": percentage, viewBox: `0 0 ${total || 1} 1` });
  set(done, { width: completed });
  set(lost, { x: completed, width: failed });
  set(now, { x: ended, width: processing });
}

function showTitle({ percentage, failed }, status, active) {
  const percent = Math.floor(percentage);
  const good = status === "completed" && !failed;
  document.title = `${active ? `${percent}%` : good ? "✓" : "!"} · ${dataset.name} · YouTube Summarizer`;
  const svg = fill(byId(good ? "tick" : "ring").innerHTML, { percent, colour: active ? "#5b72f0" : "#d3382f" });
  const [icon, href] = [document.querySelector("link[rel=icon]"), `data:image/svg+xml,${encodeURIComponent(svg)}`];
  if (icon.href !== href) icon.href = href;
}

// Why it waits, and until when; "" when that is past or unknown.
function held(reason, moment) {
  const seconds = Math.ceil((new Date(moment) - Date.now()) / 1000);
  if (!moment || !(seconds > 0)) return "";
  const [unit, size] = seconds < 90 ? ["seconds", 1] : seconds < 7200 ? ["minutes", 60] : ["hours", 3600];
  const when = fill(words[`in_${unit}`], { number: Math.round(seconds / size) });
  return `${reason ?? ""} ${fill(words.again, { when })}`.trim();
}

const stage = (item) => stages[item.stage] ?? stages.starting;

function showNow({ current_item: item, slowed, waiting }) {
  const why = waiting ?? slowed;
  say("now", item && !waiting ? fill(words.now, { stage: stage(item), title: item.video_title }) : "");
  say("why", why ? held(why.reason, why.until) || why.reason : "");
}

// -- the rows

function note(item) {
  if (item.status === "processing") return stage(item);
  if (item.status === "failed") return item.error_message;
  return (item.status === "pending" && held(item.error_message, item.not_before)) || item.channel;
}

function clock(seconds) {
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => `${Math.floor(part)}`.padStart(2, "0"));
  return seconds === null ? "" : parts.join(":").replace(/^(00:)?0?/, "");
}

function showRow(item) {
  const row = byId(`item-${item.id}`);
  if (!row) return;
  const [title, sub, length, captions, retry, state] = PARTS.map((name) => row.querySelector(name));
  row.className = `row ${item.status}`;
  text(title, item.video_title);
  if (item.summary_id) title.href = `/summaries/${item.summary_id}`;
  else title.removeAttribute("href");
  text(sub, note(item));
  text(length, clock(item.duration));
  captions?.toggleAttribute("hidden", !item.uploadable);
  retry.hidden = item.status !== "failed";
  state.className = `state ${item.status}`;
  text(state, statuses[item.status]);
}

// -- what the server words: actions, causes, and rows after a gap

let refreshing = 0;
let rowsToo = false;
let { shape } = dataset;

function refreshWhenReshaped(data, active) {
  const { failed, cancelled, total, lists } = data.progress;
  const next = [data.status, failed, cancelled, !!data.export_url, data.stop_message, total, lists].join("/");
  if (next === shape && !data.more) return;
  shape = next;
  rowsToo ||= data.more || data.expansions[0] || !active; // at the end, with what each has cost
  refreshing ||= setTimeout(async () => {
    const parts = ["panel", "lists", "causes", "left", "formats", "ends", rowsToo && "rows"];
    rowsToo = false;
    // When it fails, the next change asks again.
    await refresh(parts).catch(() => (shape = "?"));
    refreshing = 0;
  }, REFRESH);
}

function showStale(counts) {
  const { show, was } = byId("stale").dataset;
  if (show && counts[show] !== Number(was)) byId("stale").hidden = false;
}

// -- telling people who do not look

let announced = Date.now();
let tenth = 0;
function announce(counts, active) {
  const [now, next] = [Date.now(), Math.floor(counts.percentage / 10)];
  if (active && now - announced < ANNOUNCE[Number(next > tenth)]) return;
  [announced, tenth] = [now, next];
  say("announcer", `${active ? "" : `${words.ended} `}${fill(words.progress, counts)}`);
}

// Where it is not allowed, or not to be had, nothing happens.
function notifyDone(counts) {
  if (document.hasFocus()) return;
  safely(() => new Notification(dataset.name, { body: fill(words.progress, counts), tag: dataset.id }));
}

live.addEventListener("click", async ({ target }) => {
  if (target.id !== "notify") return;
  text(target, words[await Notification.requestPermission()]);
  target.disabled = true;
  document.documentElement.classList.remove("askable");
});

// -- all of it

const left = estimate(words, Number(dataset.guess));
let latest;

function show(data) {
  latest = data;
  const active = data.status === "pending" || data.status === "processing";
  const counts = { ...data.progress, ended: data.progress.completed + data.progress.failed };
  const rest = left(counts, data.slowed?.until);
  showCounts(counts);
  showTitle(counts, data.status, active);
  showNow(data);
  say("estimate", active && !data.waiting ? rest : "");
  data.items?.forEach(showRow);
  showStale(counts);
  refreshWhenReshaped(data, active);
  if (!active) {
    connection.stop();
    showState(data.stop_message ? "stopped" : data.status);
    byId("cancel").hidePopover();
  }
  announce(counts, active);
  if (!active) notifyDone(counts);
}

const connection = connect(dataset, show, showState);

if (dataset.active === "true") {
  say("connection", words.connecting);
  connection.start();
  setInterval(() => latest && showNow(latest), 1000);
}
