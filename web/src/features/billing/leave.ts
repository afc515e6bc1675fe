/** Goes to a page of the seller. Only a web address: what the server says is not run as code. */
export function leaveTo(address: string): void {
  const { protocol } = new URL(address, window.location.href);
  if (protocol === "https:" || protocol === "http:") window.location.assign(address);
}
