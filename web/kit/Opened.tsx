/** What opens above a page, one at a time: ?open=… in the address. */
import { CopyIcon, FolderIcon, PencilIcon, Trash2Icon, UserIcon } from "lucide-react";
import { useEffect, useState } from "react";

import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { Combobox } from "@/ui/Combobox";
import { CommandPalette } from "@/ui/CommandPalette";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { Drawer } from "@/ui/Drawer";
import { TextField } from "@/ui/Field";
import { ContextMenu, Menu, type MenuEntry } from "@/ui/Menu";
import { NumberField } from "@/ui/NumberField";
import { Panel } from "@/ui/Panel";
import { Popover } from "@/ui/Popover";
import { Select } from "@/ui/Select";
import { Empty } from "@/ui/States";
import { Toaster } from "@/ui/Toaster";
import { toast } from "@/ui/toasts";
import { Tooltip } from "@/ui/Tooltip";

import styles from "./kit.module.css";
import { useWords } from "./language";
import { useCommands } from "./Lists";
import { MODELS, SAMPLERS } from "./samples";

export const OPENED = [
  "dialog",
  "dialog-full",
  "confirm",
  "drawer-right",
  "drawer-left",
  "drawer-bottom",
  "popover",
  "panel",
  "menu",
  "context-menu",
  "select",
  "combobox",
  "tooltip",
  "toasts",
  "palette",
] as const;

export function Opened({ name }: { name: string }) {
  const { w } = useWords();
  return (
    <main className={styles.page}>
      <h1>{w("kit")}</h1>
      <div className={styles.stage} data-testid="stage">
        <One name={name} />
      </div>
    </main>
  );
}

function One({ name }: { name: string }) {
  const { w } = useWords();
  const [open, setOpen] = useState(true);
  const groups = useCommands();
  const entries = useEntries();
  const close = () => setOpen(false);
  const nothing = () => undefined;
  const reopen = <Button onClick={() => setOpen(true)}>{w("open")}</Button>;

  switch (name) {
    case "dialog":
      return (
        <>
          {reopen}
          <Dialog headed label={w("dialog")} text={w("dialog_text")} open={open} onClose={close}>
            <TextField label={w("name")} placeholder={w("name_example")} />
            <DialogActions>
              <Button look="quiet" onClick={close}>
                {w("later")}
              </Button>
              <Button look="primary">{w("save")}</Button>
            </DialogActions>
          </Dialog>
        </>
      );
    case "dialog-full":
      return (
        <>
          {reopen}
          <Dialog full label={w("picture")} open={open} onClose={close}>
            <div className={styles.stage}>
              <Button onClick={close}>{w("later")}</Button>
            </div>
          </Dialog>
        </>
      );
    case "confirm":
      return (
        <>
          {reopen}
          <ConfirmDialog
            title={w("question")}
            text={w("question_text")}
            action={w("remove")}
            open={open}
            onConfirm={close}
            onClose={close}
          />
        </>
      );
    case "drawer-right":
    case "drawer-left":
    case "drawer-bottom":
      return (
        <>
          {reopen}
          <Drawer
            title={w("drawer")}
            text={w("drawer_text")}
            side={name.slice("drawer-".length) as "right" | "left" | "bottom"}
            open={open}
            onClose={close}
          >
            <NumberField label={w("steps")} slider min={1} max={50} value={20} onChange={nothing} />
            <Select label={w("sampler")} value="euler" options={SAMPLERS} onChange={nothing} />
          </Drawer>
        </>
      );
    case "popover":
      return (
        <Popover label={w("popover")} button={<UserIcon />} defaultOpen>
          <p>{w("sentence")}</p>
          <Button wide look="quiet">
            {w("later")}
          </Button>
        </Popover>
      );
    case "panel":
      return (
        <Panel
          label={`${w("panel")}: 3`}
          title={w("panel")}
          icon={<FolderIcon />}
          mark="3"
          open={open}
          onOpenChange={setOpen}
          aside={
            <Button look="quiet" small>
              {w("later")}
            </Button>
          }
        >
          <Empty icon={FolderIcon} title={w("panel")} text={w("sentence")} />
        </Panel>
      );
    case "menu":
      return <Menu button={<Button>{w("menu")}</Button>} entries={entries} defaultOpen />;
    case "context-menu":
      return (
        <ContextMenu entries={entries} className={styles.area}>
          {w("area")}
        </ContextMenu>
      );
    case "select":
      return <Select label={w("sampler")} value="euler" options={SAMPLERS} onChange={nothing} />;
    case "combobox":
      return (
        <Combobox
          label={w("model")}
          value={null}
          options={MODELS}
          none={w("nothing_fits")}
          onChange={nothing}
        />
      );
    case "tooltip":
      return (
        <Tooltip text={w("copy")} keys="Ctrl+C" defaultOpen>
          <IconButton label={w("copy")}>
            <CopyIcon />
          </IconButton>
        </Tooltip>
      );
    case "toasts":
      return <Toasts />;
    case "palette":
      return (
        <>
          {reopen}
          <CommandPalette
            label={w("commands")}
            placeholder={w("search")}
            none={w("nothing_fits")}
            groups={groups}
            open={open}
            onClose={close}
          />
        </>
      );
    default:
      return null;
  }
}

function Toasts() {
  const { w } = useWords();
  useEffect(() => {
    const stays = true;
    toast(w("toast_good"), "good", { stays });
    toast(w("toast_bad"), "bad", { stays });
    toast(w("toast_progress"), "info", { stays, progress: 60 });
    toast(w("toast"), "info", { stays, action: { label: w("undo"), onPress: () => undefined } });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- said once
  }, []);
  return <Toaster />;
}

function useEntries(): MenuEntry[] {
  const { w } = useWords();
  const nothing = () => undefined;
  return [
    {
      kind: "group",
      label: w("picture"),
      entries: [
        { label: w("copy"), icon: CopyIcon, keys: "Ctrl+C", onSelect: nothing },
        { label: w("rename"), icon: PencilIcon, disabled: true, onSelect: nothing },
        {
          kind: "submenu",
          label: w("move_to"),
          icon: FolderIcon,
          entries: [{ label: w("favorites"), onSelect: nothing }],
        },
      ],
    },
    { kind: "line" },
    { kind: "check", label: w("rulers"), checked: true, onChange: nothing },
    { kind: "check", label: w("masks"), checked: false, onChange: nothing },
    { kind: "line" },
    { label: w("remove"), icon: Trash2Icon, keys: "Del", danger: true, onSelect: nothing },
  ];
}
