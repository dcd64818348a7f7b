/** What is known about the people and the words of an approved mail, and what a careful person asks because of it. */
import { parseAddressList } from '../core/address-list.ts';
import type { MailAction } from '../core/approval.ts';
import type { Reason } from '../core/approval-step.ts';
import { readSections } from '../core/body.ts';
import { originalText } from '../core/neutralise.ts';
import { newThings } from '../core/outgoing-check.ts';
import { type FirstContactRule, recipientReasons, textReasons } from '../core/outgoing-reasons.ts';
import type { Contact } from '../core/people/contacts.ts';
import { list, type TaskNote, text } from '../core/task-file.ts';
import type { Vault } from '../vault/vault.ts';
import { unlessBroken } from '../vault/unless-broken.ts';
import type { WrittenTo } from './written-to.ts';

export interface OutgoingCheckDeps {
  readonly vault: Pick<Vault, 'listOther' | 'readOther'>;
  readonly writtenTo: WrittenTo;
  /** Of `Contacts/`, as they are now. */
  readonly contacts: () => Promise<readonly Contact[]>;
  /** The user's own addresses. */
  readonly own: readonly string[];
  readonly firstContact: FirstContactRule;
}

export interface OutgoingFacts {
  readonly action: MailAction;
  readonly note: TaskNote;
  /** Addresses on the card as it was offered. */
  readonly offered: readonly string[];
  readonly told: readonly string[];
}

/** Asked at the yes, before the seal. */
export type OutgoingCheck = (facts: OutgoingFacts) => Promise<readonly Reason[]>;

export function outgoingCheck(deps: OutgoingCheckDeps): OutgoingCheck {
  return async ({ action, note, offered, told }) => {
    const { to, cc } = action;
    const isNew = text(note, 'kind') === 'email_new';
    const contacts = await deps.contacts();
    const thread = isNew ? [] : inThread(note);
    const recipients = [...to, ...cc].map((a) => a.address);
    const written: string[] = [];
    for (const address of recipients) if (await deps.writtenTo.has(address)) written.push(address);
    const people = recipientReasons({
      ...{ to, cc, thread, contacts, told, rule: deps.firstContact, own: deps.own },
      ...{ writtenTo: written, isNew, offered: addressesOf(offered) },
    });
    const sections = readSections(note.body);
    const original = sections.original === null ? '' : originalText(sections.original);
    // Below the mail itself earlier ones of the thread may stand; both are the thread.
    const said = [original, sections.original ?? '', ...thread, ...recipients, ...deps.own];
    const words = `${action.subject}\n${sections.reply ?? ''}`;
    const first = textReasons(newThings(words, said));
    if (first.length === 0) return people;
    // The user's notes are read only where there is something to look up in them.
    return [...people, ...textReasons(newThings(words, [...said, ...(await userNotes(deps.vault))]))];
  };
}

/** Who takes part in the thread, as the card says. */
function inThread(note: TaskNote): readonly string[] {
  return addressesOf(['from', 'to', 'cc'].flatMap((key) => list(note, key)));
}

/** What is no address is nobody. */
function addressesOf(entries: readonly string[]): readonly string[] {
  return entries.flatMap((entry) => {
    const parsed = parseAddressList(entry);
    return parsed.ok ? parsed.addresses.map((a) => a.address) : [];
  });
}

const MAX_NOTES = 500;
const NOTE_BYTES = 65_536;
const ALL_BYTES = 4_194_304;

/** Handbook, templates and contacts: what the user wrote down. Bounded; what cannot be read is left out. */
async function userNotes(vault: OutgoingCheckDeps['vault']): Promise<readonly string[]> {
  const paths = ['Company_Handbook.md'];
  for (const folder of ['Templates', 'Contacts'] as const) {
    const names = await unlessBroken(vault.listOther(folder), []);
    paths.push(...names.slice(0, MAX_NOTES).map((name) => `${folder}/${name}`));
  }
  const texts: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    if (bytes > ALL_BYTES) break;
    const read = await unlessBroken(vault.readOther(path, NOTE_BYTES), { ok: false, why: 'gone' });
    if (!read.ok) continue;
    texts.push(read.text);
    bytes += read.text.length;
  }
  return texts;
}
