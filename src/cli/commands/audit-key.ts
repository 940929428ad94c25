import type { KeyObject } from "node:crypto";
import { AgentdError } from "../../errors.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";

interface KeyOptions {
  readonly format?: string;
  readonly rotate?: true;
  readonly json?: true;
}

/** What `--json` prints of one key. */
interface ShownKey {
  readonly key_id: string;
  readonly pem: string;
  readonly ssh: string;
}

/** What allowed_signers calls the instance, and what it may have signed. */
const SSH_PRINCIPAL = "agentd";

/** The output formats, by their names. */
const FORMS: Readonly<Record<string, (key: ShownKey) => string>> = {
  pem: ({ pem }) => pem.trimEnd(),
  openssl: ({ pem }) => pem.trimEnd(),
  cosign: ({ pem }) => pem.trimEnd(),
  ssh: ({ ssh }) => `${ssh} ${SSH_PRINCIPAL}`,
  "allowed-signers": ({ ssh }) => `${SSH_PRINCIPAL} ${ssh}`,
};

/** `agentd audit key`: the public key, and its rotation. */
export const auditKey: CommandDefinition<LocalContext> = {
  name: "audit key",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("print or rotate the key that signs records")
      .description(
        "Prints the public key that verifies this instance's records. Share it with anyone who needs to verify " +
          "them, before they get a record: a key that comes with a record proves little. Works without a daemon.\n\n" +
          "--rotate makes a new key, even while a daemon runs. The old key signs the hand-over and is destroyed; " +
          "its public half is kept, so old records can still be verified.",
      )
      .option("--format <form>", "pem, openssl and cosign (the same), ssh, or allowed-signers (default: pem)")
      .option("--rotate", "replace the key with a new one")
      .option("--json", "print a JSON object that includes earlier keys")
      .addHelpText(
        "after",
        example(
          "agentd audit key > agentd.pub",
          "agentd audit key --format ssh",
          "agentd audit key --rotate",
        ),
      )
      .action((options: KeyOptions) => {
        start((context) => showKey(options, context));
      }),
};

async function showKey(options: KeyOptions, context: LocalContext): Promise<number> {
  const form = FORMS[options.format ?? "pem"];
  if (form === undefined) {
    throw new AgentdError("usage", {
      tried: `use ${JSON.stringify(options.format)} for --format`,
      why: `the formats are ${Object.keys(FORMS).join(", ")}`,
    });
  }
  const [{ evidencePaths }, { readPublicKeys }] = await Promise.all([
    import("../../audit/keys/evidence-paths.ts"),
    import("../../audit/keys/public-key.ts"),
  ]);
  const paths = evidencePaths(context.stateDirectory);
  const { id } = await (options.rotate === true ? rotate(context) : currentKey(context));
  const shown = await Promise.all(
    [...readPublicKeys(paths.keys)].map(([keyId, key]) => shownKey(keyId, key)),
  );
  const current = shown.find(({ key_id: keyId }) => keyId === id);
  if (current === undefined) throw new Error(`${paths.keys} lacks the public key ${id}`);
  const earlier = shown.filter((key) => key !== current);
  if (options.json === true) await context.stdout.json({ ...current, earlier });
  else await context.stdout.line(form(current));
  return 0;
}

async function currentKey(context: LocalContext): Promise<{ readonly id: string }> {
  const [{ evidencePaths }, { ChainWriter }] = await Promise.all([
    import("../../audit/keys/evidence-paths.ts"),
    import("../../audit/chain/chain-writer.ts"),
  ]);
  return new ChainWriter(evidencePaths(context.stateDirectory)).key();
}

async function rotate(context: LocalContext): Promise<{ readonly id: string }> {
  const [{ evidencePaths }, { rotateKey }] = await Promise.all([
    import("../../audit/keys/evidence-paths.ts"),
    import("../../audit/chain/rotate-key.ts"),
  ]);
  const key = await rotateKey(evidencePaths(context.stateDirectory));
  await say(context, `records are signed with the key ${key.id} from now on`);
  return key;
}

async function shownKey(keyId: string, key: KeyObject): Promise<ShownKey> {
  const { pemOf, sshFormOf } = await import("../../audit/keys/public-key.ts");
  return { key_id: keyId, pem: pemOf(key), ssh: sshFormOf(key) };
}
