import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createRecord } from "../../../src/audit/record.ts";
import { Sealer } from "../../../src/audit/sealer.ts";
import { NEW_DOCUMENT, settingsIn, SUCCESS } from "./record-document.ts";
const med = (a: number[]) => a.sort((x, y) => x - y)[a.length >> 1]!.toFixed(2);
async function main() {
  const sealer = new Sealer({ script: process.argv[3]! });
  const settings = { ...settingsIn(process.argv[2]!), seal: sealer.seal };
  const c: number[] = [], s: number[] = [], cc: number[] = [], sc: number[] = [];
  for (let i = 0; i < 150; i++) {
    let t = performance.now(), u = process.cpuUsage();
    const r = await createRecord({ ...settings, document: NEW_DOCUMENT, randomBytes });
    c.push(performance.now() - t); let d = process.cpuUsage(u); cc.push((d.user + d.system) / 1e3);
    writeFileSync(r.consoleLogPath, "x");
    await r.journal("running"); await r.journal("finishing");
    t = performance.now(); u = process.cpuUsage();
    await r.seal(SUCCESS);
    s.push(performance.now() - t); d = process.cpuUsage(u); sc.push((d.user + d.system) / 1e3);
  }
  console.log("create", med(c), "cpu", med(cc), "seal", med(s), "cpu", med(sc));
  await sealer.close();
}
void main();
