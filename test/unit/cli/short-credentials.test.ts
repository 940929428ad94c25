import { expect, it } from "vitest";
import { shortCredentialWarnings } from "../../../src/cli/doctor/short-credentials.ts";

const CREDENTIALS = [
  { name: "PIN", source: "SITE_PIN" },
  { name: "TOKEN", source: "SITE_TOKEN" },
  { name: "UNKNOWN", source: "SITE_UNKNOWN" },
];

it("warns of a credential of seven bytes, and of none of eight", () => {
  const current = { SITE_PIN: "1234567", SITE_TOKEN: "12345678" };
  expect(shortCredentialWarnings({ credentials: CREDENTIALS }, { current })).toEqual([
    "the value of the credential PIN (from SITE_PIN) has fewer than 8 bytes, and is not replaced by its name in output",
  ]);
});
