import type { SessionView } from "../../session-document.ts";
import { sizeText } from "./size-text.ts";
import { spanText } from "./time-text.ts";

/** What a session has used, by name; null where nobody knows. */
export function peakTexts(view: SessionView): (readonly [string, string | null])[] {
  const { peak_memory_bytes: memory, peak_pids: pids, cpu_seconds: cpu } = view;
  // A daemon of an older version has no such field.
  const disk = view.peak_disk_bytes ?? null;
  return [
    ["peak memory", memory === null ? null : sizeText(memory)],
    ["peak pids", pids === null ? null : String(pids)],
    ["peak disk", disk === null ? null : sizeText(disk)],
    ["cpu", cpu === null ? null : spanText(cpu * 1000)],
  ];
}
