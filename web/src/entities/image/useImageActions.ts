/** All that can be done to a picture where it stands: once for its buttons, its menus and its keys. */
import { useNavigate } from "react-router";

import type { Image, Recipe } from "@/api/types";
import { actionOfKey } from "@/entities/action";
import { readyAction, menuEntry, type ReadyAction } from "@/entities/readyAction";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import type { Press } from "@/shortcuts/press";
import type { MenuEntry } from "@/ui/Menu";

import { copyLink } from "./actions/copyLink";
import { copyPrompt } from "./actions/copyPrompt";
import { deleteImage } from "./actions/deleteImage";
import { downloadImage } from "./actions/downloadImage";
import { downloadPlain } from "./actions/downloadPlain";
import { favoriteImage } from "./actions/favoriteImage";
import { reuseImage } from "./actions/reuseImage";
import { shareImage, VISIBILITIES, type Visibility } from "./actions/shareImage";
import { startFromImage } from "./actions/startFromImage";
import { saveFile } from "./saveFile";

export function useImageActions() {
  const i18n = useI18n();
  const navigate = useNavigate();
  const favoring = useAction(favoriteImage);
  const deleting = useAction(deleteImage);
  const downloadingPlain = useAction(downloadPlain);
  const copyingPrompt = useAction(copyPrompt);
  const copyingLink = useAction(copyLink);
  const sharing = useAction(shareImage);

  const share = (image: Image, visibility: Visibility) => sharing.run({ id: image.id, visibility });

  /** `remove` instead of deleting at once: whoever shows the picture may have to show another one first. */
  const actionsOf = (image: Image, remove: (image: Image) => void = deleting.run): ReadyAction[][] => {
    const recipe = image.generation_params as Recipe;
    return [
      [
        ...readyAction(favoriteImage, image, () => favoring.run(image)),
        ...readyAction(downloadImage, image, () => saveFile(downloadImage.file(image))),
        ...readyAction(downloadPlain, image, () => downloadingPlain.run(image)),
        ...readyAction(copyPrompt, recipe, () => copyingPrompt.run(recipe)),
      ],
      [
        ...readyAction(reuseImage, image, () => void navigate(reuseImage.to(image))),
        ...readyAction(startFromImage, image, () => void navigate(startFromImage.to(image))),
      ],
      [...readyAction(copyLink, image, () => copyingLink.run(image))],
      [...readyAction(deleteImage, image, () => remove(image))],
    ];
  };

  const entriesOf = (image: Image, remove?: (image: Image) => void): MenuEntry[] => {
    const [see = [], make = [], link = [], end = []] = actionsOf(image, remove);
    const entries = (actions: ReadyAction[]) => actions.map((one) => menuEntry(one, i18n));
    const visibility: MenuEntry = {
      kind: "submenu",
      label: i18n.t("picture.visible_to"),
      icon: shareImage.icon,
      entries: VISIBILITIES.map((value) => ({
        kind: "check",
        label: i18n.t(`picture.visibility.${value}`),
        checked: image.visibility === value,
        onChange: () => share(image, value),
      })),
    };
    return [
      ...entries(see),
      { kind: "line" },
      ...entries(make),
      { kind: "line" },
      visibility,
      ...entries(link),
      { kind: "line" },
      ...entries(end),
    ];
  };

  /** Does what the key asks for. False when it asks for nothing. */
  const onKey = (image: Image, press: Press, remove?: (image: Image) => void): boolean => {
    const found = actionOfKey(actionsOf(image, remove).flat(), null, press);
    found?.perform();
    return found !== undefined;
  };

  return { favorite: favoring.run, remove: deleting.run, share, copyLink: copyingLink.run, entriesOf, onKey };
}
