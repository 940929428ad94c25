/** The console: logs in by the secret of the link, and shows the page that the address names. */
import { render } from "preact";
import { connection, logIn, place } from "./daemon.ts";
import { Now } from "./now.tsx";
import { Session } from "./session.tsx";
import { Sessions } from "./sessions.tsx";

const STATES = { live: "live", away: "agentd does not answer", login: "not logged in" } as const;

function Page() {
  const at = place.value;
  const id = /^\/session\/([0-9a-f]{16})$/.exec(at)?.[1];
  if (connection.value === "login") {
    return (
      <p class="empty">
        This browser has no login. Type <code>agentd console</code> on the daemon's host, and open its link.
      </p>
    );
  }
  if (id !== undefined) return <Session key={id} id={id} />;
  return at === "/sessions" ? <Sessions /> : <Now />;
}

function App() {
  const at = place.value;
  const link = (to: string, name: string) => (
    <a href={`#${to}`} aria-current={at === to ? "page" : undefined}>
      {name}
    </a>
  );
  return (
    <>
      <header>
        <b>
          agent<i>d</i>
        </b>
        <nav>
          {link("/", "Now")}
          {link("/sessions", "Sessions")}
        </nav>
        <span class={`state ${connection.value}`} role="status">
          {STATES[connection.value]}
        </span>
      </header>
      <main>
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
  const root = document.getElementById("app");
  if (root !== null) render(<App />, root);
}

void start();
