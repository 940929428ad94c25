/** Parameters that several methods take. */
import * as z from "zod";

/** A bound on the memory of a request; the code that uses a text checks its content. */
export const text = (maxLength: number) => z.string().max(maxLength);

/** A session's id, an unambiguous piece of it, or the name of a profile for its newest session. */
export const session = text(100).min(1);
