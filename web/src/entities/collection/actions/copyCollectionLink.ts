import { LinkIcon } from "lucide-react";

import { BASE_PATH } from "@/api/basePath";
import type { Collection } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { copyText } from "@/ui/clipboard";
import { toast } from "@/ui/toasts";

/** The address at which everybody sees it. */
export const copyCollectionLink: RunAction<Pick<Collection, "id" | "visibility">> = {
  label: "picture.copy_link",
  icon: LinkIcon,
  offered: ({ visibility }) => visibility === "public",
  run: async ({ id }, { i18n }) => {
    const copied = await copyText(new URL(`${BASE_PATH}/c/${id}`, window.location.href).href);
    toast(i18n.t(copied ? "picture.link_copied" : "picture.not_copied"), copied ? "good" : "bad");
  },
};
