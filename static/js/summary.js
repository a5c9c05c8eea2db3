// One summary: keys for reading on, the player, the passage behind a point, search in the transcript, copying.
import { byId, fill } from "./site.js";

const transcript = byId("transcript");
const KEYS = { ArrowLeft: "prev", ArrowRight: "next" };

addEventListener("keydown", ({ key, target, ctrlKey, metaKey, altKey, shiftKey }) => {
  if (ctrlKey || metaKey || altKey || shiftKey || target.closest("input, textarea, select")) return;
  document.querySelector(`main a[rel=${KEYS[key]}]`)?.click();
});

// -- the player: nothing is asked of another host before the button is pressed

let player;
function play(second) {
  const url = `${byId("play").dataset.player}?autoplay=1&start=${second}`;
  // A new `src` would be one more step for the Back button.
  if (player) return player.contentWindow.location.replace(url);
  player = Object.assign(document.createElement("iframe"), JSON.parse(byId("play").dataset.frame), { src: url });
  byId("player-hint").remove();
  document.querySelector(".read > header").after(player);
}

byId("play")?.addEventListener("click", (event) => {
  play(0);
  event.target.hidden = true;
  player.focus();
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
});

// Older browsers do not open a closed <details> for an address inside it; and a search may have hidden the passage.
function follow() {
  const passage = /^#(passage-|found)/.test(location.hash) && document.querySelector(location.hash)?.closest(".script");
  if (!passage) return;
  transcript.open = true;
  passage.hidden = false;
  reveal(passage);
  passage.scrollIntoView({ block: "center" });
}
addEventListener("hashchange", follow);
follow();

// -- search in the transcript

byId("find")?.addEventListener("input", ({ target }) => {
  const typed = target.value.trim().toLowerCase();
  const wanted = typed.length > 1 || typed > "\u2e80" ? typed : ""; // one letter is everywhere; one ideogram is a word
  const ranges = [];
  let count = 0;
  for (const passage of transcript.querySelectorAll(".script")) {
    const words = passage.lastElementChild;
    words.textContent = words.textContent; // without the marks of the search that led here
    const [node, text] = [words.firstChild, words.textContent.toLowerCase()];
    passage.hidden = !text.includes(wanted);
    count += !passage.hidden;
    for (let at = text.indexOf(wanted); wanted && at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, Math.min(at + wanted.length, node.length));
      ranges.push(range);
    }
  }
  if (window.Highlight) CSS.highlights.set("words", new Highlight(...ranges));
  const finds = byId("finds");
  finds.textContent = wanted ? fill(finds.dataset[count === 1 ? "one" : "many"], { count }) : "";
});

// -- copying; where that is not to be had, as on plain http, the link downloads

const copy = byId("copy");
const label = copy.firstElementChild;
const canCopy = window.ClipboardItem && navigator.clipboard;
if (!canCopy) label.textContent = copy.lastElementChild.textContent;
copy.addEventListener("click", async (event) => {
  if (!canCopy) return;
  event.preventDefault();
  const type = "text/plain";
  const text = fetch(copy.href).then(async (answer) => new Blob([await answer.text()], { type }));
  const { copied, refused } = copy.dataset;
  label.textContent = await canCopy.write([new ClipboardItem({ [type]: text })]).then(() => copied, () => refused);
});
