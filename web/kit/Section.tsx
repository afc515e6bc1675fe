import type { ReactNode } from "react";

import styles from "./kit.module.css";

interface SectionProps {
  name: string;
  title: string;
  children: ReactNode;
}

/** A part of the kit, which is a screenshot of its own. */
export function Section({ name, title, children }: SectionProps) {
  return (
    <section data-section={name} className={styles.section} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
