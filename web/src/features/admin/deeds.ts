/** What an admin can do to somebody: each asks why, and is in the audit log. */
import {
  BanIcon,
  CoinsIcon,
  KeyRoundIcon,
  LogOutIcon,
  ShieldCheckIcon,
  ShieldOffIcon,
  SmartphoneIcon,
  UndoIcon,
  type LucideIcon,
} from "lucide-react";

import {
  endSessionsOf,
  giveBonusCredits,
  removeSecondFactorOf,
  restorePerson,
  revokeKeysOf,
  setRole,
  suspendPerson,
} from "@/api/generated";
import type { PersonDetails } from "@/api/types";

interface DeedEntries {
  reason: string;
  credits: number;
  /** null: they do not expire. */
  keepDays: number | null;
  /** Marks this one: pressed again, it is not done again. */
  key: string;
}

type DeedName =
  | "give_credits"
  | "suspend"
  | "restore"
  | "make_admin"
  | "make_user"
  | "end_sessions"
  | "revoke_keys"
  | "remove_second_factor";

export interface Deed {
  name: DeedName;
  icon: LucideIcon;
  danger?: boolean;
  offered: (person: PersonDetails) => boolean;
  /** How many it was, for deeds that count. */
  run: (id: string, entries: DeedEntries) => Promise<number>;
}

const path = (id: string) => ({ user_id: id });

export const DEEDS: readonly Deed[] = [
  {
    name: "give_credits",
    icon: CoinsIcon,
    offered: ({ status }) => status !== "deleted",
    run: async (id, { reason, credits, keepDays, key }) => {
      const body = { reason, credits, keep_days: keepDays };
      await giveBonusCredits({ path: path(id), body, headers: { "idempotency-key": key } });
      return credits;
    },
  },
  {
    name: "make_admin",
    icon: ShieldCheckIcon,
    offered: ({ role, status }) => role === "user" && status === "active",
    run: async (id, { reason }) => {
      await setRole({ path: path(id), body: { reason, role: "admin" } });
      return 1;
    },
  },
  {
    name: "make_user",
    icon: ShieldOffIcon,
    danger: true,
    offered: ({ role }) => role === "admin",
    run: async (id, { reason }) => {
      await setRole({ path: path(id), body: { reason, role: "user" } });
      return 1;
    },
  },
  {
    name: "end_sessions",
    icon: LogOutIcon,
    danger: true,
    offered: ({ devices }) => devices > 0,
    run: async (id, { reason }) => (await endSessionsOf({ path: path(id), body: { reason } })).count,
  },
  {
    name: "revoke_keys",
    icon: KeyRoundIcon,
    danger: true,
    offered: ({ api_keys }) => api_keys > 0,
    run: async (id, { reason }) => (await revokeKeysOf({ path: path(id), body: { reason } })).count,
  },
  {
    name: "remove_second_factor",
    icon: SmartphoneIcon,
    danger: true,
    offered: ({ second_factor }) => second_factor,
    run: async (id, { reason }) => {
      await removeSecondFactorOf({ path: path(id), body: { reason } });
      return 1;
    },
  },
  {
    name: "restore",
    icon: UndoIcon,
    offered: ({ status }) => status === "suspended",
    run: async (id, { reason }) => {
      await restorePerson({ path: path(id), body: { reason } });
      return 1;
    },
  },
  {
    name: "suspend",
    icon: BanIcon,
    danger: true,
    offered: ({ status }) => status === "active",
    run: async (id, { reason }) => {
      await suspendPerson({ path: path(id), body: { reason } });
      return 1;
    },
  },
];
