/** What can be done to a picture that is open and lies in the trash: back, or gone for good after a question. */
import { useState, type ReactNode } from "react";

import type { Image } from "@/api/types";
import { actionOfKey } from "@/entities/action";
import { ActionQuestion } from "@/entities/ActionQuestion";
import { deleteForGood } from "@/entities/image/actions/deleteForGood";
import { restoreImage } from "@/entities/image/actions/restoreImage";
import { menuEntry, readyAction } from "@/entities/readyAction";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import type { Press } from "@/shortcuts/press";
import type { MenuEntry } from "@/ui/Menu";

export interface Trashed {
  busy: boolean;
  restore: (image: Image) => void;
  /** Asks first. */
  remove: (image: Image) => void;
  entriesOf: (image: Image) => MenuEntry[];
  onKey: (image: Image, press: Press) => boolean;
  question: ReactNode;
}

export function useTrashed({ onBack, onGone }: { onBack: () => void; onGone: () => void }): Trashed {
  const i18n = useI18n();
  const restoring = useAction(restoreImage);
  const deleting = useAction(deleteForGood);
  const [asked, setAsked] = useState<Image | null>(null);
  const restore = (image: Image) => restoring.run(image, onBack);
  const entriesOf = (image: Image) =>
    [
      ...readyAction(restoreImage, image, () => restore(image)),
      ...readyAction(deleteForGood, image, () => setAsked(image)),
    ].map((one) => menuEntry(one, i18n));
  const onKey = (image: Image, press: Press) => {
    const action = actionOfKey([restoreImage, deleteForGood], image, press);
    if (action === restoreImage) restore(image);
    else if (action) setAsked(image);
    return action !== undefined;
  };
  const question = asked && (
    <ActionQuestion
      action={deleteForGood}
      thing={asked}
      busy={deleting.busy}
      onConfirm={() =>
        deleting.run(asked, () => {
          setAsked(null);
          onGone();
        })
      }
      onClose={() => setAsked(null)}
    />
  );
  return { busy: restoring.busy, restore, remove: setAsked, entriesOf, onKey, question };
}
