import { describe, expect, it } from "vitest";
import { ReleaseStack } from "../../src/release-stack.ts";

describe("ReleaseStack", () => {
  it("releases newest first, each once", async () => {
    const stack = new ReleaseStack();
    const released: string[] = [];
    for (const what of ["staging", "gate", "container"]) {
      stack.defer(what, async () => void released.push(what));
    }
    await stack.release();
    await stack.release();
    expect(released).toEqual(["container", "gate", "staging"]);
  });

  it("keeps a failed release and what lies below it for the next try", async () => {
    const stack = new ReleaseStack();
    const released: string[] = [];
    let broken = true;
    stack.defer("staging", async () => void released.push("staging"));
    stack.defer("container", async () => {
      if (broken) throw new Error("the engine hangs");
      released.push("container");
    });
    stack.defer("gate", async () => void released.push("gate"));

    await expect(stack.release()).rejects.toMatchObject({
      code: "teardown_failed",
      message: "cannot release the container: the engine hangs",
    });
    expect(released).toEqual(["gate"]);
    broken = false;
    await stack.release();
    expect(released).toEqual(["gate", "container", "staging"]);
  });
});
