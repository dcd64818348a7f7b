import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Path -> text of every note in the state folders of a vault; what does not travel is left out. */
export async function tree(vault: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(vault, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md') && !entry.name.startsWith('.'))
    .map((entry) => relative(vault, join(entry.parentPath, entry.name)))
    .filter((path) => path.includes('/') && !path.startsWith('Approved/'))
    .sort();
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(vault, path), 'utf8')] as const)),
  );
}
