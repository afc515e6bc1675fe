/** What a prompt understands besides words, behind a small button. */
import { CircleQuestionMarkIcon } from "lucide-react";

import { useI18n } from "@/i18n/useI18n";
import { Popover } from "@/ui/Popover";

import styles from "./PromptHelp.module.css";

/** The signs are the same in every language; what they do is said in the page's. */
const SIGNS = [
  ["(red:1.3)", "create.help_weight"],
  ["[red]", "create.help_less"],
  ["{red|blue}", "create.help_wildcard"],
  ["<lora:name:0.8>", "create.help_lora"],
  ["BREAK", "create.help_break"],
] as const;

export function PromptHelp() {
  const { t } = useI18n();
  return (
    <Popover small label={t("create.help")} button={<CircleQuestionMarkIcon size={18} />}>
      <dl className={styles.list}>
        {SIGNS.map(([sign, key]) => (
          <div key={sign}>
            <dt>
              <code>{sign}</code>
            </dt>
            <dd>{t(key)}</dd>
          </div>
        ))}
      </dl>
    </Popover>
  );
}
