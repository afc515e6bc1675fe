import { useEffect, useRef, useState } from "react";

import { TextField } from "@/ui/Field";

const PAUSE_MS = 300;

interface SearchFieldProps {
  label: string;
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
}

/** Says what is looked for when the typing pauses, not with every key. */
export function SearchField({ label, placeholder, value, onChange }: SearchFieldProps) {
  const [typed, setTyped] = useState(value);
  const say = useRef(onChange);
  useEffect(() => {
    say.current = onChange;
  });
  useEffect(() => {
    if (typed.trim() === value) return;
    const timer = window.setTimeout(() => say.current(typed.trim()), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [typed, value]);
  return (
    <TextField
      label={label}
      placeholder={placeholder}
      type="search"
      autoComplete="off"
      spellCheck={false}
      maxLength={200}
      value={typed}
      onChange={({ target }) => setTyped(target.value)}
    />
  );
}
