import { Component, type ReactNode } from "react";

import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/States";

/** Stands in for a page that broke, so that nobody faces an empty window. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const { t } = useI18n();
  return (
    <Empty title={t("app.broken_title")} text={t("app.broken_text")}>
      <Button look="primary" onClick={() => window.location.reload()}>
        {t("app.reload")}
      </Button>
    </Empty>
  );
}
