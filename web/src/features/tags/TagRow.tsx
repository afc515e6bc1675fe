import { EllipsisIcon, MergeIcon } from "lucide-react";
import { Link } from "react-router";

import type { TagOut } from "@/api/generated";
import { deleteTag } from "@/entities/image/actions/deleteTag";
import { renameTag } from "@/entities/image/actions/renameTag";
import { useI18n } from "@/i18n/useI18n";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";

import styles from "./TagsPage.module.css";

interface TagRowProps {
  tag: TagOut;
  onAsk: (what: "rename" | "merge" | "delete") => void;
}

export function TagRow({ tag: { name, usage_count }, onAsk }: TagRowProps) {
  const { t } = useI18n();
  return (
    <li className={styles.row}>
      <Link to={`/gallery?${new URLSearchParams({ tag: name }).toString()}`} className={styles.name}>
        {name}
      </Link>
      <span className={styles.said}>{t("tags.pictures", { n: usage_count })}</span>
      <Menu
        align="end"
        button={
          <IconButton label={t("tags.more", { name })}>
            <EllipsisIcon />
          </IconButton>
        }
        entries={[
          { label: t(renameTag.label), icon: renameTag.icon, onSelect: () => onAsk("rename") },
          { label: t("tag.merge"), icon: MergeIcon, onSelect: () => onAsk("merge") },
          { label: t(deleteTag.label), icon: deleteTag.icon, danger: true, onSelect: () => onAsk("delete") },
        ]}
      />
    </li>
  );
}
