import { MAX_LIST_LENGTH } from "../../api/limits.ts";
import type { Params, SessionList } from "../../api/methods.ts";
import type { Caller } from "../../rpc/client.ts";
import type { ListedSession } from "../../session-document.ts";

/**
 * The newest sessions that match. The daemon does not know every filter, so it is asked for pages, until there are enough.
 *
 * @param params `limit` is how many are wanted; with `matches` it may be any number.
 * @param matches default: all do.
 */
export async function askList(
  client: Caller,
  params: Params<"list">,
  matches: ((session: ListedSession) => boolean) | undefined,
): Promise<SessionList> {
  if (matches === undefined) return await client.call("list", params);
  const { limit } = params;
  const seen = new Set<string>();
  const sessions: ListedSession[] = [];
  let until = params.until_timestamp;
  for (;;) {
    const page = await client.call("list", { ...params, limit: MAX_LIST_LENGTH, until_timestamp: until });
    const fresh = page.sessions.filter(({ session_id: id }) => !seen.has(id));
    for (const session of fresh) {
      seen.add(session.session_id);
      if (matches(session)) sessions.push(session);
    }
    const isLast = page.sessions.length + page.unreadable.length < MAX_LIST_LENGTH || fresh.length === 0;
    if (isLast || sessions.length > limit) {
      const total = isLast ? sessions.length : null;
      return { sessions: sessions.slice(0, limit), unreadable: [], total };
    }
    until = fresh.at(-1)?.queued_timestamp;
  }
}
