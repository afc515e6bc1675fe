/** Which page stands at which address, and who may see it. */
import { Suspense } from "react";
import { BrowserRouter, Navigate, Route, Routes, useLocation } from "react-router";

import { startSession } from "@/api/session";
import { useSession } from "@/entities/user/useSession";
import { entityWords } from "@/entities/words";
import { accountWords } from "@/features/account/words";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Empty, Loading } from "@/ui/States";
import { Toaster } from "@/ui/Toaster";

import styles from "./App.module.css";
import { page } from "./page";

const SignInPage = page(async () => (await import("@/features/account/AuthPages")).SignInPage, accountWords);
const SignUpPage = page(async () => (await import("@/features/account/AuthPages")).SignUpPage, accountWords);
const LinkPage = page(async () => (await import("@/features/account/LinkPage")).LinkPage, accountWords);
const SignedIn = page(async () => (await import("./SignedIn")).SignedIn, entityWords, accountWords);

export function App() {
  return (
    <BrowserRouter>
      <Suspense fallback={<Starting />}>
        <Pages />
      </Suspense>
      <Toaster />
    </BrowserRouter>
  );
}

function Pages() {
  const { t } = useI18n();
  const session = useSession();
  const { pathname } = useLocation();

  if (pathname === "/sign-in/link") return <LinkPage />;
  if (session.status === "starting") return <Starting />;
  if (session.status === "unreachable") {
    return (
      <div className={styles.whole}>
        <Empty title={t("app.unreachable_title")} text={t("problem.unreachable")}>
          <Button look="primary" onClick={() => void startSession()}>
            {t("action.try_again")}
          </Button>
        </Empty>
      </div>
    );
  }
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

function Starting() {
  const { t } = useI18n();
  return (
    <div className={styles.whole}>
      <Loading label={t("app.starting")} />
    </div>
  );
}

/** Remembers where somebody wanted to go. */
function ToSignIn() {
  const { pathname, search } = useLocation();
  const next = pathname === "/" ? "" : `?next=${encodeURIComponent(pathname + search)}`;
  return <Navigate to={`/sign-in${next}`} replace />;
}
