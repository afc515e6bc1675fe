/** The first of what is shown, each loaded by itself: before somebody signs in, nothing of what comes after is. */
import { entityWords } from "@/entities/words";
import { accountWords } from "@/features/account/words";
import { collectionWords } from "@/features/collections/words";
import { exploreWords } from "@/features/explore/words";
import { galleryWords } from "@/features/gallery/words";
import { noticeWords } from "@/features/notices/words";
import { settingsWords } from "@/features/settings/words";
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
export const SecondFactorPage = page(
  async () => (await import("@/features/account/SecondFactorPage")).SecondFactorPage,
  accountWords,
);
const LinkPage = page(async () => (await import("@/features/account/LinkPage")).LinkPage, accountWords);
const ForgotPasswordPage = page(
  async () => (await import("@/features/account/ForgotPasswordPage")).ForgotPasswordPage,
  accountWords,
);
const ResetPasswordPage = page(
  async () => (await import("@/features/account/ResetPasswordPage")).ResetPasswordPage,
  accountWords,
);
const VerifyEmailPage = page(
  async () => (await import("@/features/account/VerifyEmailPage")).VerifyEmailPage,
  accountWords,
);
const ConfirmEmailPage = page(
  async () => (await import("@/features/account/ConfirmEmailPage")).ConfirmEmailPage,
  accountWords,
);

/** What a mail leads to, and what is asked for without signing in: the same for everybody, whoever is signed in here. */
export const FOR_EVERYBODY = {
  "/sign-in/link": LinkPage,
  "/forgot-password": ForgotPasswordPage,
  "/reset-password": ResetPasswordPage,
  "/verify-email": VerifyEmailPage,
  "/confirm-email": ConfirmEmailPage,
};

/** A collection that everybody may see. */
export const PublicCollection = page(
  async () => (await import("@/features/collections/PublicCollectionPage")).PublicCollectionPage,
  entityWords,
  collectionWords,
);

/** A picture that others may see. */
export const PublicPicture = page(
  async () => (await import("./PublicPages")).PublicPicture,
  entityWords,
  exploreWords,
  galleryWords,
);
export const PublicExplore = page(
  async () => (await import("./PublicPages")).PublicExplore,
  entityWords,
  exploreWords,
);

/** Somebody whose account is deleted and not yet gone. */
export const Leaving = page(
  async () => (await import("@/features/settings/LeavingPage")).LeavingPage,
  accountWords,
  settingsWords,
);
export const SignedIn = page(
  async () => (await import("./SignedIn")).SignedIn,
  entityWords,
  accountWords,
  noticeWords,
  trayWords,
);
