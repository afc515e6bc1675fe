/** How a page begins that lies below another one: the way back, then its title and what belongs to it. */
import { ArrowLeftIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";

import styles from "./PageHead.module.css";

interface PageHeadProps {
  to: string;
  back: string;
  children: ReactNode;
}

export function PageHead({ to, back, children }: PageHeadProps) {
  return (
    <header className={styles.head}>
      <Link to={to} className={styles.back}>
        <ArrowLeftIcon size={16} />
        {back}
      </Link>
      {children}
    </header>
  );
}
