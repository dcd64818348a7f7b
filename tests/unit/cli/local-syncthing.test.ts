import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromConfig, localSyncthing } from '../../../src/cli/local-syncthing.ts';
import { testDir } from '../../helpers/testdir.ts';

/** As Syncthing 1.19.2 wrote it. */
const config = (gui: string): string =>
  `<configuration version="35">\n    <device id="X" name="y"><address>dynamic</address></device>\n${gui}\n    <ldap></ldap>\n</configuration>\n`;
const gui = (address: string, key = 'mE4tXq7s', tls = 'false'): string =>
  `    <gui enabled="true" tls="${tls}" debugging="false">\n        <address>${address}</address>\n        <apikey>${key}</apikey>\n        <theme>default</theme>\n    </gui>`;

describe('the Syncthing of this user', () => {
  it('is known by its own file, of either place', async () => {
    for (const place of ['.local/state/syncthing', '.config/syncthing']) {
      const home = await testDir({ [join(place, 'config.xml')]: config(gui('127.0.0.1:44115')) });
      expect(await localSyncthing(home)).toEqual({ url: 'http://127.0.0.1:44115', apiKey: 'mE4tXq7s' });
    }
    expect(await localSyncthing(await testDir({}))).toBeNull();
  });

  it('is asked at the very address that it listens at', () => {
    expect(fromConfig(config(gui('[::1]:8384')))?.url).toBe('http://[::1]:8384');
  });

  it('answers by TLS when it says so', () => {
    expect(fromConfig(config(gui('127.0.0.1:8384', 'k', 'true')))?.url).toBe('https://127.0.0.1:8384');
  });

  it.each([
    ['another machine', gui('203.0.113.5:8384')],
    ['all the world', gui('0.0.0.0:8384')],
    ['a socket', gui('/run/syncthing.sock')],
    ['no key', gui('127.0.0.1:8384', '')],
    ['a key that is none', gui('127.0.0.1:8384', 'a&#10;b')],
    ['no settings page', ''],
  ])('is not offered with %s', (_what, element) => {
    expect(fromConfig(config(element))).toBeNull();
  });
});
