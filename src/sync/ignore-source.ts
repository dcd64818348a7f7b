import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `.gitignore-sync` lies beside `src` and `dist`. */
const FILE = join(import.meta.dirname, '..', '..', '.gitignore-sync');

/** Text of `.gitignore-sync`. @throws when the program is not complete */
export function readIgnoreSource(): Promise<string> {
  return readFile(FILE, 'utf8');
}
