/** The frame of every page of somebody who is signed in: places, what goes on, and the page itself. */
import { Suspense, useEffect, useRef, useState, type ReactNode } from "react";
import { useLocation, useNavigate } from "react-router";

import type { User } from "@/api/types";
import { useJobEvents } from "@/entities/job/useJobEvents";
import { Announcements } from "@/entities/studio/Announcements";
import { useAnnouncementEvents } from "@/entities/studio/announcements";
import { useSubscriptionEvents } from "@/entities/subscription/useSubscriptionEvents";
import { useFollowPreferences } from "@/entities/user/useFollowPreferences";
import { useUserEvents } from "@/entities/user/useUserEvents";
import { useEndedView, ViewBar } from "@/entities/user/ViewBar";
import { ProveAddressLine } from "@/features/account/ProveAddressLine";
import { useWelcome } from "@/features/account/welcome";
import { createWords } from "@/features/create/words";
import { galleryWords } from "@/features/gallery/words";
import { uploadsWords } from "@/features/uploads/words";
import { useI18n } from "@/i18n/useI18n";
import { useRealtime } from "@/realtime/hooks";
import { useShortcuts } from "@/shortcuts/useShortcuts";
import { Toaster } from "@/ui/Toaster";
import { TooltipGroup } from "@/ui/TooltipGroup";

import { AppHeader } from "./AppHeader";
import styles from "./AppLayout.module.css";
import { ConnectionLine } from "./ConnectionLine";
import type { Opened } from "./opened";
import { page } from "./page";
import { HOME, placesOf } from "./places";
import { ProofGate } from "./ProofGate";
import { Rail } from "./Rail";
import { rereadWhatEventsChange } from "./serverEvents";
import { SHELL } from "./shellShortcuts";
import { useArrival } from "./useArrival";

const Uploads = page(async () => (await import("@/features/uploads/Uploads")).Uploads, uploadsWords);
const Palette = page(async () => (await import("./palette/Palette")).Palette);
// It has the words of all whose keys it tells.
const ShortcutSheet = page(
  async () => (await import("./palette/ShortcutSheet")).ShortcutSheet,
  createWords,
  galleryWords,
);

export function AppLayout({ user, children }: { user: User; children: ReactNode }) {
  const { t } = useI18n();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const main = useRef<HTMLElement>(null);
  const [opened, setOpened] = useState<Opened>(null);
  const places = placesOf(user);

  useRealtime(rereadWhatEventsChange);
  useArrival(main);
  useShortcuts([
    ...places.map((place) => ({ shortcut: place, run: () => void navigate(place.path) })),
    ...(["palette", "shortcuts", "jobs", "notices"] as const).map((name) => ({
      shortcut: SHELL[name],
      run: () => setOpened((before) => (before === name ? null : name)),
    })),
  ]);
  useWhenIdle(
    [...places.map(({ Page }) => Page), Palette, ShortcutSheet].map((part) => () => part.preload()),
  );
  useWelcome();
  useEndedView();

  const close = () => setOpened(null);
  return (
    <TooltipGroup>
      <Events />
      <div className={styles.layout}>
        <a
          href="#main"
          className={styles.skip}
          onClick={(event) => {
            event.preventDefault();
            main.current?.focus();
          }}
        >
          {t("nav.skip")}
        </a>
        <AppHeader user={user} jobsInView={pathname === HOME} opened={opened} onOpen={setOpened} />
        <Rail places={places.filter(({ notInRail }) => !notInRail)} />
        <div className={styles.content}>
          <div className={styles.lines}>
            <ViewBar />
            <ConnectionLine />
          </div>
          <Announcements />
          <ProveAddressLine user={user} />
          <main id="main" ref={main} className={styles.main} tabIndex={-1}>
            {children}
          </main>
        </div>
        <Suspense>
          {opened === "palette" && <Palette user={user} onOpen={setOpened} onClose={close} />}
          {opened === "shortcuts" && <ShortcutSheet user={user} onClose={close} />}
        </Suspense>
      </div>
      <Suspense fallback={null}>
        <Uploads />
      </Suspense>
      <ProofGate />
      <Toaster />
    </TooltipGroup>
  );
}

/** Apart from the frame, which is not to be drawn anew with each step of a job. */
function Events() {
  useJobEvents();
  useUserEvents();
  useSubscriptionEvents();
  useFollowPreferences();
  useAnnouncementEvents();
  return null;
}

/**
 * One after the other, each when the browser has nothing else to do: what is a click away is there before it, and offline too.
 */
function useWhenIdle(works: readonly (() => void)[]): void {
  const once = useRef(works);
  useEffect(() => {
    const left = [...once.current];
    let stop: () => void = () => undefined;
    const next = () => {
      left.shift()?.();
      if (left.length > 0) stop = whenIdle(next);
    };
    stop = whenIdle(next);
    return () => stop();
  }, []);
}

function whenIdle(work: () => void): () => void {
  // Safari has no idle callbacks.
  const browser: Partial<Pick<Window, "requestIdleCallback">> = window;
  const handle = browser.requestIdleCallback?.(work);
  if (handle !== undefined) return () => window.cancelIdleCallback(handle);
  const timer = window.setTimeout(work, 1_000);
  return () => window.clearTimeout(timer);
}
