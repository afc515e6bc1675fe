/** The first of what is shown, each loaded by itself: before somebody signs in, nothing of what comes after is. */
import { entityWords } from "@/entities/words";
import { accountWords } from "@/features/account/words";
import { noticeWords } from "@/features/notices/words";
import { trayWords } from "@/features/tray/words";

import { page } from "./page";

export const SignInPage = page(
  async () => (await import("@/features/account/AuthPages")).SignInPage,
  accountWords,
);
export const SignUpPage = page(
  async () => (await import("@/features/account/AuthPages")).SignUpPage,
  accountWords,
);
export const LinkPage = page(
  async () => (await import("@/features/account/LinkPage")).LinkPage,
  accountWords,
);
export const SignedIn = page(
  async () => (await import("./SignedIn")).SignedIn,
  entityWords,
  accountWords,
  noticeWords,
  trayWords,
);
