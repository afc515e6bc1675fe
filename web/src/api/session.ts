/**
 * Who is signed in, and the access token, which lives in memory only. The refresh token is an HttpOnly cookie
 * that no script sees. Tabs share what they learn, so that only one of them refreshes at a time.
 */
import { BASE_PATH } from "./basePath";
import { Problem, problemFrom, unreachable } from "./problem";
import { rememberSignedIn } from "./signedInHere";
import type { Tokens, User } from "./types";

export type Session =
  | { status: "starting" }
  | { status: "unreachable" }
  /** `problem`: why, where that is more than that nobody signed in. */
  | { status: "signed-out"; problem?: Problem }
  /** `viewed`: it is an admin who looks through this person's eyes. */
  | { status: "signed-in"; user: User; viewed?: true };

type TabMessage =
  { kind: "tokens"; token: string; expiresAt: number; user: User } | { kind: "signed-out"; problem?: Told };
/** A problem as it passes between tabs, which no class does. */
type Told = Pick<Problem, "code" | "status" | "words">;

/** Marks our requests as a browser's: the server then keeps the refresh token in a cookie. */
export const CLIENT_HEADER = { "X-Pingvas-Client": "web" } as const;

/** A token with less than this left is renewed before use. */
const MARGIN_MS = 30_000;

/** What an admin looks with through somebody's eyes. It is nowhere but here: a reload is back at oneself. */
interface View {
  token: string;
  expiresAt: number;
  user: User;
}

/** Whose cookie it is; stays as it is while they look through somebody else's eyes. */
let session: Session = { status: "starting" };
/** What the page is told. */
let shown: Session = session;
let view: View | null = null;
let viewEnds: ReturnType<typeof setTimeout> | undefined;
let ended: User | null = null;
/** Every token that was looked with: what was asked with one of them is never asked again as oneself. */
const lookedWith = new Set<string>();
let access: { token: string; expiresAt: number } | null = null;
let refreshing: Promise<string | null> | null = null;
const listeners = new Set<() => void>();
const tabs =
  typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(`pingvas-session${BASE_PATH}`);

tabs?.addEventListener("message", (event: MessageEvent<TabMessage>) => {
  const message = event.data;
  if (message.kind === "signed-out") {
    forget(message.problem && new Problem(message.problem));
  } else {
    remember(message);
  }
});

export function readSession(): Session {
  return shown;
}

export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Takes the tokens of a sign-in, and lets the other tabs have them. */
export function signIn(tokens: Tokens): void {
  const message = {
    kind: "tokens",
    token: tokens.access_token,
    expiresAt: Date.now() + tokens.expires_in * 1000,
    user: tokens.user,
  } as const;
  remember(message);
  tabs?.postMessage(message satisfies TabMessage);
}

/** From now on this tab shows what that person sees, until the token is over or `endView`. The other tabs stay where they are. */
export function lookAs(user: User, token: string, seconds: number): void {
  lookedWith.add(token);
  view = { token, expiresAt: Date.now() + seconds * 1000, user };
  viewEnds = setTimeout(endView, seconds * 1000);
  show();
}

/** Back to oneself. */
export function endView(): void {
  if (!view) return;
  ended = view.user;
  forgetView();
  show();
}

/** Who was looked at until a moment ago. Once: a second call says nobody. */
export function takeEndedView(): User | null {
  const was = ended;
  ended = null;
  return was;
}

/** Ends the session here and in the other tabs. The server is told by the caller. */
export function signOut(problem?: Problem): void {
  forget(problem);
  const told = problem && { code: problem.code, status: problem.status, words: problem.words };
  tabs?.postMessage({ kind: "signed-out", problem: told } satisfies TabMessage);
}

/** Finds out, when the page opens, whether the cookie still stands for somebody. */
export async function startSession(): Promise<void> {
  if (session.status === "unreachable") change({ status: "starting" });
  try {
    await refresh();
  } catch {
    // A tab that signed in meanwhile is right, and we are late.
    if (readSession().status === "starting") change({ status: "unreachable" });
  }
}

/** Nobody is signed in here, as far as this browser knows: the studio is not asked. Another tab may know better, and says so. */
export function startSignedOut(): void {
  if (session.status === "starting") change({ status: "signed-out" });
}

/** An access token that will last for a moment; null when nobody is signed in. Throws when nobody can say. */
export async function freshToken(): Promise<string | null> {
  if (view) return viewToken();
  if (access && access.expiresAt - Date.now() > MARGIN_MS) return access.token;
  if (session.status === "signed-out") return null;
  return refresh();
}

/** A new access token; null when nobody is signed in, or when it is somebody else's eyes that are closed by that. */
export function refresh(): Promise<string | null> {
  if (!view) return refreshOwn();
  endView();
  return Promise.resolve(null);
}

/** Another token for a call whose own one was refused; null when it is not to be made again. */
export function renew(refused: string): Promise<string | null> {
  if (!isViewToken(refused)) return refreshOwn();
  if (view?.token === refused) endView();
  return Promise.resolve(null);
}

/** Whether what was asked with it was asked through somebody else's eyes. */
export function isViewToken(token: string): boolean {
  return lookedWith.has(token);
}

/** By the cookie, once for all callers and all tabs. */
function refreshOwn(): Promise<string | null> {
  refreshing ??= inTurn(refreshNow).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function refreshNow(before: string | undefined): Promise<string | null> {
  // While this tab waited for its turn another one did the work and told us.
  if (access && access.token !== before) return access.token;
  let response: Response;
  try {
    response = await fetch(`${BASE_PATH}/api/v1/auth/refresh`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...CLIENT_HEADER },
      credentials: "same-origin",
      body: "{}",
    });
  } catch {
    throw unreachable();
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) {
    const tokens = body as Tokens;
    signIn(tokens);
    return tokens.access_token;
  }
  const problem = problemFrom(body, response);
  if (!refusedForGood(problem)) throw problem;
  signOut(problem.code === "account_suspended" ? problem : undefined);
  return null;
}

/** Only a plain "no" ends a session; a studio that is busy or restarting does not. */
function refusedForGood(problem: Problem): boolean {
  return problem.status >= 400 && problem.status < 500 && problem.status !== 429;
}

async function inTurn(work: (before: string | undefined) => Promise<string | null>): Promise<string | null> {
  const before = access?.token;
  // Browsers offer locks on HTTPS and localhost only. Elsewhere the server's grace for two tabs has to do.
  const locks = (navigator as Partial<Navigator>).locks;
  return locks ? await locks.request(`pingvas-refresh${BASE_PATH}`, () => work(before)) : await work(before);
}

function viewToken(): string | null {
  if (view && view.expiresAt > Date.now()) return view.token;
  endView();
  return null;
}

function forgetView(): void {
  view = null;
  clearTimeout(viewEnds);
}

function remember(news: { token: string; expiresAt: number; user: User }): void {
  access = { token: news.token, expiresAt: news.expiresAt };
  rememberSignedIn(true);
  change({ status: "signed-in", user: news.user });
}

function forget(problem?: Problem): void {
  access = null;
  rememberSignedIn(false);
  change({ status: "signed-out", ...(problem && { problem }) });
}

function change(next: Session): void {
  // Whoever is not there any more looks at nobody.
  if (view && !samePerson(session, next)) forgetView();
  session = next;
  show();
}

function samePerson(one: Session, other: Session): boolean {
  return one.status === "signed-in" && other.status === "signed-in" && one.user.id === other.user.id;
}

function show(): void {
  shown = view ? { status: "signed-in", user: view.user, viewed: true } : session;
  for (const listener of listeners) listener();
}
