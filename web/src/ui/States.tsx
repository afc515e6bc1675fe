/** What a list shows while it has nothing: because it is loading, is empty, or could not be read. */
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";

import { asProblem } from "@/api/problem";
import { useI18n } from "@/i18n/useI18n";

import { Button, buttonClass, Spinner } from "./Button";
import { cx } from "./cx";
import { problemText } from "./problemText";
import { mayHelpAgain, remedyOf } from "./remedy";
import styles from "./States.module.css";

export function Loading({ label }: { label: string }) {
  return (
    <p className={styles.loading} role="status">
      <Spinner />
      {label}
    </p>
  );
}

interface EmptyProps {
  title: string;
  text: string;
  /** It stands for a whole page, whose heading its title is. */
  page?: boolean;
  icon?: LucideIcon;
  /** What to do about it. */
  children?: ReactNode;
}

export function Empty({ title, text, page, icon: Icon, children }: EmptyProps) {
  const Heading = page ? "h1" : "h2";
  return (
    <div className={styles.state}>
      {Icon && <Icon size={32} className={styles.icon} />}
      <Heading className={styles.title}>{title}</Heading>
      <p>{text}</p>
      {children}
    </div>
  );
}

/** What went wrong, and what to do about it: try again where that may help, or go where it can be mended. */
export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const i18n = useI18n();
  const problem = asProblem(error);
  const remedy = remedyOf(problem);
  return (
    <div className={cx(styles.state, styles.failed)} role="alert">
      <p>{problemText(i18n, problem)}</p>
      {remedy && (
        <Link to={remedy.to} className={buttonClass("plain")}>
          {i18n.t(remedy.label)}
        </Link>
      )}
      {onRetry && mayHelpAgain(problem) && <Button onClick={onRetry}>{i18n.t("action.try_again")}</Button>}
    </div>
  );
}

interface SkeletonProps {
  /** Said to those who do not see it. Once for a whole group: leave it out on the others. */
  label?: string;
  shape?: "line" | "block" | "circle";
  className?: string | undefined;
}

/** The place of something that is loading, as large as it will be. */
export function Skeleton({ label, shape = "line", className }: SkeletonProps) {
  return (
    <span
      className={cx(styles.skeleton, styles[shape], className)}
      role={label ? "status" : undefined}
      aria-hidden={label ? undefined : true}
    >
      {label && <span className="visually-hidden">{label}</span>}
    </span>
  );
}
