import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { prepareImages } from "../../../src/daemon/image-preparation.ts";
import type { Engine } from "../../../src/local/ports.ts";

const PROFILES = ["first", "second", "third"].map((name) => ({ name, baseImage: `localhost/${name}` }));

/** An engine that notes what it is asked; it has all images but the second. */
function engineThatNotes(asked: string[]): Pick<Engine, "resolveImage" | "imageHasPath"> {
  return {
    resolveImage: (reference, pull) => {
      asked.push(`${pull} ${reference}`);
      if (reference === "localhost/second") return Promise.reject(new Error("it is not here"));
      return Promise.resolve({ id: `id of ${reference}`, digest: null });
    },
    imageHasPath: (id, path) => {
      asked.push(`${path} in ${id}`);
      return Promise.resolve(false);
    },
  };
}

describe("preparing images when the daemon starts", () => {
  it("has each used once, one after the other, and pulls none", async () => {
    const asked: string[] = [];
    const { signal } = new AbortController();
    await prepareImages(PROFILES, engineThatNotes(asked), pino({ level: "silent" }), signal);
    expect(asked).toEqual([
      "never localhost/first",
      "/home/first in id of localhost/first",
      "never localhost/second",
      "never localhost/third",
      "/home/third in id of localhost/third",
    ]);
  });

  it("asks for an image of many profiles once, and looks into it for some of them", async () => {
    const asked: string[] = [];
    const profiles = Array.from({ length: 1_000 }, (_, index) => {
      return { name: `p${index}`, baseImage: `localhost/${index % 2 === 0 ? "even" : "odd"}` };
    });
    const { signal } = new AbortController();
    await prepareImages(profiles, engineThatNotes(asked), pino({ level: "silent" }), signal);
    expect(asked.filter((each) => each.startsWith("never "))).toEqual([
      "never localhost/even",
      "never localhost/odd",
    ]);
    expect(asked.filter((each) => each.startsWith("/home/"))).toHaveLength(40);
  });

  it("ends after the image at hand when the daemon ends", async () => {
    const asked: string[] = [];
    const over = new AbortController();
    const engine = engineThatNotes(asked);
    const ending = {
      ...engine,
      imageHasPath: (id: string, path: string) => {
        over.abort();
        return engine.imageHasPath(id, path);
      },
    };
    await prepareImages(PROFILES, ending, pino({ level: "silent" }), over.signal);
    expect(asked).toEqual(["never localhost/first", "/home/first in id of localhost/first"]);
  });
});
