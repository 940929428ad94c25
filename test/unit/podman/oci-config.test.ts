import { describe, expect, it } from "vitest";
import { idWeaknesses, parseOciConfig } from "../../../src/podman/confinement/oci-config.ts";
import { idMappings } from "../../../src/podman/containers/container-spec.ts";

const ASKED = idMappings({ subordinate: { uids: 65_536, gids: 65_536 } });

const MAPPED = [
  { containerID: 0, hostID: 1, size: 39_000 },
  { containerID: 39_000, hostID: 0, size: 1 },
  { containerID: 39_001, hostID: 39_001, size: 26_536 },
];

function found(linux: object): string[] {
  return idWeaknesses(parseOciConfig(JSON.stringify({ linux })), ASKED);
}

describe("the ids of a started container", () => {
  it("are as asked", () => {
    expect(found({ uidMappings: MAPPED, gidMappings: MAPPED })).toEqual([]);
  });

  it("are weaker where they are mapped otherwise, or not at all", () => {
    const others = [{ containerID: 0, hostID: 0, size: 65_536 }];
    expect(found({ uidMappings: others, gidMappings: MAPPED })).toEqual([
      "its user ids are mapped differently",
    ]);
    expect(found({ uidMappings: MAPPED })).toEqual(["its group ids are mapped differently"]);
  });
});
