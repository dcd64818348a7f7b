/** What the Syncthing of this user says of itself in its own file, so that nobody need copy a key from a page. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface LocalSyncthing {
  /** `http://127.0.0.1:8384` */
  readonly url: string;
  readonly apiKey: string;
}

/** Where versions from 1.27 on keep it, where earlier ones do, and where macOS has it (syncthing-config(5)). */
const PLACES = ['.local/state/syncthing', '.config/syncthing', 'Library/Application Support/Syncthing'];

/** @returns null where there is none, it cannot be read, or it answers to others than this machine */
export async function localSyncthing(home: string): Promise<LocalSyncthing | null> {
  for (const place of PLACES) {
    const text = await readFile(join(home, place, 'config.xml'), 'utf8').catch(() => null);
    if (text !== null) return fromConfig(text);
  }
  return null;
}

/** Pure. The `<gui>` element of a `config.xml`, as Syncthing writes it. */
export function fromConfig(text: string): LocalSyncthing | null {
  const [, attributes = '', gui = ''] = /<gui\b([^>]*)>([\s\S]*?)<\/gui>/.exec(text) ?? [];
  const address = /<address>((?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5})<\/address>/.exec(gui)?.[1];
  const apiKey = /<apikey>([\w-]{1,200})<\/apikey>/.exec(gui)?.[1];
  if (address === undefined || apiKey === undefined) return null;
  return { url: `http${/\btls="true"/.test(attributes) ? 's' : ''}://${address}`, apiKey };
}
