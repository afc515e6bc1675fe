/** What lists show, full and empty. */
import { ImageIcon, ImagesIcon, PencilIcon, WalletIcon } from "lucide-react";

import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { CommandList } from "@/ui/CommandPalette";
import { DataTable, type Column } from "@/ui/DataTable";
import { Empty, Failed, Loading, Skeleton } from "@/ui/States";
import { VirtualGrid } from "@/ui/VirtualGrid";

import { Section } from "./Section";
import styles from "./kit.module.css";
import { useWords } from "./language";
import type { Word } from "./words";

interface Row {
  id: string;
  job: Word;
  state: Word;
  cost: number;
}

const ROWS: Row[] = [
  { id: "1", job: "sentence", state: "done", cost: 4 },
  { id: "2", job: "prompt_example", state: "running", cost: 12 },
  { id: "3", job: "empty_text", state: "failed", cost: 0 },
];

const PICTURES = Array.from({ length: 400 }, (_, index) => ({ id: String(index) }));

export function Lists() {
  const { w } = useWords();
  return (
    <>
      <Section name="states" title={w("states")}>
        <div className={styles.columns}>
          <Loading label={w("loading")} />
          <Empty title={w("empty")} text={w("empty_text")} icon={ImageIcon}>
            <Button look="primary">{w("create")}</Button>
          </Empty>
          <Failed error={new TypeError("no connection")} onRetry={() => undefined} />
          <div className={styles.skeletons}>
            <Skeleton shape="circle" label={w("loading")} />
            <Skeleton />
            <Skeleton />
            <Skeleton shape="block" />
          </div>
        </div>
      </Section>
      <Section name="cards" title={w("cards")}>
        <div className={styles.columns}>
          <Card>
            <h3>{w("cards")}</h3>
            <p>{w("card_text")}</p>
          </Card>
          <Card pressable>
            <h3>{w("cards")}</h3>
            <p>{w("card_text")}</p>
          </Card>
        </div>
      </Section>
      <Section name="table" title={w("table")}>
        <Table />
        <Table compact />
      </Section>
      <Section name="commands" title={w("commands")}>
        <Card>
          <CommandList
            label={w("commands")}
            placeholder={w("search")}
            none={w("nothing_fits")}
            groups={useCommands()}
          />
        </Card>
      </Section>
      <Section name="grid" title={w("grid")}>
        <div className={styles.window}>
          <VirtualGrid label={w("grid")} items={PICTURES} getKey={({ id }) => id} minColumn={160} gap={12}>
            {(_, tabIndex, index) => (
              <button type="button" tabIndex={tabIndex} className={styles.tile}>
                {`${w("picture")} ${index + 1}`}
              </button>
            )}
          </VirtualGrid>
        </div>
      </Section>
    </>
  );
}

export function useCommands() {
  const { w } = useWords();
  const nothing = () => undefined;
  return [
    {
      label: w("go_to"),
      commands: [
        { id: "gallery", label: w("gallery"), icon: ImagesIcon, keys: ["G"], onSelect: nothing },
        { id: "credits", label: w("credits"), icon: WalletIcon, onSelect: nothing },
      ],
    },
    {
      label: w("do"),
      commands: [
        { id: "create", label: w("create"), icon: PencilIcon, keys: ["Ctrl+Enter"], onSelect: nothing },
        { id: "remove", label: w("remove"), disabled: true, onSelect: nothing },
      ],
    },
  ];
}

const TONES = { done: "good", running: "info", failed: "bad" } as const;

function Table({ compact = false }: { compact?: boolean }) {
  const { w } = useWords();
  const columns: Column<Row>[] = [
    { id: "job", header: w("job"), cell: (row) => w(row.job) },
    {
      id: "state",
      header: w("state"),
      cell: (row) => <Badge tone={TONES[row.state as keyof typeof TONES]}>{w(row.state)}</Badge>,
      onlyWide: true,
    },
    { id: "cost", header: w("cost"), cell: (row) => row.cost, sortBy: (row) => row.cost, numeric: true },
  ];
  return (
    <DataTable
      caption={w("job")}
      columns={columns}
      rows={ROWS}
      getKey={(row) => row.id}
      density={compact ? "compact" : "comfortable"}
      sorted={compact ? undefined : { id: "cost", desc: true }}
    />
  );
}
