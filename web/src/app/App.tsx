/** Which page stands at which address, and who may see it. */
import { BrowserRouter, Navigate, Route, Routes, useLocation, useSearchParams } from "react-router";

import { startSession } from "@/api/session";
import { useSession } from "@/entities/user/useSession";
import { LinkPage, SignInPage, SignUpPage } from "@/features/account/AuthPages";
import { CreditsPage } from "@/features/billing/CreditsPage";
import { GalleryPage } from "@/features/gallery/GalleryPage";
import { useI18n } from "@/i18n/useI18n";
import { Empty, Loading } from "@/ui/States";
import { Button } from "@/ui/Button";
import { Toaster } from "@/ui/Toaster";

import styles from "./App.module.css";
import { AppLayout } from "./AppLayout";
import { CreatePage } from "./CreatePage";
import { NotFoundPage } from "./NotFoundPage";

export function App() {
  return (
    <BrowserRouter>
      <Pages />
      <Toaster />
    </BrowserRouter>
  );
}

function Pages() {
  const { t } = useI18n();
  const session = useSession();
  const { pathname } = useLocation();

  if (pathname === "/sign-in/link") return <LinkPage />;
  if (session.status === "starting") {
    return (
      <div className={styles.whole}>
        <Loading label={t("app.starting")} />
      </div>
    );
  }
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
  const { user } = session;
  return (
    <Routes>
      {/* Another account is another page altogether: nothing of the one before stays mounted. */}
      <Route key={user.id} element={<AppLayout key={user.id} user={user} />}>
        <Route path="/" element={<Navigate to="/create" replace />} />
        <Route path="/create" element={<CreatePage user={user} />} />
        <Route path="/gallery" element={<GalleryPage />} />
        <Route path="/credits" element={<CreditsPage />} />
        <Route path="/sign-in" element={<Onward />} />
        <Route path="/sign-up" element={<Onward />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}

/** Remembers where somebody wanted to go. */
function ToSignIn() {
  const { pathname, search } = useLocation();
  const next = pathname === "/" ? "" : `?next=${encodeURIComponent(pathname + search)}`;
  return <Navigate to={`/sign-in${next}`} replace />;
}

function Onward() {
  const [query] = useSearchParams();
  const next = query.get("next") ?? "/create";
  // Only a place of this site: "//elsewhere" would be another one.
  return <Navigate to={/^\/(?![/\\])/.test(next) ? next : "/create"} replace />;
}
