import { randomBytes } from "node:crypto";
import {
  checkHash,
  type Fingerprint,
  type Fingerprints,
  LEAST_BYTES,
  macOf,
  rolled,
  rollingTable,
} from "./fingerprints.ts";
import { formsOf } from "./forms.ts";

const SALT_BYTES = 16;

/**
 * Makes the fingerprints of a session's credentials, with a salt of their own.
 *
 * @param values by the names of their variables; of the same value under two names the first one counts. Values with
 * fewer than `LEAST_BYTES` bytes are left out.
 */
export function makeFingerprints(values: Iterable<readonly [string, string]>): Fingerprints {
  const salt = randomBytes(SALT_BYTES).toString("hex");
  const table = rollingTable(salt);
  const forms = new Map<string, Fingerprint>();
  for (const [name, value] of values) {
    if (Buffer.byteLength(value) < LEAST_BYTES) continue;
    for (const form of formsOf(value)) {
      if (form.length < LEAST_BYTES) continue;
      const print = fingerprint(name, form, { salt, table });
      if (!forms.has(print.mac)) forms.set(print.mac, print);
    }
  }
  return { version: 1, salt, forms: [...forms.values()] };
}

function fingerprint(
  name: string,
  form: Buffer,
  { salt, table }: { readonly salt: string; readonly table: Int32Array },
): Fingerprint {
  let start = 0;
  for (const byte of form.subarray(0, LEAST_BYTES)) start = rolled(start, byte, table);
  const checks: number[] = [];
  for (let length = LEAST_BYTES * 2; length < form.length; length *= 2)
    checks.push(checkHash(form, length, salt));
  return { name, length: form.length, start, checks, mac: macOf(form, salt) };
}
