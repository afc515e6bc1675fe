import { CloudOffIcon, RefreshCwIcon, TriangleAlertIcon, type LucideIcon } from "lucide-react";
import { Component, type ReactNode } from "react";

import type { Key } from "@/i18n/translate";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/States";

import { ChunkGone } from "./chunks";
import { drawAnyHangul } from "./hangul";

type Trouble = "broken" | "chunk_gone" | "chunk_offline";

/** Stands in for a page that broke or did not come, so that nobody faces an empty window. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { trouble: Trouble | null }> {
  override state: { trouble: Trouble | null } = { trouble: null };

  static getDerivedStateFromError(error: unknown): { trouble: Trouble } {
    if (!(error instanceof ChunkGone)) return { trouble: "broken" };
    return { trouble: navigator.onLine ? "chunk_gone" : "chunk_offline" };
  }

  override componentDidCatch(): void {
    // What is said then stands at the ways in too, whose signs are too few for it.
    drawAnyHangul(true);
  }

  override render() {
    const { trouble } = this.state;
    return trouble === null ? this.props.children : <InsteadOfPage {...TROUBLES[trouble]} />;
  }
}

const TROUBLES: Record<Trouble, { title: Key; text: Key; icon: LucideIcon }> = {
  broken: { title: "app.broken_title", text: "app.broken_text", icon: TriangleAlertIcon },
  chunk_gone: { title: "app.chunk_gone_title", text: "app.chunk_gone_text", icon: RefreshCwIcon },
  chunk_offline: { title: "app.chunk_offline_title", text: "app.chunk_offline_text", icon: CloudOffIcon },
};

function InsteadOfPage({ title, text, icon }: { title: Key; text: Key; icon: LucideIcon }) {
  const { t } = useI18n();
  return (
    <Empty page icon={icon} title={t(title)} text={t(text)}>
      <Button look="primary" onClick={() => window.location.reload()}>
        {t("app.reload")}
      </Button>
    </Empty>
  );
}
