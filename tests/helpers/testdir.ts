import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A real folder of its own. `remove` may be called twice. */
export interface TempDir {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * For `beforeAll` and servers. Removed by `remove()`, and at the latest when the worker exits.
 * The name is short because unix sockets inside it may be at most 107 bytes long.
 */
export async function tempDir(prefix = 'ho-'): Promise<TempDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), prefix)));
  const atExit = (): void => rmSync(path, { recursive: true, force: true });
  process.once('exit', atExit);
  return {
    path,
    remove: async () => {
      process.off('exit', atExit);
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/**
 * For use inside a test: a real folder, filled with `files` (relative path -> text), gone when the
 * test is finished.
 */
export async function testDir(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const dir = await tempDir();
  onTestFinished(() => dir.remove());
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return dir.path;
}
