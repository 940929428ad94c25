/** The console: logs in by the secret of the link, and shows the page that the address names. */
import { render } from "preact";
import { connection, hello, logIn, logOut, place } from "./base/daemon.ts";
import { goLive } from "./base/live.ts";
import { Help } from "./help.tsx";
import { PAGES, takeKeys } from "./keys.ts";
import { Now } from "./pages/now.tsx";
import { Profiles } from "./pages/profiles.tsx";
import { Records } from "./pages/records.tsx";
import { Schedules } from "./pages/schedules.tsx";
import { Sessions } from "./pages/sessions.tsx";
import { Usage } from "./pages/usage.tsx";
import { Session } from "./session/session.tsx";

const STATES = {
  live: "live",
  connecting: "connecting",
  away: "agentd web does not answer",
  stopped: "the daemon does not answer",
  login: "not logged in",
} as const;

const SHOWN: Readonly<Record<string, () => preact.JSX.Element>> = {
  "/": Now,
  "/sessions": Sessions,
  "/profiles": Profiles,
  "/schedules": Schedules,
  "/usage": Usage,
  "/records": Records,
};

function Page() {
  const at = place.value;
  if (connection.value === "login") {
    return (
      <p class="empty">
        This browser has no login. Type <code>agentd console</code> on the daemon&apos;s host, and open its
        link.
      </p>
    );
  }
  const [, id, tab = "log", line] = /^\/session\/([0-9a-f]{16})(?:\/([a-z]+))?(?:\/(\d+))?$/.exec(at) ?? [];
  if (id !== undefined)
    return <Session key={id} id={id} tab={tab} line={line === undefined ? undefined : Number(line)} />;
  const Shown = SHOWN[at] ?? Now;
  return <Shown />;
}

function App() {
  const at = place.value;
  const isAt = (to: string): boolean => at === to || (to === "/sessions" && at.startsWith("/session/"));
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        To the page
      </a>
      <header>
        <b class="logo">
          agent<i>d</i>
        </b>
        <nav aria-label="Pages">
          {PAGES.map(({ to, name }) => (
            <a href={`#${to}`} aria-current={isAt(to) ? "page" : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <span class={`state ${connection.value}`} role="status">
          {STATES[connection.value]}
          {connection.value === "live" && hello.value !== undefined && ` · ${hello.value.host}`}
          {hello.value?.read_only === true && " · read-only"}
        </span>
        <Help logOut={() => void logOut()} />
      </header>
      <main id="main" tabIndex={-1}>
        <Page />
      </main>
    </>
  );
}

const readPlace = (): void => void (place.value = location.hash.replace(/^#/, "") || "/");

async function start(): Promise<void> {
  const [, secret] = /^#login=([\w-]+)$/.exec(location.hash) ?? [];
  if (secret !== undefined) {
    // It is gone from the address and the history before anything else happens.
    history.replaceState(null, "", "/");
    await logIn(secret).catch(() => void (connection.value = "login"));
  }
  readPlace();
  addEventListener("hashchange", readPlace);
  takeKeys();
  goLive();
  const root = document.getElementById("app");
  if (root !== null) render(<App />, root);
}

void start();
