/** The places one can go to: one line each. The rail, the bar of a phone, the palette, the keys and the titles are made from it. */
import {
  CircleUserIcon,
  CoinsIcon,
  CompassIcon,
  FolderIcon,
  LayoutGridIcon,
  PencilIcon,
  ShieldIcon,
  Trash2Icon,
  type LucideIcon,
} from "lucide-react";
import type { ComponentType } from "react";

import type { User } from "@/api/types";
import { adminWords } from "@/features/admin/words";
import { billingWords } from "@/features/billing/words";
import { collectionWords } from "@/features/collections/words";
import { createWords } from "@/features/create/words";
import { exploreWords } from "@/features/explore/words";
import { galleryWords } from "@/features/gallery/words";
import { queueWords } from "@/features/queue/words";
import { settingsWords } from "@/features/settings/words";
import { trashWords } from "@/features/trash/words";
import type { Key } from "@/i18n/translate";
import type { Shortcut } from "@/shortcuts/shortcut";

import { page } from "./page";
import type { SkeletonShape } from "./PageSkeleton";

interface PageProps {
  user: User;
}

export interface Place extends Shortcut {
  path: string;
  label: Key;
  icon: LucideIcon;
  /** Whether this person has it; everybody, where this is missing. */
  isFor?: (user: User) => boolean;
  /** Whether it has pages of its own below its address. */
  nested?: boolean;
  /** Below the others: what is about the account rather than about pictures. */
  below?: boolean;
  /** Reached by the account menu, the palette and its keys; the rail is for what one goes to many times a day. */
  notInRail?: boolean;
  /** What is seen of it until it is there. */
  skeleton: SkeletonShape;
  Page: ComponentType<PageProps> & { preload: () => void };
}

const Create = page<PageProps>(
  async () => (await import("./CreatePage")).CreatePage,
  createWords,
  queueWords,
);
const Gallery = page<PageProps>(async () => (await import("./GalleryPages")).GalleryPages, galleryWords);
const Collections = page<PageProps>(
  async () => (await import("./CollectionPages")).CollectionPages,
  collectionWords,
  galleryWords,
);
const Explore = page<PageProps>(
  async () => (await import("@/features/explore/ExplorePage")).ExplorePage,
  exploreWords,
);
const Trash = page<PageProps>(async () => (await import("@/features/trash/TrashPage")).TrashPage, trashWords);
const Credits = page<PageProps>(async () => (await import("./BillingPages")).BillingPages, billingWords);
const Admin = page<PageProps>(async () => (await import("./AdminPages")).AdminPages, adminWords);

const Account = page<PageProps>(async () => (await import("./AccountPage")).AccountPage, settingsWords);

// prettier-ignore
const PLACES: readonly Place[] = [
  { path: "/create", label: "nav.create", icon: PencilIcon, keys: ["g c"], skeleton: "form", Page: Create },
  { path: "/gallery", label: "nav.gallery", icon: LayoutGridIcon, keys: ["g g"], nested: true, skeleton: "grid", Page: Gallery },
  { path: "/collections", label: "nav.collections", icon: FolderIcon, keys: ["g l"], nested: true, skeleton: "grid", Page: Collections },
  { path: "/explore", label: "nav.explore", icon: CompassIcon, keys: ["g x"], skeleton: "grid", Page: Explore },
  { path: "/trash", label: "nav.trash", icon: Trash2Icon, keys: ["g t"], notInRail: true, skeleton: "grid", Page: Trash },
  { path: "/credits", label: "nav.credits", icon: CoinsIcon, keys: ["g b"], nested: true, below: true, skeleton: "table", Page: Credits },
  { path: "/account", label: "nav.account", icon: CircleUserIcon, keys: ["g a"], notInRail: true, nested: true, skeleton: "table", Page: Account },
  { path: "/admin", label: "nav.admin", icon: ShieldIcon, keys: ["g u"], isFor: isAdmin, nested: true, below: true, skeleton: "table", Page: Admin },
];

/** Where one arrives. */
export const HOME = "/create";

export function placesOf(user: User): Place[] {
  return PLACES.filter(({ isFor }) => isFor?.(user) ?? true);
}

/** The one that an address belongs to. */
export function placeAt(pathname: string): Place | undefined {
  return PLACES.find(({ path, nested }) => pathname === path || (nested && pathname.startsWith(`${path}/`)));
}

function isAdmin({ role }: User): boolean {
  return role === "admin";
}
