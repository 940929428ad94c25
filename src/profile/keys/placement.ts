/** On which machines the sessions of a profile run. */
import * as z from "zod";
import { plain, shown } from "./key.ts";

const PLACEMENTS = z.enum(["local", "slurm"]);

export const PLACEMENT = {
  placement: shown(
    "placement",
    plain(
      "placement",
      PLACEMENTS.default("local"),
      PLACEMENTS.default("local").describe(
        "Where its sessions run: on this host, or on nodes of the cluster that [placement] names.",
      ),
    ),
  ),
};
