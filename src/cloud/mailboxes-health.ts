/** How the reading of several mailboxes goes, as one state with words for the user. Pure. */

export interface MailboxState {
  readonly state: 'ok' | 'degraded' | 'paused';
  readonly reason: string | undefined;
}

/** The dashboard shows this much of a reason. */
const SHOWN_CHARS = 280;
const SHOWN_ACCOUNTS = 3;

/**
 * One mailbox speaks for itself. Of several, those that are not well are named; the process is `paused` only when
 * every one of them is.
 * @param states by account, in the order of the configuration.
 */
export function mailboxesHealth(states: ReadonlyMap<string, MailboxState>): MailboxState {
  const [only] = states.values();
  if (states.size === 1 && only) return only;
  const unwell = [...states].filter(([, { state }]) => state !== 'ok');
  if (unwell.length === 0) return { state: 'ok', reason: undefined };
  const all = unwell.length === states.size && unwell.every(([, { state }]) => state === 'paused');
  const shown = unwell.slice(0, SHOWN_ACCOUNTS);
  const room = Math.floor(SHOWN_CHARS / shown.length);
  const lines = shown.map(([name, { state, reason }]) =>
    `account ${name} is ${state}${reason === undefined ? '' : `: ${reason}`}`.slice(0, room),
  );
  const more = unwell.length - shown.length;
  if (more > 0) lines.push(`and ${more} more`);
  return { state: all ? 'paused' : 'degraded', reason: lines.join(' · ') };
}
