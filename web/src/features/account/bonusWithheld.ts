/** Whether the account that was just made starts without the sign-up credits. */
let withheld = false;

export function noteBonusWithheld(): void {
  withheld = true;
}

/** Once: a second call says no. */
export function takeBonusWithheld(): boolean {
  const was = withheld;
  withheld = false;
  return was;
}
