import { expect, it } from "vitest";
import { LiveLlm } from "../../../src/daemon/live-llm.ts";
import type { ControlResult, LlmNumbers } from "../../../src/gateway/control/control-protocol.ts";
import type { SessionLlm } from "../../../src/session-document.ts";

const NUMBERS: LlmNumbers = {
  ...{ requests: 1, refused: 0, in_flight: 1, unpriced: 0, exact: true },
  ...{ input_tokens: 2, cached_tokens: 3, output_tokens: 4, reasoning_tokens: 5 },
  ...{ usd_nano: 1_500, reserved_nano: 9, left_nano: null, models: ["m"] },
};

/** A gateway that counts how often it is asked. */
function gatewayWith(process: { pid: number; startTime: string } | undefined, fails = false) {
  let asked = 0;
  const sessions = [{ session: "1", pid: 1, connections: 0, llm: NUMBERS }];
  const list = (): Promise<ControlResult<"list">> => {
    asked += 1;
    return fails ? Promise.reject(new Error("gone")) : Promise.resolve({ memory_bytes: 0, sessions });
  };
  return { gateway: { process, list }, asked: () => asked };
}

const PROCESS = { pid: 1, startTime: "1" };

function view(id: string, outcome: "success" | null, llm: SessionLlm | null = null) {
  return { session_id: id, llm, outcome };
}

it("adds what running sessions have used, asks at most once a second, and leaves sealed ones alone", async () => {
  const { gateway, asked } = gatewayWith(PROCESS);
  let nowMs = 0;
  const live = new LiveLlm(gateway, () => nowMs);
  const views = [view("1", null), view("2", null), view("1", "success")];
  const [first, second, third] = await live.addTo(views);
  expect(first?.llm).toMatchObject({ requests: 1, usd: 0.000002, models: ["m"], exact: true });
  expect([second?.llm, third?.llm]).toEqual([null, null]);
  nowMs = 999;
  await live.addTo(views);
  expect(asked()).toBe(1);
  nowMs = 1000;
  await live.addTo(views);
  expect(asked()).toBe(2);
});

it("asks no gateway that does not run, none for sealed sessions, and does without one that has just ended", async () => {
  const none = gatewayWith(undefined);
  await new LiveLlm(none.gateway, () => 0).addTo([view("1", null)]);
  const idle = gatewayWith(PROCESS);
  await new LiveLlm(idle.gateway, () => 0).addTo([view("1", "success")]);
  expect([none.asked(), idle.asked()]).toEqual([0, 0]);
  const gone = gatewayWith(PROCESS, true);
  expect(await new LiveLlm(gone.gateway, () => 0).addTo([view("1", null)])).toEqual([view("1", null)]);
});
