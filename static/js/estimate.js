// How long the rest will take: first as the server guesses, then from the pace seen on this page.
import { fill } from "./site.js";

const WINDOW = 180_000;
const LEAST = 3; // finished videos
const STEP = 4000; // what ends within it is one burst; the pace is that between two of them

// `words` of the server, by name -> [name, number].
function rounded(seconds) {
  if (seconds < 45) return ["soon"];
  if (seconds < 90) return ["minute"];
  if (seconds < 3570) return ["minutes", Math.round(seconds / 60)];
  const hours = Math.round(seconds / 1800) / 2;
  return hours === 1 ? ["hour"] : ["hours", hours];
}

// `guess`: seconds from now on, 0 for none. Nothing begins before `until`, if that is known.
export function estimate(words, guess, clock = Date.now) {
  const begin = clock();
  let seen = [];
  return ({ ended, total, cancelled }, until) => {
    const now = clock();
    if (!seen.length || ended < seen.at(-1).ended) seen = [{ now, ended }]; // a retry
    let last = seen.at(-1);
    if (now - last.now < STEP) last.ended = ended;
    else if (ended > last.ended) seen.push((last = { now, ended }));
    const to = now - last.now < STEP && seen.length > 2 ? seen.at(-2) : last;
    // However slow they are, the last ones are kept.
    while (now - seen[1]?.now > WINDOW && to.ended - seen[1].ended >= LEAST) seen.shift();
    const done = to.ended - seen[0].ended;
    const pace = done >= LEAST && (to.now - seen[0].now) / done / 1000;
    const held = Math.max(0, (new Date(until ?? 0) - now) / 1000);
    const guessed = Math.max(held, guess - (now - begin) / 1000);
    const seconds = pace ? held + (total - cancelled - ended) * pace : guessed;
    const [name, number] = rounded(seconds);
    return pace || seconds > 0 ? fill(words[name], { number }) : "";
  };
}
