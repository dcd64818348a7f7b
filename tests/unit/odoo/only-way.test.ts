/** The list of what is allowed is worth nothing if there is a second way to Odoo. */
import { describe, expect, it } from 'vitest';
import { readSources } from '../../helpers/source-tree.ts';

const sources = await readSources('src');
/** Without the demo, which has an Odoo of its own to be asked. */
const program = sources.filter(({ path }) => !path.startsWith('src/demo/'));
const inOdoo = program.filter(({ path }) => path.startsWith('src/odoo/'));
const using = (list: typeof sources, pattern: RegExp): string[] =>
  list
    .filter(({ text }) => pattern.test(text))
    .map(({ path }) => path)
    .sort();

describe('the way to Odoo', () => {
  it("opens connections in three files, and where a person's password makes a key", () => {
    const opens =
      /from ['"](?:node:)?(?:https?|http2|net|tls)['"]|from ['"](?:odoo-xmlrpc|xmlrpc|undici)['"]|\bfetch\(/;
    expect(using(inOdoo, opens)).toEqual([
      'src/odoo/call-agent.ts',
      'src/odoo/guard/make-key.ts',
      'src/odoo/http.ts',
      'src/odoo/xml-rpc.ts',
    ]);
  });

  it('logs in as a browser from the command line, and from no process', () => {
    const imports = new Map(program.map(({ path, imports: of }) => [path, of.map(({ to }) => to)]));
    const reached = new Set(program.map(({ path }) => path).filter((path) => path.endsWith('.main.ts')));
    for (const path of reached) for (const to of imports.get(path) ?? []) reached.add(to);
    expect(reached).toContain('src/odoo/open-odoo.ts');
    expect(reached).not.toContain('src/odoo/guard/make-key.ts');
  });

  it('asks over HTTP in the transports, and where no key is needed', () => {
    const own = program.filter(({ path }) => path.startsWith('src/odoo/'));
    expect(using(own, /\bexchange\(/)).toEqual([
      'src/odoo/http.ts',
      'src/odoo/json2.ts',
      'src/odoo/jsonrpc.ts',
      'src/odoo/server-health.ts',
      'src/odoo/server-version.ts',
    ]);
  });

  it('has its paths in the files that ask', () => {
    const paths = /(?:\$\{[^}]{1,40}\}|')\/(?:json\/2|jsonrpc|xmlrpc)\b/;
    expect(using(program, paths)).toEqual([
      'src/odoo/json2.ts',
      'src/odoo/jsonrpc.ts',
      'src/odoo/server-version.ts',
    ]);
  });

  it('goes through open-odoo.ts, which checks each call', () => {
    const transports = /^import \{[^}]*\} from '[^']*\/(?:json2|jsonrpc|xml-rpc)\.ts'/m;
    // xml-rpc.ts takes the words for a wrong key from jsonrpc.ts.
    expect(using(program, transports)).toEqual(['src/odoo/open-odoo.ts', 'src/odoo/xml-rpc.ts']);
    expect(using(program, /\baskJsonRpc\b/)).toEqual(['src/odoo/jsonrpc.ts']);
    const open = inOdoo.find(({ path }) => path === 'src/odoo/open-odoo.ts')?.text ?? '';
    expect(open).toMatch(/const method = checkCall\(call, settings\.allow\);/);
    expect(open.match(/transport\.call\(/g)).toHaveLength(1);
  });
});
