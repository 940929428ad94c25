/** Who may have a session: the first who shows a token of it, and nobody else, ever. Pure. */

/** What a runner says of itself, and what its connection proves. */
export interface ClaimRequest {
  /** Name of its job. */
  readonly job: string;
  /** SHA-256 of the token that it shows, hexadecimal. */
  readonly tokenDigest: string;
  readonly node: string;
  /** The kernel's boot id there. */
  readonly bootId: string;
  /** SHA-256 of the public key with which the connection is made, hexadecimal. */
  readonly key: string;
  /** Public key with which the node will seal the record: SPKI, base64. */
  readonly sealKey: string;
  /** Whether it goes on with what an earlier runner has left on its node. */
  readonly isResume: boolean;
}

/** The runner that has a session. */
export type Claim = Pick<ClaimRequest, "job" | "node" | "bootId" | "key" | "sealKey">;

/** What the head knows of a session that is placed. */
export interface Standing {
  /** By name of the job: the digest of its token. */
  readonly tickets: Readonly<Record<string, { readonly tokenDigest: string; readonly isResume: boolean }>>;
  readonly claim: Claim | undefined;
  /** Whether the runner has said that its command has its credentials. */
  readonly isHandedOver: boolean;
}

/** Why a claim is refused. */
export type Refusal =
  /** No job of that name may claim the session, or not with that token; no more is told. */
  | "token"
  /** Another runner has the session. */
  | "claimed"
  /** It wants to go on with what nobody has begun. */
  | "unclaimed"
  /** Its command has its credentials already, and only a resume may come back. */
  | "handed_over"
  /** It has come back after its node was started anew: what ran there has gone. */
  | "other_boot";

export type Verdict =
  /** `isFirst`: the claim is new, and has to be on disk before the answer. */
  | { readonly granted: true; readonly isFirst: boolean; readonly withCredentials: boolean }
  | { readonly granted: false; readonly why: Refusal };

export function judgeClaim({ tickets, claim, isHandedOver }: Standing, request: ClaimRequest): Verdict {
  const ticket = Object.hasOwn(tickets, request.job) ? tickets[request.job] : undefined;
  // Digests: how long a comparison takes tells nothing about the token.
  if (ticket?.tokenDigest !== request.tokenDigest || ticket.isResume !== request.isResume) return no("token");
  if (claim === undefined) {
    return request.isResume ? no("unclaimed") : { granted: true, isFirst: true, withCredentials: true };
  }
  if (!isSameRunner(claim, request)) return no("claimed");
  if (claim.bootId !== request.bootId) return no("other_boot");
  if (isHandedOver && !request.isResume) return no("handed_over");
  return { granted: true, isFirst: false, withCredentials: !isHandedOver };
}

/** By its keys: they are on its node's disk alone. A job of another name may be a resume. */
function isSameRunner(claim: Claim, { key, sealKey, node, job, isResume }: ClaimRequest): boolean {
  const isSameJob = isResume || claim.job === job;
  return isSameJob && claim.key === key && claim.sealKey === sealKey && claim.node === node;
}

function no(why: Refusal): Verdict {
  return { granted: false, why };
}
