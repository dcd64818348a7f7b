import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readShare, ShareFault } from '../../../src/sync/setup/read-share.ts';

const root = join(import.meta.dirname, '../../..');
const local = await readFile(join(root, 'deployment/local/syncthing-config.toml'), 'utf8');
const cloud = await readFile(join(root, 'deployment/cloud/syncthing-config.toml'), 'utf8');

function faults(text: string): readonly string[] {
  try {
    readShare(text, 'share.toml');
  } catch (error) {
    if (error instanceof ShareFault) return error.faults;
    throw error;
  }
  return [];
}

describe('the files that ship', () => {
  it('are read, and say the same of the vault but for the versions, which the laptop keeps', () => {
    const [a, b] = [readShare(local, 'local'), readShare(cloud, 'cloud')];
    expect([a.role, b.role]).toEqual(['laptop', 'cloud']);
    const { versions, ...vault } = a.vault;
    expect(versions).toEqual({ keep_days: 90 });
    expect(b.vault).toEqual(vault);
    expect(a).toHaveProperty('approved.label');
    expect(b).not.toHaveProperty('approved');
  });

  it('show in comments what may be added, and that is accepted', () => {
    const uncommented = (text: string): string => text.replace(/^# (?=[a-z_]+ = |\[[a-z.]+\]$)/gm, '');
    const full = readShare(uncommented(local), 'local');
    expect(full.vault.path).toBe('/var/syncthing/vault');
    expect(full.peer.addresses).toEqual(['tcp://cloud.example.org:22000']);
    expect(readShare(uncommented(cloud), 'cloud').vault.versions).toEqual({ keep_days: 90 });
  });
});

describe('a wrong file', () => {
  it('is told every fault at once, by name', () => {
    const text = cloud
      .replace('watcher_delay_seconds = 1', 'watcher_delay_seconds = 0.5')
      .replace('rescan_seconds', 'rescan_minutes')
      .replace('max_conflicts = -1', 'max_conflicts = 0')
      .replace('type = "sendreceive"', 'type = "sendonly"')
      .replace('introducer = false', 'introducer = true\naddresses = ["example.org"]');
    expect(faults(`${text}\n[approved]\nlabel = "x"\n`)).toEqual([
      'vault.type must be "sendreceive": both machines write',
      'vault.watcher_delay_seconds must be a whole number of seconds',
      'vault.rescan_seconds is missing',
      'vault.max_conflicts must not be 0: an edit that loses would be thrown away',
      'vault.rescan_minutes is unknown',
      'peer.introducer must be false: the other device could bring in more devices or folders',
      'peer.addresses.0 must be "dynamic" or such as "tcp://host:22000"',
      'approved must not be here: that folder is never shared with the cloud',
    ]);
  });

  it('is told the line where it is no TOML', () => {
    expect(faults('role = "cloud"\n[vault\n')[0]).toMatch(/^line 2: /);
  });

  it.each([
    ['', 'role must be "cloud" or "laptop"'],
    ['role = "phone"', 'role must be "cloud" or "laptop"'],
    [local.replace(/\[vault\.versions\]\nkeep_days = 90/, ''), 'vault.versions is missing'],
    [local.replace(/^\[trusted\][^]*?(?=^# Phone only)/m, ''), 'approved needs the section trusted'],
    [local.replace('keep_days = 90', 'keep_days = 0'), 'vault.versions.keep_days must be at least 1'],
    [local.replace('name = "phone"', 'name = "a\\nb"'), 'trusted.name must not hold control characters'],
    [local.replace('# path = "/var', 'path = "var'), 'vault.path must be an absolute path'],
  ])('is refused (%#)', (text, words) => {
    expect(faults(text).join('\n')).toContain(words);
  });
});
