import { describe, expect, it } from "vitest";
import { commandEnd } from "../../../src/local/command-end.ts";
import { statusOf } from "../../../src/podman/containers/container-status.ts";
import { inspectReply } from "../../../src/podman/service/replies.ts";
import { endingOf } from "../../../src/sessions/run/command-ending.ts";

/** How Podman 5.4 shows a container that SIGKILL has ended, nulls and missing fields as they come. */
const KILLED = {
  Id: "30daa8341c21ad435633d211fa83cd0780535871a8890e6916149e1628b522a3",
  Name: "agentd-0a1b2c3d-0123456789abcdef",
  State: {
    OciVersion: "1.2.0",
    Status: "exited",
    Running: false,
    Paused: false,
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: 0,
    ExitCode: 137,
    Error: "",
    StartedAt: "2026-11-21T15:00:14.507996346Z",
    FinishedAt: "2026-11-21T15:00:14.519430568Z",
    CheckpointedAt: "0001-01-01T00:00:00Z",
    RestoredAt: "0001-01-01T00:00:00Z",
  },
  EffectiveCaps: null,
  BoundingCaps: null,
  Mounts: [],
  Config: { User: "39000:39000" },
  HostConfig: {
    Privileged: false,
    SecurityOpt: ["no-new-privileges"],
    CapAdd: [],
    NetworkMode: "none",
    PidMode: "private",
    IpcMode: "shareable",
    UTSMode: "private",
    PidsLimit: 2048,
    Memory: 67_108_864,
    CpuPeriod: 0,
    CpuQuota: 0,
    IDMappings: null,
  },
};

/** The ending of a session whose container Podman shows with this state. */
function endingFrom(state: Partial<typeof KILLED.State>) {
  const reply = inspectReply.parse(structuredClone({ ...KILLED, State: { ...KILLED.State, ...state } }));
  const { exit } = statusOf(reply);
  return exit && endingOf(commandEnd(exit));
}

describe("a container that Podman says was killed for memory", () => {
  it("is a session that is out of memory, with the signal and a cause", () => {
    expect(endingFrom({ OOMKilled: true })).toEqual({
      outcome: "out_of_memory",
      exit_code: 137,
      signal: "SIGKILL",
      stage: null,
      cause: "the container reached its memory limit",
    });
  });

  it("is one too while its cleanup has not run", () => {
    expect(endingFrom({ OOMKilled: true, Status: "stopped" })).toMatchObject({ outcome: "out_of_memory" });
  });

  it("is one too when the command survived the loss of a child and failed for it", () => {
    expect(endingFrom({ OOMKilled: true, ExitCode: 3 })).toMatchObject({
      outcome: "out_of_memory",
      exit_code: 3,
      signal: null,
    });
  });

  it("is none when the command ended well all the same", () => {
    expect(endingFrom({ OOMKilled: true, ExitCode: 0 })).toMatchObject({ outcome: "success" });
  });

  it("is told from one that somebody killed", () => {
    expect(endingFrom({})).toMatchObject({ outcome: "terminated_by_signal", signal: "SIGKILL" });
  });
});
