/** One matter of an account's page: what it is, what it is for, and what can be done about it. */
import { useId, type ReactNode } from "react";

import { cx } from "@/ui/cx";

import styles from "./Section.module.css";

interface SectionProps {
  title: string;
  text?: ReactNode;
  /** At the right of the title. */
  aside?: ReactNode;
  danger?: boolean;
  children?: ReactNode;
}

export function Section({ title, text, aside, danger, children }: SectionProps) {
  const id = useId();
  return (
    <section className={cx(styles.section, danger && styles.danger)} aria-labelledby={id}>
      <header className={styles.head}>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {text && <p className={styles.text}>{text}</p>}
      {children}
    </section>
  );
}

/** Things of one kind, below each other. */
export function Rows({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul className={styles.rows} aria-label={label}>
      {children}
    </ul>
  );
}

interface RowProps {
  icon?: ReactNode;
  title: ReactNode;
  /** What is to know about it, in small. */
  facts?: readonly (string | null | false | undefined)[];
  children?: ReactNode;
  faded?: boolean;
}

export function Row({ icon, title, facts = [], children, faded }: RowProps) {
  return (
    <li className={styles.row} data-faded={faded || undefined}>
      {icon}
      <div className={styles.words}>
        <div className={styles.name}>{title}</div>
        {facts.filter(Boolean).map((fact) => (
          <p key={String(fact)} className={styles.fact}>
            {fact}
          </p>
        ))}
      </div>
      {children && <div className={styles.actions}>{children}</div>}
    </li>
  );
}

export function ProblemLine({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className={styles.problem}>
      {children}
    </p>
  );
}
