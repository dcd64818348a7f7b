/** What a mail's header says about its place in a thread. Hostile bytes in, bounded facts out. Pure. */
import { addressKey, isMailAddress } from '../../core/address-list.ts';

export interface MailHead {
  readonly uid: number;
  /** With angle brackets. */
  readonly messageId: string | null;
  /** What it was called before a provider renamed it; see `FORMER_ID`. */
  readonly formerIds: readonly string[];
  /** Ids of In-Reply-To and References, no id twice. */
  readonly refersTo: readonly string[];
  /** `X-Handover-Task`: `<task id>.<hash>`, the local part of the Message-ID that we gave. */
  readonly mark: string | null;
  /** `addressKey` of the sender, null when it cannot be read. */
  readonly from: string | null;
  /** When the server got it. */
  readonly receivedMs: number | null;
}

/** Enough for what mail systems put on a mail; a bomb is cut, its sender only harms the place in the thread. */
export const MAX_HEAD_BYTES = 32 * 1024;
const MAX_IDS = 100;

/**
 * What can go into a search key and be what it says. Longer ids exist in hostile mail alone: RFC 5322
 * section 2.1.1 ends a line at 998.
 */
const ID = /^<[\x21-\x3b\x3d\x3f-\x7e]{1,990}>$/;
const IDS = /<[\x21-\x3b\x3d\x3f-\x7e]{1,990}>/g;
const MARK = /^(?:em|od)-[0-9a-f]{16}\.[0-9a-f]{32}$/;

export function isSearchableId(id: string): boolean {
  return ID.test(id);
}

/** The mark of a mail of ours, from the Message-ID that we gave it. */
export function markOf(messageId: string): string | null {
  const local = messageId.slice(1, messageId.indexOf('@'));
  return MARK.test(local) ? local : null;
}

/**
 * Where the former id of a mail stands. Outlook.com gives every mail that comes by SMTP an id of its own
 * (also on smtp.office365.com for a private account) and keeps ours in `X-Microsoft-Original-Message-ID`:
 * chatmail/core pull request 2250, msmtp issue 190; Sent shows the new one: MailCore2 issue 1095.
 * Gmail renames only what is malformed: xhit/go-simple-mail issue 47.
 * Amazon SES renames everything and keeps nothing (SES developer guide, "header fields"), but it has no
 * Sent folder: what lies in Sent is the copy that we filed, under our own id.
 */
const FORMER_ID = new Set(['x-microsoft-original-message-id', 'x-google-original-message-id']);

/** `block` is the header as it came, or the beginning of it. */
export function readHead(uid: number, block: Uint8Array, receivedMs: number | null): MailHead {
  const text = Buffer.from(block.subarray(0, MAX_HEAD_BYTES)).toString('latin1');
  const values = new Map<string, string[]>();
  for (const line of text.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const known = values.get(name);
    if (known) known.push(line.slice(colon + 1).trim());
    else values.set(name, [line.slice(colon + 1).trim()]);
  }
  const ids = (name: string) => (values.get(name) ?? []).flatMap((value) => value.match(IDS) ?? []);
  return {
    uid,
    messageId: ids('message-id')[0] ?? null,
    formerIds: [...FORMER_ID].flatMap(ids).slice(0, 4),
    refersTo: ends([...new Set([...ids('references'), ...ids('in-reply-to')])]),
    mark: values.get('x-handover-task')?.find((value) => MARK.test(value)) ?? null,
    from: sender(values.get('from')?.[0] ?? ''),
    receivedMs,
  };
}

/** Every id that this mail is known under. */
export function idsOf(head: MailHead): string[] {
  return [...(head.messageId === null ? [] : [head.messageId]), ...head.formerIds];
}

/** Is it the mail that this Message-ID was given to, whatever it is called here? */
export function isCalled(head: MailHead, messageId: string): boolean {
  return idsOf(head).includes(messageId) || (head.mark !== null && head.mark === markOf(messageId));
}

/** The root and the newest, which is what programs thread by. */
function ends(ids: readonly string[]): readonly string[] {
  return ids.length <= MAX_IDS ? ids : [...ids.slice(0, 1), ...ids.slice(1 - MAX_IDS)];
}

function sender(value: string): string | null {
  const address = /<([^<>\s]{3,320})>\s*$/.exec(value)?.[1] ?? value.trim();
  return isMailAddress(address) ? addressKey(address) : null;
}
