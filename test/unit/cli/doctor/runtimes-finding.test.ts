import { describe, expect, it } from "vitest";
import { runtimesFinding } from "../../../../src/cli/doctor/runtimes-finding.ts";

const LOOKS = [
  { name: "crun", isFound: true },
  { name: "runsc", isFound: true },
  { name: "krun", isFound: false },
] as const;
const profile = (runtime?: "crun" | "runsc" | "krun") => ({ name: "worker", runtime });

describe("the doctor's look at runtimes", () => {
  it("lists which there are", () => {
    expect(runtimesFinding(LOOKS, [profile(), profile("crun"), profile("runsc")], undefined)).toMatchObject({
      status: "ok",
      summary: "Podman finds crun, runsc, and not krun",
    });
  });

  it("fails for a profile whose runtime is not there", () => {
    expect(runtimesFinding(LOOKS, [profile("krun")], undefined)).toMatchObject({
      status: "failure",
      summary: 'Podman finds crun, runsc, and not krun; profile worker has runtime = "krun"',
      fix: expect.stringMatching(/^install krun, or name its path/) as string,
    });
  });

  it("fails for runsc where SELinux labels containers", () => {
    const finding = runtimesFinding(LOOKS, [profile("runsc")], "runsc");
    expect(finding).toMatchObject({
      status: "failure",
      fix: expect.stringMatching(/hardening\.md/) as string,
    });
    expect(finding.summary).toMatch(/which starts no container with a label of SELinux$/);
    expect(runtimesFinding(LOOKS, [profile("crun")], "runsc").status).toBe("ok");
  });
});
