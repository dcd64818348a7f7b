import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ownPm2, type Pm2 } from '../../src/demo/pm2.ts';
import { tempDir } from './testdir.ts';

export interface TestPm2 extends Pm2 {
  /** What `pm2 save` writes, mode 0644: nothing secret may stand in it. */
  dump(): Promise<string>;
  /** Everything the processes said, for the message of a failed test. */
  logs(): Promise<string>;
  /** `kill`, and the folder is gone. */
  stop(): Promise<void>;
}

/** A PM2 of the test's own, in a PM2_HOME of its own; `env` is all it and its processes get. */
export async function startPm2(env: Readonly<Record<string, string>>): Promise<TestPm2> {
  const dir = await tempDir('pm-');
  const pm2 = await ownPm2(join(dir.path, 'home'), env);
  const atExit = (): void => pm2.killNow();
  process.once('exit', atExit);
  return {
    ...pm2,
    dump: async () => {
      await pm2.run('save', '--force');
      return readFile(join(pm2.home, 'dump.pm2'), 'utf8');
    },
    logs: () => pm2.run('logs', '--nostream', '--lines', '200'),
    stop: async () => {
      process.off('exit', atExit);
      await pm2.kill();
      await dir.remove();
    },
  };
}
