// How long the rest will take, from the pace seen on this page. Says nothing before it can know.
import { fill } from "./site.js";

const WINDOW = 180_000;
const LEAST = 3; // finished videos
const SHORTEST = 4000;

// `words` of the server, by name -> [name, number].
function rounded(seconds) {
  if (seconds < 45) return ["soon"];
  if (seconds < 90) return ["minute"];
  if (seconds < 3570) return ["minutes", Math.round(seconds / 60)];
  const hours = Math.round(seconds / 1800) / 2;
  return hours === 1 ? ["hour"] : ["hours", hours];
}

export function estimate(words, clock = Date.now) {
  const seen = [];
  return ({ completed, failed, total, cancelled }) => {
    const now = clock();
    const ended = completed + failed;
    if (seen.length && ended < seen.at(-1).ended) seen.length = 0; // a retry
    if (!seen.length || ended > seen.at(-1).ended) seen.push({ now, ended });
    while (seen.length > 2 && now - seen[0].now > WINDOW) seen.shift();
    const [done, time] = [ended - seen[0].ended, now - seen[0].now];
    if (done < LEAST || time < SHORTEST) return "";
    const [name, number] = rounded(((total - cancelled - ended) * time) / done / 1000);
    return ` · ${fill(words[name], { number })}`;
  };
}
