import { addressKey, isMailAddress } from '../address-list.ts';

const MAX_VALUES = 4;
const MAX_CHARS = 2_000;
const MAX_LISTS = 10;
const ADDRESS = /[^\s<>,;:"()]{1,64}@[^\s<>,;:"()?]{1,255}/g;

/**
 * The addresses of the mailing lists that a mail came through, as the list's own headers name them; [] for
 * mail of a person. What stands in them is hostile, so it only ever takes an address away.
 */
export function listAddresses(headers: ReadonlyMap<string, readonly string[]>): string[] {
  const found = new Map<string, string>();
  const add = (address: string): void => {
    if (found.size < MAX_LISTS && isMailAddress(address) && !found.has(addressKey(address))) {
      found.set(addressKey(address), address);
    }
  };
  const values = (name: string): string[] =>
    (headers.get(name) ?? []).slice(0, MAX_VALUES).map((value) => value.slice(0, MAX_CHARS));
  // RFC 2369: <mailto:dev@lists.example.org?subject=...>
  for (const value of values('list-post')) {
    for (const [, address = ''] of value.matchAll(/<mailto:([^<>?\s]{1,320})/gi)) add(unescaped(address));
  }
  // Mailman; Majordomo of vger.kernel.org.
  for (const value of [...values('x-beenthere'), ...values('x-mailing-list')]) {
    for (const [address] of value.matchAll(ADDRESS)) add(address);
  }
  // Google Groups: `list a@b; contact a+owners@b`. ezmlm names itself in Delivered-To: `mailing list a@b`.
  for (const value of values('mailing-list')) {
    const address = /^list\s{1,3}([^\s;]{1,320})/i.exec(value.trim())?.[1];
    if (address !== undefined) add(address);
  }
  for (const value of values('delivered-to')) {
    const address = /^mailing list\s{1,3}(\S{1,320})/i.exec(value.trim())?.[1];
    if (address !== undefined) add(address);
  }
  // RFC 2919: <dev.lists.example.org> is, as a rule, dev@lists.example.org.
  for (const value of values('list-id')) {
    const id = /<([^<>\s@.]{1,64})\.([^<>\s@]{1,190})>/.exec(value);
    if (id) add(`${id[1] ?? ''}@${id[2] ?? ''}`);
  }
  return [...found.values()];
}

function unescaped(address: string): string {
  return address.replace(/%(?:40|2b|2d|2e|5f)/gi, (code) => String.fromCharCode(parseInt(code.slice(1), 16)));
}
