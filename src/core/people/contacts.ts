/** People of `Contacts/`: one note each, whatever its form; the addresses in it are theirs. Pure. */

import { addressKey, isMailAddress } from '../address-list.ts';

export interface Contact {
  /** The note's name without `.md`: what the user calls them. */
  readonly name: string;
  /** As the note spells them, each once; may be empty. */
  readonly addresses: readonly string[];
}

/** More than that of a note is no card of a person. UTF-8 bytes. */
export const CONTACT_BYTES = 65_536;
const MAX_ADDRESSES = 50;
/** Bounded on both sides: a note is the user's, and may hold a stranger's mail. */
const ADDRESS =
  /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+'-]{1,64}@(?:[\p{L}\p{N}\p{M}-]{1,63}\.){1,8}[\p{L}\p{N}\p{M}-]{2,63}/gu;

/** `file`: the note's file name; `text`: all of it, properties included. */
export function readContact(file: string, text: string): Contact {
  const addresses = new Map<string, string>();
  for (const [address] of text.matchAll(ADDRESS)) {
    if (addresses.size >= MAX_ADDRESSES) break;
    const key = addressKey(address);
    if (isMailAddress(address) && !addresses.has(key)) addresses.set(key, address);
  }
  return { name: file.replace(/\.md$/i, '').normalize('NFC'), addresses: [...addresses.values()] };
}
