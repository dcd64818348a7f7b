/** The list of what is allowed is worth nothing if there is a second way to Odoo. */
import { describe, expect, it } from 'vitest';
import { readSources } from '../../helpers/source-tree.ts';

const sources = await readSources('src');
const inOdoo = sources.filter(({ path }) => path.startsWith('src/odoo/'));
const using = (list: typeof sources, pattern: RegExp): string[] =>
  list
    .filter(({ text }) => pattern.test(text))
    .map(({ path }) => path)
    .sort();

describe('the way to Odoo', () => {
  it('opens connections in two files', () => {
    const opens =
      /from ['"](?:node:)?(?:https?|http2|net|tls)['"]|from ['"](?:odoo-xmlrpc|xmlrpc|undici)['"]|\bfetch\(/;
    expect(using(inOdoo, opens)).toEqual([
      'src/odoo/call-agent.ts',
      'src/odoo/http.ts',
      'src/odoo/xml-rpc.ts',
    ]);
  });

  it('asks over HTTP in the transports, and where no key is needed', () => {
    expect(
      using(sources, /from '[./]*(?:odoo\/)?http\.ts'/).filter((path) => path.includes('/odoo/')),
    ).toEqual(
      expect.arrayContaining(['src/odoo/json2.ts', 'src/odoo/jsonrpc.ts', 'src/odoo/server-health.ts']),
    );
    const asks = using(inOdoo, /\bexchange\(/);
    expect(asks).toEqual([
      'src/odoo/http.ts',
      'src/odoo/json2.ts',
      'src/odoo/jsonrpc.ts',
      'src/odoo/server-health.ts',
      'src/odoo/server-version.ts',
    ]);
  });

  it('has its paths in the files that ask', () => {
    const paths = using(sources, /['"`/](?:json\/2|jsonrpc|xmlrpc\/2)\b(?!')/);
    expect(paths.filter((path) => !path.startsWith('src/demo/') && !/\/\*\*/.test(path))).toEqual([
      'src/odoo/json2.ts',
      'src/odoo/jsonrpc.ts',
      'src/odoo/server-version.ts',
    ]);
  });

  it('goes through open-odoo.ts, which checks each call', () => {
    const transports = /import \{[^}]*\b(?:json2|jsonrpc|askJsonRpc|xmlRpc)\b[^}]*\} from/;
    expect(using(sources, transports)).toEqual(['src/odoo/open-odoo.ts']);
    const open = inOdoo.find(({ path }) => path === 'src/odoo/open-odoo.ts')?.text ?? '';
    expect(open).toMatch(/const method = checkCall\(call, settings\.allow\);/);
    expect(open.match(/transport\.call\(/g)).toHaveLength(1);
  });
});
