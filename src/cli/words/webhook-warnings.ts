/** What keeps webhooks from working on this host. */
import type { Host } from "../../config/paths.ts";
import { AgentdError } from "../../errors.ts";
import type { Profile } from "../../profile/profile.ts";
import type { Webhook } from "../../webhooks/hook.ts";

/** Why the secret of a webhook cannot be used, as a clause without its value; undefined for one that can. */
export async function webhookSecretFault(
  { kind, secret_source: source }: Webhook,
  host: Host,
): Promise<string | undefined> {
  const [{ webSecretsFile }, { readCredentialsFile }, { secretFault }] = await Promise.all([
    import("../../config/paths.ts"),
    import("../../credentials/credentials-file.ts"),
    import("../../webhooks/signature.ts"),
  ]);
  const file = webSecretsFile(host);
  try {
    const secret = (await readCredentialsFile(file, host.uid))[source];
    if (secret === undefined || secret === "") return `${source} is missing from ${file}`;
    const fault = secretFault(kind, secret);
    return fault && `${source} of ${file} cannot be used: ${fault}`;
  } catch (error) {
    if (error instanceof AgentdError) return error.why;
    throw error;
  }
}

/** Of all webhooks of a profile: sentences without a full stop. */
export async function webhookWarnings({ webhooks }: Profile, host: Host): Promise<string[]> {
  const faults = await Promise.all(
    webhooks.map(async (hook) => {
      const fault = await webhookSecretFault(hook, host);
      return fault === undefined ? [] : [`webhook ${hook.name} answers 503: ${fault}`];
    }),
  );
  return faults.flat();
}
