/** The pages of one's account: one line each, as the places are. */
import {
  DatabaseIcon,
  KeyRoundIcon,
  LogInIcon,
  MonitorSmartphoneIcon,
  SlidersHorizontalIcon,
  UserIcon,
  type LucideIcon,
} from "lucide-react";
import type { ComponentType } from "react";

import { settingsWords } from "@/features/settings/words";
import type { Key } from "@/i18n/translate";

import { page } from "./page";

interface AccountSection {
  path: string;
  label: Key;
  icon: LucideIcon;
  Page: ComponentType & { preload: () => void };
}

const Profile = page(
  async () => (await import("@/features/settings/ProfilePage")).ProfilePage,
  settingsWords,
);
const SignIn = page(
  async () => (await import("@/features/settings/SignInMethodsPage")).SignInMethodsPage,
  settingsWords,
);
const Devices = page(
  async () => (await import("@/features/settings/DevicesPage")).DevicesPage,
  settingsWords,
);
const Keys = page(async () => (await import("@/features/settings/KeysPage")).KeysPage, settingsWords);
const Preferences = page(
  async () => (await import("@/features/settings/PreferencesPage")).PreferencesPage,
  settingsWords,
);
const Data = page(async () => (await import("@/features/settings/DataPage")).DataPage, settingsWords);

// prettier-ignore
export const ACCOUNT_SECTIONS: readonly AccountSection[] = [
  { path: "/account", label: "nav.account.profile", icon: UserIcon, Page: Profile },
  { path: "/account/sign-in", label: "nav.account.sign_in", icon: LogInIcon, Page: SignIn },
  { path: "/account/devices", label: "nav.account.devices", icon: MonitorSmartphoneIcon, Page: Devices },
  { path: "/account/keys", label: "nav.account.keys", icon: KeyRoundIcon, Page: Keys },
  { path: "/account/preferences", label: "nav.account.preferences", icon: SlidersHorizontalIcon, Page: Preferences },
  { path: "/account/data", label: "nav.account.data", icon: DatabaseIcon, Page: Data },
];
