import { describe, expect, it } from "vitest";
import type { HostImage } from "../../../src/images/host-images.ts";
import { type ImageUse, planImagePrune } from "../../../src/images/prune-plan.ts";

function image(id: string, fields: Partial<HostImage> = {}): HostImage {
  return {
    ...{ id, names: [`docker.io/library/${id}:latest`], digest: `sha256:${id}`, sizeBytes: 1 },
    ...{ createdTimestamp: "2026-01-01T00:00:00.000Z", labels: {} },
    ...fields,
  };
}
const BUILT = { "io.agentd.agent": "pi" };
const pi = (id: string, ...names: string[]) => image(id, { names, labels: BUILT });
const use = (id: string, reference = id): ImageUse => ({
  ...{ reference, digest: `sha256:${id}`, timestamp: "2026-02-02T00:00:00.000Z" },
});

function removed(
  images: readonly HostImage[],
  {
    needed = [],
    layers = {},
    uses = [],
  }: { needed?: string[]; layers?: Record<string, string[]>; uses?: ImageUse[] },
) {
  const plan = planImagePrune({
    images,
    needed: new Set(needed),
    layers: new Map(Object.entries(layers)),
    uses,
  });
  return plan.flatMap(({ remove }) => remove);
}

describe("a pruning of images", () => {
  it("leaves alone what neither agentd has built nor a session has used", () => {
    expect(removed([image("debian")], {})).toEqual([]);
  });

  it("removes an image that a session has used and nothing needs, by the name that the session had", () => {
    expect(removed([image("debian")], { uses: [use("debian")] })).toEqual([
      "docker.io/library/debian:latest",
    ]);
    const named = image("debian", { names: ["localhost/mine:1", "docker.io/library/debian:latest"] });
    expect(removed([named], { uses: [use("debian", "docker.io/library/debian:latest")] })).toEqual([
      "docker.io/library/debian:latest",
    ]);
  });

  it("removes no image whose name another image had when a session used it", () => {
    const again = image("debian", { digest: "sha256:newer" });
    expect(removed([again], { uses: [use("debian", "docker.io/library/debian:latest")] })).toEqual([]);
  });

  it("removes earlier builds, also nameless ones, and keeps those that are needed", () => {
    const images = [
      pi("new", "localhost/agentd/pi:latest"),
      pi("old", "localhost/agentd/pi:1.0.0"),
      pi("older"),
    ];
    expect(removed(images, { needed: ["new"] })).toEqual(["localhost/agentd/pi:1.0.0", "older"]);
  });

  it("takes no name away that is somebody's own", () => {
    const tagged = pi("old", "localhost/agentd/pi:1.0.0", "registry.example/pi:kept");
    expect(removed([tagged], {})).toEqual(["localhost/agentd/pi:1.0.0"]);
  });

  it("keeps the base of an image that is needed, and no other base", () => {
    const images = [
      pi("new", "localhost/agentd/pi:latest"),
      image("base", { names: ["localhost/agentd/base:a"] }),
      image("spare", { names: ["localhost/agentd/base:b"] }),
    ];
    const layers = { new: ["1", "2", "3"], base: ["1", "2"], spare: ["1", "4"] };
    expect(removed(images, { needed: ["new"], layers })).toEqual(["localhost/agentd/base:b"]);
  });
});
