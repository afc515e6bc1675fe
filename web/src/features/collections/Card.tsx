/** A tile among the collections: its picture, what it is called, what is said of it, and a menu. */
import { EllipsisIcon, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { IconButton } from "@/ui/IconButton";
import { Menu, type MenuEntry } from "@/ui/Menu";

import styles from "./Card.module.css";

interface CardProps {
  to: string;
  name: string;
  cover: string | null;
  /** Instead of a cover where there is none. */
  icon: LucideIcon;
  entries: readonly MenuEntry[];
  /** What is said below the name. */
  children: ReactNode;
}

export function Card({ to, name, cover, icon: Icon, entries, children }: CardProps) {
  const { t } = useI18n();
  return (
    <li className={styles.card}>
      <Link to={to} className={styles.link}>
        <span className={styles.cover}>
          {cover ? <img src={cover} alt="" loading="lazy" decoding="async" /> : <Icon size={36} />}
        </span>
        <span className={styles.name}>{name}</span>
        <span className={styles.count}>{children}</span>
      </Link>
      <div className={styles.menu}>
        <Menu
          align="end"
          entries={entries}
          button={
            <IconButton label={t("collections.more", { name })} onPicture>
              <EllipsisIcon />
            </IconButton>
          }
        />
      </div>
    </li>
  );
}
