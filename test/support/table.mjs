/** `node test/support/table.mjs`: prints the table of docs/host.md that shows what was tried. */
import { readResults, supportTable } from "./results.mjs";

process.stdout.write(`${supportTable(await readResults())}\n`);
