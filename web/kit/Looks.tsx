/** The tokens themselves: colours, type and elevation. */
import { Section } from "./Section";
import styles from "./kit.module.css";
import { useWords } from "./language";

const SURFACES = ["sunken", "page", "raised", "control", "active"];
const TEXTS = ["text", "text-soft", "text-faint", "accent-text", "info", "good", "warn", "bad"];
const SIZES = ["xs", "sm", "md", "lg", "xl", "2xl", "3xl"];

export function Looks() {
  const { w } = useWords();
  return (
    <>
      <Section name="colors" title={w("colors")}>
        <div className={styles.surfaces}>
          {SURFACES.map((surface) => (
            <div key={surface} className={styles.surface} style={{ background: `var(--color-${surface})` }}>
              <span>{surface}</span>
              {TEXTS.map((text) => (
                <span key={text} style={{ color: `var(--color-${text})` }}>
                  {text}
                </span>
              ))}
            </div>
          ))}
        </div>
      </Section>
      <Section name="type" title={w("type")}>
        {SIZES.map((size) => (
          <p key={size} style={{ fontSize: `var(--text-${size})`, lineHeight: "var(--leading-close)" }}>
            {w("sentence")}
          </p>
        ))}
        <p>
          <b>{w("sentence")}</b>
        </p>
      </Section>
      <Section name="elevation" title={w("shadows")}>
        <div className={styles.row}>
          {[1, 2, 3].map((level) => (
            <span key={level} className={styles.raised} style={{ boxShadow: `var(--elevation-${level})` }}>
              {level}
            </span>
          ))}
        </div>
      </Section>
    </>
  );
}
