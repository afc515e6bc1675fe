import { LinkIcon } from "lucide-react";

import { BASE_PATH } from "@/api/basePath";
import type { Image } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { copyText } from "@/ui/clipboard";
import { toast } from "@/ui/toasts";

/** The page of the picture, which needs no account. Before somebody else may see it, there is none to give away. */
export const copyLink: RunAction<Image> = {
  label: "picture.copy_link",
  icon: LinkIcon,
  keys: ["l"],
  offered: ({ visibility }) => visibility !== "private",
  run: async ({ id }, { i18n }) => {
    const copied = await copyText(new URL(`${BASE_PATH}/i/${id}`, window.location.href).href);
    toast(i18n.t(copied ? "picture.link_copied" : "picture.not_copied"), copied ? "good" : "bad");
  },
};
