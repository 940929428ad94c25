import type { Profile } from "../../profile/profile.ts";
import { LEAST_BYTES } from "../../redaction/fingerprints.ts";
import type { CredentialSource } from "./credential-checks.ts";

/** Warnings about values that are too short to be replaced in output, each a sentence without a full stop. */
export function shortCredentialWarnings(
  { credentials }: Pick<Profile, "credentials">,
  { current }: Pick<CredentialSource, "current">,
): string[] {
  return credentials.flatMap(({ name, source }) => {
    const value = current[source];
    if (value === undefined || Buffer.byteLength(value) >= LEAST_BYTES) return [];
    return [
      `the value of the credential ${name} (from ${source}) has fewer than ${LEAST_BYTES} bytes, and is not replaced by its name in output`,
    ];
  });
}
