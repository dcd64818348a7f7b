import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface NotePlace {
  /** `Done/2026-11`, `Approved` … */
  readonly folder: string;
  readonly name: string;
  readonly text: string;
}

const NO_STATES = /^(\.|Attachments|Contacts|Logs|Templates|Updates)/;

/** Every note that lies in a state folder now, but for the page that says what the folder is for. */
export function takePlaces(vault: string): readonly NotePlace[] {
  return readdirSync(vault, { recursive: true, encoding: 'utf8' }).flatMap((path) => {
    const at = path.lastIndexOf('/');
    const [folder, name] = [path.slice(0, Math.max(at, 0)), path.slice(at + 1)];
    if (folder === '' || NO_STATES.test(folder) || !/^[^.~].*\.md$/.test(name) || name === 'README.md')
      return [];
    try {
      return [{ folder, name, text: readFileSync(join(vault, path), 'utf8') }];
    } catch {
      // Moved between the listing and the reading; the next look sees it at its new place.
      return [];
    }
  });
}
