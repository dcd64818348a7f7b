import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'vitest';
import { parseHeartbeat } from '../../../src/core/heartbeat.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { Health } from '../../../src/runtime/health.ts';
import { Vault } from '../../../src/vault/vault.ts';
import { testDir } from '../../helpers/testdir.ts';
import { until } from '../../helpers/until.ts';

let root: string;
let health: Health;

beforeEach(async () => {
  root = await testDir();
  health = new Health({
    vault: await Vault.open(root),
    agent: 'local-agent',
    process: 'orchestrator',
    clock: systemClock,
    onError: (error) => {
      throw error;
    },
  });
});
afterEach(() => health.stop());

function reads(state: string, reason: string | null): Promise<unknown> {
  return until(`${state}: ${reason}`, async () => {
    const json = await readFile(join(root, 'Updates/local-agent/orchestrator.json'), 'utf8').catch(() => '');
    const beat = parseHeartbeat(json, 'orchestrator');
    return beat?.state === state && beat.reason === reason;
  });
}

it('tells what should be mended while the work goes well, and forgets it when it is mended', async () => {
  health.note('ignores', 'The ignore list is missing.');
  await reads('degraded', 'The ignore list is missing.');
  health.set('ok', 'DRY_RUN is on');
  await reads('degraded', 'The ignore list is missing. DRY_RUN is on');
  health.note('ignores', null);
  await reads('ok', 'DRY_RUN is on');
});

it('tells first what keeps the work from going on', async () => {
  health.note('secrets', 'A key lies in the vault.');
  health.set('paused', 'the password is wrong');
  await reads('paused', 'the password is wrong');
  health.set('ok');
  await reads('degraded', 'A key lies in the vault.');
});

it('never writes more than its reader accepts', async () => {
  health.note('long', 'x'.repeat(5000));
  await reads('degraded', 'x'.repeat(1000));
});
