/** What is seen by whom: the way in, or the studio. */
import { Suspense } from "react";
import { BrowserRouter, Navigate, Route, Routes, useLocation } from "react-router";

import { startSession } from "@/api/session";
import { useSession } from "@/entities/user/useSession";
import { useI18n } from "@/i18n/useI18n";
import { Brand } from "@/ui/Brand";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/States";
import { Toaster } from "@/ui/Toaster";
import { useTitle } from "@/ui/useTitle";

import styles from "./App.module.css";
import { LinkPage, SignedIn, SignInPage, SignUpPage } from "./entrances";
import { ErrorBoundary } from "./ErrorBoundary";

export function App() {
  return (
    <BrowserRouter>
      <ErrorBoundary>
        <Suspense fallback={<Starting />}>
          <Pages />
        </Suspense>
      </ErrorBoundary>
      <Toaster />
    </BrowserRouter>
  );
}

function Pages() {
  const session = useSession();
  const { pathname } = useLocation();

  if (pathname === "/sign-in/link") return <LinkPage />;
  if (session.status === "starting") return <Starting />;
  if (session.status === "unreachable") return <Unreachable />;
  if (session.status === "signed-out") {
    return (
      <Routes>
        <Route path="/sign-in" element={<SignInPage />} />
        <Route path="/sign-up" element={<SignUpPage />} />
        <Route path="*" element={<ToSignIn />} />
      </Routes>
    );
  }
  // Another account is another page altogether: nothing of the one before stays mounted.
  return <SignedIn key={session.user.id} user={session.user} />;
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

/** Shown for a moment mostly: the name, and a sign of life. */
function Starting() {
  const { t } = useI18n();
  return (
    <main className={styles.whole} aria-busy="true">
      <span className={styles.starting}>
        <Brand />
      </span>
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
