import { CopyIcon } from "lucide-react";

import type { Recipe } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { copyText } from "@/ui/clipboard";
import { toast } from "@/ui/toasts";

export const copyPrompt: RunAction<Recipe> = {
  label: "picture.copy_prompt",
  icon: CopyIcon,
  keys: ["c"],
  offered: ({ prompt }) => Boolean(prompt),
  run: async ({ prompt = "" }, { i18n }) => {
    const copied = await copyText(prompt);
    toast(i18n.t(copied ? "picture.copied" : "picture.not_copied"), copied ? "good" : "bad");
  },
};
