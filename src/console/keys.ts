/** What keys do: nothing while a person types, and nothing that a browser does by itself. */
import { go } from "./base/daemon.ts";

/** The pages, in their order; `g` and the letter goes there. */
export const PAGES = [
  { to: "/", name: "Now", key: "n" },
  { to: "/sessions", name: "Sessions", key: "s" },
  { to: "/profiles", name: "Profiles", key: "p" },
  { to: "/schedules", name: "Schedules", key: "c" },
  { to: "/usage", name: "Usage", key: "u" },
  { to: "/records", name: "Records", key: "r" },
] as const;

/** What there is besides, for the help. */
export const KEYS = [
  ["/", "search"],
  ["j k", "the next and the previous session or row"],
  ["Enter", "open it"],
  ["1 … 6", "the parts of a session"],
  ["t w", "times and wrapping of a log"],
  ["?", "this help"],
] as const;

/** How long `g` waits for its letter. */
const PAUSE_MS = 1_500;

export function takeKeys(): void {
  let isGoing = false;
  let timer: ReturnType<typeof setTimeout>;
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = target instanceof Element && target.matches("input, textarea, select");
    if (isTyping) {
      if (key === "Escape") (target as HTMLElement).blur();
      return;
    }
    if (document.querySelector("dialog[open]") !== null) return;
    if (isGoing) {
      isGoing = false;
      const page = PAGES.find((each) => each.key === key);
      if (page !== undefined) {
        go(page.to);
        return;
      }
    }
    if (key === "g") {
      isGoing = true;
      clearTimeout(timer);
      timer = setTimeout(() => (isGoing = false), PAUSE_MS);
    } else if (key === "/") {
      const search = document.querySelector<HTMLElement>(".search");
      if (search === null) return;
      event.preventDefault();
      search.focus();
    } else if (key === "?") document.getElementById("help")?.click();
    else if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
    else if (/^[1-6]$/.test(key))
      document.querySelectorAll<HTMLElement>("[role=tab]")[Number(key) - 1]?.click();
    else if (key === "t" || key === "w") document.querySelector<HTMLElement>(`[data-key=${key}]`)?.click();
  });
}

/** Moves the focus along the links to sessions. */
function step(by: number): void {
  const links = [...document.querySelectorAll<HTMLElement>("main a.go")];
  const at = links.findIndex((link) => link === document.activeElement);
  const to = at === -1 ? (by > 0 ? 0 : links.length - 1) : at + by;
  links[Math.min(links.length - 1, Math.max(0, to))]?.focus();
}
