/** Saves a table as a file. `title`: what of it, where that is not plain. */
import { DownloadIcon } from "lucide-react";

import { asProblem } from "@/api/problem";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { saveCsv } from "./saveCsv";
import { useSingleMutation } from "./useSingleMutation";

interface ExportCsvProps {
  label: string;
  title?: string;
  /** What the file is called, besides the day. */
  name: string;
  small?: boolean;
  read: () => Promise<string>;
}

export function ExportCsv({ label, title, name, small, read }: ExportCsvProps) {
  const i18n = useI18n();
  const { mutate, isPending } = useSingleMutation({
    mutationFn: read,
    onSuccess: (text) => saveCsv(text, name),
    onError: (error) => toast(problemText(i18n, asProblem(error)), "bad"),
  });
  return (
    <Button title={title} small={small} busy={isPending} onClick={() => mutate()}>
      <DownloadIcon size={18} />
      {label}
    </Button>
  );
}
