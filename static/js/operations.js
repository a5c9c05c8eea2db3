// The numbers of the operations page, every ten seconds while somebody looks.
import { refresh } from "./site.js";

setInterval(() => document.hidden || refresh(["numbers"]).catch(() => {}), 10_000);
