import { checkMethodology } from "../config/methodology.ts";
import { artifactSchema, artifactTypes } from "../config/methodology-manifest.ts";
import type { ProtectedPath } from "../config/mount-sources.ts";
import { AgentdError, sentence } from "../errors.ts";
import type { ArtifactChecker } from "../input/artifact-checker.ts";
import type { Given } from "../input/given.ts";
import { MAX_ARTIFACT_BYTES } from "../input/rules.ts";
import type { Profile } from "../profile/profile.ts";
import { readRegularFile } from "../regular-file.ts";

/**
 * Checks artifacts against the methodologies of profiles.
 *
 * @returns a function that throws `artifact_invalid` or `methodology_invalid`.
 */
export function artifactCheck(
  checker: ArtifactChecker,
  protectedOnes: readonly ProtectedPath[],
): (profile: Profile, artifact: NonNullable<Given["artifact"]>) => Promise<void> {
  return async ({ name, methodologyDir }, { type, file }) => {
    const refused = (why: string, next?: string, cause?: unknown): AgentdError =>
      new AgentdError("artifact_invalid", {
        ...{
          tried: `give profile ${JSON.stringify(name)} the artifact ${file.name} of type ${type}`,
          why,
          next,
          cause,
        },
      });
    if (methodologyDir === undefined) {
      throw refused("the profile has no methodology", "Set methodology_dir in the profile.");
    }
    const directory = await checkMethodology(methodologyDir, protectedOnes);
    const types = await artifactTypes(directory);
    if (!types.includes(type)) {
      throw refused(
        "the methodology's manifest.toml declares no such type",
        types.length === 0 ? undefined : `It has these: ${types.join(", ")}.`,
      );
    }
    const schema = await artifactSchema(directory, type);
    if (schema === undefined) throw refused(`the methodology has no schemas/${type}.schema.json`);
    const { content } = file;
    const read = Buffer.isBuffer(content) ? content : await readRegularFile(content.path, MAX_ARTIFACT_BYTES);
    const fault = await checker.check({ schema, text: textOf(read, refused) }).catch((cause: unknown) => {
      throw refused(
        `schemas/${type}.schema.json of the methodology cannot be used: ${sentence(cause)}`,
        undefined,
        cause,
      );
    });
    if (fault !== undefined) {
      throw refused(
        `it does not match schemas/${type}.schema.json of the methodology: ${fault}`,
        "Fix the file and run the command again.",
      );
    }
  };
}

function textOf(bytes: Buffer, refused: (why: string) => AgentdError): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refused("it is not UTF-8");
  }
}
