/** What is seen of a page before it is there: its shape, so that nothing jumps when it comes. */
import { useI18n } from "@/i18n/useI18n";
import { Skeleton } from "@/ui/States";

import styles from "./PageSkeleton.module.css";

export type SkeletonShape = "form" | "grid" | "table";

export function PageSkeleton({ shape }: { shape: SkeletonShape }) {
  const { t } = useI18n();
  return (
    <div className={styles.page} aria-busy="true">
      <span className="visually-hidden" role="status">
        {t("app.opening_page")}
      </span>
      {shape === "form" && <FormSkeleton />}
      {shape === "grid" && (
        <>
          <Skeleton className={styles.title} />
          <Tiles count={12} />
        </>
      )}
      {shape === "table" && <TableSkeleton />}
    </div>
  );
}

function FormSkeleton() {
  return (
    <div className={styles.create}>
      <div className={styles.form}>
        <Skeleton shape="block" className={styles.prompt} />
        <Skeleton className={styles.field} />
        <Skeleton className={styles.field} />
        <Skeleton className={styles.field} />
        <Skeleton className={styles.field} />
      </div>
      <div className={styles.beside}>
        <Tiles count={6} />
      </div>
    </div>
  );
}

function TableSkeleton() {
  return (
    <div className={styles.table}>
      <Skeleton className={styles.title} />
      <Skeleton shape="block" className={styles.summary} />
      {[1, 2, 3, 4, 5].map((row) => (
        <Skeleton key={row} className={styles.field} />
      ))}
    </div>
  );
}

function Tiles({ count }: { count: number }) {
  return (
    <div className={styles.tiles}>
      {Array.from({ length: count }, (_, tile) => (
        <Skeleton key={tile} shape="block" className={styles.tile} />
      ))}
    </div>
  );
}
