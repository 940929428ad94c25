/** The README of an exported record: how to check it with tools that every distribution has. */

export interface ExportReadmeParts {
  readonly sessionId: string;
  readonly profile: string;
  readonly keyId: string;
  /** SHA-256 of the statement, in hex. */
  readonly statement: string;
}

/** The text; the commands in it are also those of docs/audit.md. */
export function exportReadme({ sessionId, profile, keyId, statement }: ExportReadmeParts): string {
  return `The record of one session of an autonomous coding agent, sealed by agentd
============================================================================

Session      ${sessionId} of profile ${profile}
Statement    sha256:${statement}
Signed with  ${keyId}

record/            what was recorded: agentd/session.json says what ran and how it ended,
                   agentd/events.jsonl when, agentd/console.log has its output, runa/ what it left,
                   agentd/input/ (where there is one) what it was given
                   agentd/after.jsonl (where there is one) what happened after the seal, see below
record/SHA256SUMS  the sum of every file that was sealed
record/attestation.sigstore.json
                   who vouches for these sums: a signed in-toto statement (SLSA provenance v1)
keys/              the public keys of the instance, each named by its id
chain.jsonl        the lines of the instance's chain around this record, and each rotation of its key
trusted-root.json  an empty trusted root, so that cosign stays offline

Is the key the right one? Compare it with what the operator gave you before, on another way:

    openssl pkey -pubin -in keys/${keyId}.pub -outform DER | sha256sum

Is every file what was sealed?

    (cd record && sha256sum --strict -c SHA256SUMS)

Are the sums what was signed? With cosign:

    cosign verify-blob-attestation --key keys/${keyId}.pub \\
        --bundle record/attestation.sigstore.json --new-bundle-format \\
        --trusted-root trusted-root.json --type slsaprovenance1 \\
        --insecure-ignore-tlog=true record/SHA256SUMS

or with openssl alone:

    field() { sed -n 's/.*"'"$1"'":"\\([^"]*\\)".*/\\1/p' record/attestation.sigstore.json | base64 -d; }
    field payload > statement.json
    field sig > statement.sig
    { printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c < statement.json)"
      cat statement.json; } > statement.pae
    openssl pkeyutl -verify -rawin -pubin -inkey keys/${keyId}.pub \\
        -in statement.pae -sigfile statement.sig
    grep -c "$(sha256sum < record/SHA256SUMS | cut -d ' ' -f 1)" statement.json

The last command prints 1 when the statement is about these sums. statement.json then says who ran what: profile,
repository, commit, image, trigger, outcome. Its agentd_previous is the statement before it in chain.jsonl.

The seal does not cover record/agentd/after.jsonl. Each line of it is a note that was added later, with its own signed
statement: a line "kind":"note" of chain.jsonl, whose subject is the SHA-256 of that line, its newline included.

What this does not prove: whoever had the rights of the user that ran agentd, on that host, could have signed
anything. Only a digest that was noted elsewhere at the time shows that nothing was signed anew.
`;
}
