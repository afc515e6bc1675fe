/** What is seen by whom: the way in, or the studio. */
import { Suspense, useDeferredValue, type ReactNode } from "react";
import { BrowserRouter, matchPath, Navigate, Route, Routes, useLocation } from "react-router";

import { BASE_PATH } from "@/api/basePath";
import { startSession, type Session } from "@/api/session";
import { wasSignedIn } from "@/api/signedInHere";
import { useSession } from "@/entities/user/useSession";
import { useI18n } from "@/i18n/useI18n";
import { Brand } from "@/ui/Brand";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import styles from "./App.module.css";
import {
  FOR_EVERYBODY,
  Leaving,
  PublicCollection,
  PublicExplore,
  PublicPicture,
  SecondFactorPage,
  SignedIn,
  SignInPage,
  SignUpPage,
} from "./entrances";
import { ErrorBoundary } from "./ErrorBoundary";
import { OfflineLine } from "./OfflineLine";

export function App() {
  return (
    <BrowserRouter basename={BASE_PATH || "/"}>
      <ErrorBoundary>
        <Suspense fallback={<Starting />}>
          <Pages />
        </Suspense>
      </ErrorBoundary>
    </BrowserRouter>
  );
}

const SHOWN_TO_ALL = { "/c/:id": PublicCollection, "/i/:id": PublicPicture };
const EXPLORE = "/explore";
const WAYS_IN = {
  "/sign-in": SignInPage,
  "/sign-up": SignUpPage,
  "/sign-in/second-factor": SecondFactorPage,
};

function Pages() {
  const session = useSessionInPieces();
  const { pathname } = useLocation();

  const ForEverybody = isForEverybody(pathname) ? FOR_EVERYBODY[pathname] : null;
  if (ForEverybody) return <Outside page={<ForEverybody />} />;
  for (const [path, Shown] of Object.entries(SHOWN_TO_ALL)) {
    const id = matchPath(path, pathname)?.params.id;
    if (id !== undefined) return <Outside page={<Shown key={id} id={id} />} />;
  }
  // Whoever was not signed in here, and comes to sign in, need not wait for the studio to say that they are not.
  const mustWait =
    session.status === "starting" && (wasSignedIn() || !(pathname in WAYS_IN || pathname === EXPLORE));
  if (mustWait) return <Starting />;
  if (pathname === EXPLORE && session.status !== "signed-in") return <Outside page={<PublicExplore />} />;
  if (session.status === "unreachable") return <Unreachable />;
  if (session.status !== "signed-in") {
    return <Outside page={<WaysIn />} />;
  }
  if (session.user.status === "deleted") return <Leaving key={session.user.id} />;
  // Another account is another page altogether: nothing of the one before stays mounted.
  return <SignedIn key={session.user.id} user={session.user} />;
}

function WaysIn() {
  return (
    <Routes>
      {Object.entries(WAYS_IN).map(([path, Page]) => (
        <Route key={path} path={path} element={<Page />} />
      ))}
      {/* Another service said who is there, and yet nobody is: its cookie did not come along. */}
      <Route path="/sign-in/done" element={<Navigate to="/sign-in?problem=not_signed_in" replace />} />
      <Route path="*" element={<ToSignIn />} />
    </Routes>
  );
}

/** Without the frame of the studio, in which the line about the connection stands otherwise. */
function Outside({ page }: { page: ReactNode }) {
  return (
    <>
      <OfflineLine />
      {page}
    </>
  );
}

/** Whoever arrives signed in sees the studio at once and whole: it is drawn in pieces, between which the page can take a key. */
function useSessionInPieces(): Session {
  const now = useSession();
  const later = useDeferredValue(now);
  return now.status === "signed-in" && later.status === "starting" ? later : now;
}

function isForEverybody(path: string): path is keyof typeof FOR_EVERYBODY {
  return path in FOR_EVERYBODY;
}

function Unreachable() {
  const { t } = useI18n();
  useTitle(t("app.unreachable_title"));
  return (
    <main className={styles.whole}>
      <Empty page title={t("app.unreachable_title")} text={t("problem.unreachable")}>
        <Button look="primary" onClick={() => void startSession()}>
          {t("action.try_again")}
        </Button>
      </Empty>
    </main>
  );
}

/** As in index.html, which is seen before: nothing changes until there is something to see. */
function Starting() {
  const { t } = useI18n();
  return (
    <main className="starting" aria-busy="true">
      <Brand />
      <span className="visually-hidden" role="status">
        {t("app.starting")}
      </span>
    </main>
  );
}

/** Remembers where somebody wanted to go. */
function ToSignIn() {
  const { pathname, search } = useLocation();
  const next = pathname === "/" ? "" : `?next=${encodeURIComponent(pathname + search)}`;
  return <Navigate to={`/sign-in${next}`} replace />;
}
