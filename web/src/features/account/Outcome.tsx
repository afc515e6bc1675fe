/** A page with one thing to say: what became of a link, or of what was asked for. */
import type { ReactNode } from "react";

import { asProblem } from "@/api/problem";
import { useI18n } from "@/i18n/useI18n";
import { problemText } from "@/ui/problemText";
import { Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import { AuthFrame } from "./AuthFrame";
import styles from "./AuthPages.module.css";

interface OutcomeProps {
  title: string;
  /** What is done at this moment. */
  working?: string;
  error?: unknown;
  text?: string;
  /** Where to go from here. */
  children?: ReactNode;
}

export function Outcome({ title, working, error, text, children }: OutcomeProps) {
  const i18n = useI18n();
  useTitle(title);
  return (
    <AuthFrame>
      <h1 className={styles.title}>{title}</h1>
      {working && <Loading label={working} />}
      {error != null && (
        <p className={styles.problem} role="alert">
          {problemText(i18n, asProblem(error))}
        </p>
      )}
      {text && <p className={styles.text}>{text}</p>}
      {children && <div className={styles.onward}>{children}</div>}
    </AuthFrame>
  );
}
