import { describe, expect, it } from "vitest";
import { resolveCredentials } from "../../../src/credentials/resolve.ts";

const SECRET = "hunter2";
const FILE = "/home/demo/.config/agentd/credentials.env";
const from = (current: Record<string, string>) => ({ current, file: FILE });

/** The error of what must fail; no part of it may hold the secret. */
function refusal(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    const { message, next, details } = error as { message: string; next?: string; details?: unknown };
    expect(JSON.stringify({ message, next, details })).not.toContain(SECRET);
    return error;
  }
  return expect.unreachable("nothing is refused");
}

describe("resolveCredentials", () => {
  it("takes values from their sources, and nothing else", () => {
    const credentials = [
      { name: "TOKEN", source: "DEMO_TOKEN" },
      { name: "SAME", source: "DEMO_TOKEN" },
      { name: "EMPTY", source: "DEMO_EMPTY" },
    ];
    const environment = { DEMO_TOKEN: 'it\'s\n$(a) \\ "b" ü', DEMO_EMPTY: "", TOKEN: "other", MORE: "x" };
    expect([...resolveCredentials(credentials, from(environment))]).toEqual([
      ["TOKEN", environment.DEMO_TOKEN],
      ["SAME", environment.DEMO_TOKEN],
      ["EMPTY", ""],
    ]);
    expect(resolveCredentials([], from(environment)).size).toBe(0);
  });

  it("names every credential that is not set, with its variable", () => {
    const credentials = [
      { name: "A", source: "DEMO_A" },
      { name: "B", source: "DEMO_B" },
      { name: "C", source: "DEMO_C" },
    ];
    expect(refusal(() => resolveCredentials(credentials, from({ DEMO_B: SECRET })))).toMatchObject({
      code: "credential_unset",
      message: `cannot resolve the credentials A, C: not set in ${FILE}, nor in the daemon's environment: DEMO_A, DEMO_C`,
      next: `Put DEMO_A=…, DEMO_C=… into ${FILE} (chmod 0600), then run \`agentd reload\`.`,
    });
  });

  it.each([
    ["the kernel allows", "A", SECRET.repeat(20_000)],
    ["NUL", "A", `${SECRET}\0`],
    ["not UTF-8", "A", `${SECRET}\uFFFD`],
    ["the shell reserves", "UID", SECRET],
    ["the shell reserves", "go", SECRET],
    ["the shell reserves", "BASH_FUNC_x", SECRET],
    ["not valid for an environment variable", "A B", SECRET],
  ])("refuses a credential for that it %s", (words, name, value) => {
    expect(refusal(() => resolveCredentials([{ name, source: "S" }], from({ S: value })))).toMatchObject({
      code: "credential_invalid",
      message: expect.stringMatching(new RegExp(`${name} \\(from S\\).*${words}`)),
    });
  });

  it("counts length as the kernel does: name, equals sign, bytes of the value and a closing NUL", () => {
    const longest = "ü".repeat(65_534) + "x";
    expect(Buffer.byteLength(`A=${longest}\0`)).toBe(131_072);
    expect(resolveCredentials([{ name: "A", source: "S" }], from({ S: longest })).get("A")).toBe(longest);
    expect(
      refusal(() => resolveCredentials([{ name: "A", source: "S" }], from({ S: `${longest}x` }))),
    ).toMatchObject({
      code: "credential_invalid",
    });
    expect(
      refusal(() => resolveCredentials([{ name: "AB", source: "S" }], from({ S: longest }))),
    ).toMatchObject({
      code: "credential_invalid",
    });
  });
});
