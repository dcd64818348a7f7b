import { type Contact, CONTACT_BYTES, readContact } from '../../core/people/contacts.ts';

/** The vault's folder `Contacts/`; the vault is one. */
export interface ContactPages {
  listOther(folder: 'Contacts'): Promise<readonly string[]>;
  readOther(
    path: string,
    maxBytes: number,
  ): Promise<{ readonly ok: true; readonly text: string } | { readonly ok: false }>;
}

const MAX_CONTACTS = 5000;
/** So long an answer is good: a backlog of a thousand mails reads the folder once, a new note counts soon. */
const FRESH_MS = 30_000;
const AT_ONCE = 16;

/**
 * The contacts as they stand in the vault, at most half a minute old. What cannot be read is left out: a
 * broken note must not stop the mail.
 */
export function contactsReader(pages: ContactPages, now: () => number): () => Promise<readonly Contact[]> {
  let kept: { readonly at: number; readonly contacts: Promise<readonly Contact[]> } | null = null;
  return () => {
    if (kept === null || now() - kept.at >= FRESH_MS || now() < kept.at) {
      const contacts = readAll(pages);
      kept = { at: now(), contacts };
      contacts.catch(() => (kept = null));
    }
    return kept.contacts;
  };
}

async function readAll(pages: ContactPages): Promise<readonly Contact[]> {
  const files = (await pages.listOther('Contacts')).slice(0, MAX_CONTACTS);
  const contacts: Contact[] = [];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const read = files.slice(at, at + AT_ONCE).map(async (file) => {
      const page = await pages.readOther(`Contacts/${file}`, CONTACT_BYTES);
      return page.ok ? readContact(file, page.text) : null;
    });
    contacts.push(...(await Promise.all(read)).filter((contact) => contact !== null));
  }
  return contacts;
}
