/** What an empty studio teaches: a few prompts that this model understands. One press fills the form; nothing is made by it. */
import type { Checkpoint } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";

import { examplesFor, type Example } from "./examples";
import styles from "./Examples.module.css";
import { ShapeSign } from "./ShapeSign";

interface ExamplesProps {
  /** The one chosen; null while nobody knows. */
  model: Checkpoint | null;
  onChoose: (example: Example) => void;
}

export function Examples({ model, onChoose }: ExamplesProps) {
  const i18n = useI18n();
  const { t } = i18n;
  return (
    <div className={styles.first} data-first>
      <h2 className={styles.title}>{t("create.first_title")}</h2>
      <p className={styles.text}>{t("create.first_text")}</p>
      {model && (
        <ul className={styles.list} aria-label={t("create.examples")}>
          {examplesFor(model, i18n).map((example) => (
            <li key={example.prompt}>
              <button type="button" className={styles.example} onClick={() => onChoose(example)}>
                <span className={styles.sign}>
                  <ShapeSign ratio={example.shape.ratio} />
                </span>
                <span className={styles.name}>{example.title}</span>
                <span className={styles.prompt} lang={example.language}>
                  {example.prompt}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
