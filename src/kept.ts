/** What stays of a session that has ended, until it is removed, as it is shown. */
import * as z from "zod";

export const keptSchema = z.strictObject({
  until_timestamp: z.iso.datetime(),
  bytes: z.int(),
  /** How many look into it now. */
  entered: z.int(),
});

export type Kept = z.infer<typeof keptSchema>;
