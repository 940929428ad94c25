/** What the commands of agentd print for the pictures. */

const DAY = 86_400_000;

/** @param args of the command. */
export function commandAnswer(args: readonly string[]): object {
  if (args[0] === "usage") return usage(args[2] ?? "day");
  if (args.includes("--all")) {
    return {
      status: "verified",
      counts: { verified: 40, incomplete: 0, unknown_key: 0, altered: 0, pruned: 3 },
      records: [],
      chain: { statements: 44, head: "5f4dcc3b5aa765d61d8327deb882cf99".repeat(2), problems: [] },
    };
  }
  if (args[1] === "verify") {
    return {
      ...{ session_id: args[2], status: "verified", problems: [], files: 41 },
      ...{ statement: "5f4dcc3b5aa765d61d8327deb882cf99".repeat(2), key_id: "SHA256:2jmj7l5rSw0yVb" },
    };
  }
  return { removed: false, records: [], refused: [], failed: [] };
}

function usage(by: string): object {
  const row = (key: string, scale: number, hasUnknown = false) => ({
    [by]: key,
    ...{ sessions: Math.ceil(scale * 2), requests: Math.ceil(scale * 40), refused: 0 },
    ...{
      input_tokens: scale * 300_000,
      cached_tokens: scale * 80_000,
      output_tokens: scale * 23_000,
      reasoning_tokens: 0,
    },
    ...{ usd: scale * 2, has_unknown_cost: hasUnknown },
  });
  const days = Array.from({ length: 28 }, (_, day) => {
    const date = new Intl.DateTimeFormat("sv-SE").format(Date.now() - (27 - day) * DAY);
    return row(date, 0.4 + ((day * 7) % 11) / 8, day === 20);
  });
  const rows: Readonly<Record<string, object[]>> = {
    day: days,
    profile: [row("site-builder", 14), row("dep-updates", 6), row("code-reviewer", 3, true)],
    model: [row("claude-sonnet-4-5", 15), row("gpt-5-codex", 8)],
  };
  return { by, rows: rows[by] ?? [], total: row("total", 23, true) };
}
