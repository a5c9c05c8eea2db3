// One summary: keys for reading on, the player, the passage behind a point, search in the transcript, copying.
import { byId, fill } from "./site.js";

const transcript = byId("transcript");
const KEYS = { ArrowLeft: "prev", k: "prev", ArrowRight: "next", j: "next" };

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  document.querySelector(`main a[rel=${KEYS[event.key]}]`)?.click();
});

// -- the player: nothing is asked of another host before the button is pressed

let player;
function play(second) {
  if (!player) {
    player = document.createElement("iframe");
    player.className = "player no-print";
    player.title = document.querySelector("h1").textContent;
    player.allow = "autoplay; encrypted-media; fullscreen; picture-in-picture";
    player.referrerPolicy = "strict-origin-when-cross-origin"; // YouTube plays for nobody who hides where they are
    byId("player-hint").replaceWith(player);
  }
  player.src = `${byId("play").dataset.player}?autoplay=1&start=${second}`;
}

byId("play")?.addEventListener("click", (event) => {
  play(0);
  event.target.hidden = true;
});

// -- the passage behind a point

function reveal(passage) {
  transcript?.querySelector(".found")?.classList.remove("found");
  passage?.classList.add("found");
}

document.querySelector(".read").addEventListener("click", (event) => {
  const time = event.target.closest("a.time[data-second]");
  if (!time) return;
  const anchor = time.parentElement.querySelector("[href^='#']")?.hash;
  if (anchor) reveal(document.querySelector(anchor));
  if (!player || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  play(time.dataset.second);
  player.scrollIntoView({ block: "nearest" });
});

// Older browsers do not open a closed <details> for an address inside it.
function follow() {
  const passage = /^#(passage-|found)/.test(location.hash) && document.querySelector(location.hash);
  if (!passage) return;
  transcript.open = true;
  reveal(passage.closest(".script"));
  passage.scrollIntoView({ block: "center" });
}
addEventListener("hashchange", follow);
follow();

// -- search in the transcript

byId("find")?.addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  const ranges = [];
  let count = 0;
  for (const passage of transcript.querySelectorAll(".script")) {
    const words = passage.lastElementChild;
    words.textContent = words.textContent; // without the marks of the search that led here
    const text = words.textContent.toLowerCase();
    passage.hidden = !text.includes(wanted);
    count += !passage.hidden;
    for (let at = text.indexOf(wanted); wanted && at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
      const range = new Range();
      range.setStart(words.firstChild, at);
      range.setEnd(words.firstChild, Math.min(at + wanted.length, words.firstChild.length));
      ranges.push(range);
    }
  }
  if (window.Highlight) CSS.highlights.set("words", new Highlight(...ranges));
  const { dataset } = byId("finds");
  byId("finds").textContent = wanted ? fill(dataset[count === 1 ? "one" : "many"], { count }) : "";
});

// -- copying

byId("copy").addEventListener("click", async (event) => {
  if (!window.ClipboardItem || !navigator.clipboard) return; // the link downloads it
  event.preventDefault();
  const copy = event.currentTarget;
  const label = copy.firstElementChild;
  const text = fetch(copy.href).then(async (answer) => new Blob([await answer.text()], { type: "text/plain" }));
  try {
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": text })]);
    label.textContent = copy.dataset.copied;
  } catch {
    label.textContent = copy.dataset.refused;
  }
});
