/** What a session was given. */
import type { JSX } from "preact";
import type { SessionView } from "../../session-document.ts";
import { useAsked } from "../base/asked.ts";
import { fileLink, readText } from "../base/record-file.ts";
import { sizeText } from "../base/words.tsx";
import { Facts, Failure } from "../parts/parts.tsx";

const REQUEST = "agentd/input/request.txt";
const MOST_BYTES = 256 * 1024;

export function Input({ session }: { readonly session: SessionView }): JSX.Element {
  const { session_id: id, request_bytes: bytes, inputs, env, command, outcome, rerun_of: earlier } = session;
  const hasRequest = bytes !== null && outcome !== null;
  const asked = useAsked(
    `request ${id} ${String(hasRequest)}`,
    async () => (hasRequest ? await readText(id, REQUEST, MOST_BYTES) : undefined),
    { changes: () => false },
  );
  const variables = Object.entries(env);
  return (
    <div class="part">
      <Facts
        facts={[
          ["command", command === null ? null : <span class="mono">{command.join(" ")}</span>],
          [
            "variables",
            variables.length === 0
              ? null
              : variables.map(([name, value]) => <div class="mono">{`${name}=${value}`}</div>),
          ],
          [
            "files",
            inputs.length === 0
              ? null
              : inputs.map(({ name, bytes: size }) => (
                  <div>
                    {outcome === null ? (
                      name
                    ) : (
                      <a href={fileLink(id, `agentd/input/${name}`)} download>
                        <u>{name}</u>
                      </a>
                    )}{" "}
                    <span class="soft">{sizeText(size)}</span>
                  </div>
                )),
          ],
          [
            "rerun of",
            earlier === null ? null : (
              <a class="mono" href={`#/session/${earlier}`}>
                <u>{earlier}</u>
              </a>
            ),
          ],
          [
            "request",
            bytes === null
              ? "none"
              : outcome === null
                ? `${sizeText(bytes)}, shown once it has ended`
                : sizeText(bytes),
          ],
        ]}
      />
      {asked.value !== undefined && (
        <pre tabIndex={0} aria-label="Request">
          {asked.value.text}
        </pre>
      )}
      <Failure why={asked.failure} />
    </div>
  );
}
