import { afterAll, beforeAll, expect, it } from "vitest";
import type { FailpointLabel } from "../../src/failpoints.ts";
import { type Ground, openGround } from "../chaos/arena.mjs";
import { tryCell } from "../chaos/cell.mjs";
import { EXPECTATIONS, type Victim, VICTIMS } from "../chaos/expectations.mjs";

/** Of `npm run chaos`, one cell for each way in which a session can be lost or run twice. */
const ESSENTIALS: readonly (readonly [FailpointLabel, Victim])[] = [
  ["record_directory_made", "daemon"],
  ["volumes_opened", "daemon"],
  ["warm_record_taken", "daemon"],
  ["warm_renamed", "daemon"],
  ["cloned", "daemon"],
  ["container_started", "service"],
  ["network_opened", "daemon"],
  ["payload_half", "daemon"],
  ["supervising", "conmon"],
  ["supervising", "first"],
  ["supervising", "removed"],
  ["supervising", "gateway"],
  ["disk_exceeded", "daemon"],
  ["end_ordered", "daemon"],
  ["finishing_journaled", "daemon"],
  ["kept", "daemon"],
  ["keep_removed", "daemon"],
  ["entered", "service"],
  ["recovery_decided", "daemon"],
];

let ground: Ground;
let close: () => Promise<void>;
beforeAll(async () => ({ ground, close } = await openGround()));
afterAll(() => close());

const CELLS = ESSENTIALS.map(([label, victim]) => [label, VICTIMS[victim], victim] as const);

it.each(CELLS)("at %s, after %s, a session comes to what the table says", async (label, _, victim) => {
  const row = EXPECTATIONS.find((each) => each.label === label);
  if (row === undefined) throw new Error(`no row ${label}`);
  const { wrong, hit } = await tryCell(ground, row, victim, 5);
  expect([wrong, hit]).toEqual([[], true]);
});
