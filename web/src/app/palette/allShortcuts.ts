/** Every shortcut of the page by where it is heard: the sheet shows them, and a test finds two that are the same. */
import type { User } from "@/api/types";
import { moveEarlier } from "@/entities/collection/actions/moveEarlier";
import { moveLater } from "@/entities/collection/actions/moveLater";
import { takeOut } from "@/entities/collection/actions/takeOut";
import { deleteForGood } from "@/entities/image/actions/deleteForGood";
import { deleteImage } from "@/entities/image/actions/deleteImage";
import { favoriteImage } from "@/entities/image/actions/favoriteImage";
import { restoreImage } from "@/entities/image/actions/restoreImage";
import { SUBMIT } from "@/features/create/shortcuts";
import { REVIEW, VIEWER, ZOOM } from "@/features/gallery/shortcuts";
import type { Key } from "@/i18n/translate";
import type { Shortcut } from "@/shortcuts/shortcut";

import { placesOf } from "../places";
import { SHELL } from "../shellShortcuts";

interface ShortcutGroup {
  where: Key;
  shortcuts: Shortcut[];
}

export function allShortcuts(user: User): ShortcutGroup[] {
  return [
    { where: "keys.everywhere", shortcuts: withKeys([...Object.values(SHELL), ...placesOf(user)]) },
    { where: "keys.create", shortcuts: withKeys([SUBMIT]) },
    {
      where: "keys.picture",
      shortcuts: withKeys([...Object.values(VIEWER), ...Object.values(ZOOM), favoriteImage, deleteImage]),
    },
    {
      where: "keys.review",
      shortcuts: withKeys([...Object.values(REVIEW), ...Object.values(ZOOM), favoriteImage]),
    },
    { where: "keys.collection", shortcuts: withKeys([moveEarlier, moveLater, takeOut]) },
    { where: "keys.trash", shortcuts: withKeys([restoreImage, deleteForGood]) },
  ];
}

/** An action need not have keys. */
function withKeys(all: readonly { label: Key; keys?: readonly string[] }[]): Shortcut[] {
  return all.flatMap(({ label, keys }) => (keys && keys.length > 0 ? { label, keys } : []));
}
