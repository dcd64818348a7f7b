/**
 * The import law once more, from the text of the source files alone: the configuration of a tool can be
 * loosened without anybody noticing, this table cannot. planted-violations.test.ts tests the tool.
 */
import { describe, expect, it } from 'vitest';
import {
  environmentReads,
  type Import,
  importsOf,
  impurities,
  readSources,
  type Source,
} from '../helpers/source-tree.ts';

const sources = await readSources('src');
const byPath = new Map(sources.map((source) => [source.path, source]));

/** Which files of other layers a layer may import, and which packages. Node's modules: everywhere but core. */
const SMALL_RUNTIME = 'src/runtime/(clock|exit-codes|logger|process-identity|ulid).ts';
const LAW: Readonly<Record<string, { files: readonly string[]; packages: readonly string[] }>> = {
  'src/core/': { files: [], packages: ['gray-matter', 'yaml', 'zod'] },
  'src/files/': { files: [], packages: [] },
  'src/vault/': { files: ['src/core/', 'src/files/'], packages: ['chokidar'] },
  'src/runtime/': {
    files: ['src/core/', 'src/files/', 'src/vault/'],
    packages: ['pino', 'smol-toml', 'zod'],
  },
  'src/audit/': { files: ['src/core/', 'src/files/', SMALL_RUNTIME], packages: ['zod'] },
  'src/sync/': {
    files: ['src/core/', 'src/files/', 'src/vault/', SMALL_RUNTIME],
    packages: ['zod', 'smol-toml'],
  },
  'src/drafting/': {
    files: ['src/core/', SMALL_RUNTIME],
    packages: ['ai', '@ai-sdk/anthropic', '@ai-sdk/openai-compatible', 'zod'],
  },
  'src/mail/message/': { files: ['src/core/'], packages: ['postal-mime', 'html-to-text', 'zod'] },
  'src/mail/inbox/': {
    files: ['src/core/', 'src/files/', 'src/mail/message/', 'src/mail/oauth/', SMALL_RUNTIME],
    packages: ['imapflow', 'zod'],
  },
  'src/mail/mailbox/': {
    files: ['src/core/', 'src/files/', 'src/mail/message/', 'src/mail/oauth/', SMALL_RUNTIME],
    packages: ['imapflow', 'zod'],
  },
  'src/mail/people/': { files: ['src/core/', 'src/files/', SMALL_RUNTIME], packages: ['zod'] },
  'src/mail/oauth/': {
    files: ['src/core/', 'src/files/', SMALL_RUNTIME, 'src/runtime/lock.ts'],
    packages: ['oauth4webapi', 'zod'],
  },
  'src/mail/submission/': {
    files: [
      ...['src/core/', 'src/files/', 'src/journal/', 'src/mail/mailbox/', 'src/mail/oauth/', SMALL_RUNTIME],
      'src/stages/mail-effects.ts',
    ],
    packages: ['nodemailer', 'imapflow', 'zod'],
  },
  'src/journal/': { files: ['src/core/', 'src/files/', SMALL_RUNTIME], packages: ['zod'] },
  'src/odoo/posting/': {
    files: [
      ...['src/core/', 'src/files/', 'src/journal/', 'src/odoo/', SMALL_RUNTIME],
      'src/stages/(mail-effects|post-effects).ts',
    ],
    packages: ['zod'],
  },
  'src/odoo/': {
    files: ['src/core/', 'src/files/', SMALL_RUNTIME],
    packages: ['odoo-xmlrpc', 'zod'],
  },
  'src/mcp/status/': {
    files: [
      ...['src/core/', 'src/files/', 'src/vault/', 'src/audit/', 'src/sync/', SMALL_RUNTIME],
      'src/mcp/(http|list-tasks|open-tasks|stdio|tool).ts',
    ],
    packages: ['@modelcontextprotocol/sdk', 'zod'],
  },
  'src/mcp/odoo/live/': {
    files: [
      ...['src/core/', 'src/files/', 'src/vault/', 'src/odoo/', 'src/journal/', SMALL_RUNTIME],
      ...[
        'src/mcp/odoo/',
        'src/mcp/(http|list-tasks|open-tasks|stdio|tool).ts',
        'src/stages/post-effects.ts',
      ],
    ],
    packages: ['@modelcontextprotocol/sdk', 'zod'],
  },
  'src/mcp/odoo/': {
    files: [
      ...['src/core/', 'src/files/', 'src/vault/', 'src/odoo/', SMALL_RUNTIME],
      'src/mcp/(http|list-tasks|open-tasks|stdio|tool).ts',
    ],
    packages: ['@modelcontextprotocol/sdk', 'zod'],
  },
  'src/mcp/': {
    files: [
      ...['src/core/', 'src/files/', 'src/vault/', 'src/mail/submission/', 'src/mail/mailbox/'],
      ...['src/journal/', SMALL_RUNTIME],
    ],
    packages: ['@modelcontextprotocol/sdk', 'zod'],
  },
  'src/monitor/': {
    files: [
      ...['src/core/', 'src/files/', 'src/vault/', 'src/audit/', 'src/stages/', SMALL_RUNTIME],
      'src/runtime/(happenings|pm2-commands|watch-alive).ts',
    ],
    packages: ['zod'],
  },
  'src/stages/': {
    files: [
      ...['src/core/', 'src/files/', 'src/vault/', 'src/runtime/(clock|logger).ts'],
      'src/drafting/(drafter|handbook|template).ts',
    ],
    packages: ['zod'],
  },
  'src/cloud/': {
    files: [
      ...['src/core/', 'src/files/', 'src/vault/', 'src/runtime/', 'src/audit/', 'src/stages/'],
      ...['src/drafting/', 'src/mail/inbox/', 'src/mail/message/', 'src/sync/', 'src/mcp/status/'],
      'src/monitor/',
      ...['src/mail/mailbox/', 'src/mail/oauth/', 'src/mail/people/'],
      ...['src/mcp/odoo/', 'src/mcp/(http|stdio|tool|tool-fault).ts', 'src/odoo/'],
    ],
    packages: ['@modelcontextprotocol/sdk', 'zod'],
  },
  'src/local/': {
    files: [
      ...['src/core/', 'src/files/', 'src/vault/', 'src/runtime/', 'src/audit/', 'src/stages/'],
      ...['src/drafting/', 'src/mail/submission/', 'src/journal/', 'src/odoo/', 'src/mcp/', 'src/sync/'],
      ...['src/mail/mailbox/', 'src/mail/oauth/', 'src/mail/people/', 'src/monitor/'],
    ],
    packages: ['@modelcontextprotocol/sdk', 'zod'],
  },
  'src/cli/': {
    files: [
      ...['src/core/', 'src/files/', 'src/vault/', 'src/runtime/', 'src/audit/'],
      ...['src/stages/', 'src/mail/submission/', 'src/mail/mailbox/', 'src/mail/inbox/', 'src/mail/oauth/'],
      ...['src/journal/', 'src/odoo/', 'src/sync/'],
      ...['src/drafting/bounded-fetch.ts', 'src/drafting/open-drafter.ts'],
    ],
    packages: ['commander', 'zod'],
  },
  'src/demo/': {
    files: ['src/core/', 'src/files/', SMALL_RUNTIME, 'src/cli/create-vault.ts'],
    packages: ['smtp-server', 'postal-mime', 'zod'],
  },
};

const layerOf = (path: string): string | undefined =>
  Object.keys(LAW).find((layer) => path.startsWith(layer));

/** `src/core/` allows the folder, `src/runtime/(clock|logger).ts` the files. */
function isAllowed(layer: string, { to, kind }: Import): boolean {
  const law = LAW[layer];
  if (!law) return false;
  if (kind === 'node') return layer !== 'src/core/' || to === 'node:crypto';
  if (kind === 'package') return law.packages.includes(to);
  return [layer, ...law.files].some((allowed) =>
    allowed.endsWith('/') ? to.startsWith(allowed) : new RegExp(`^${allowed.replace('.', '\\.')}$`).test(to),
  );
}

function breaches(list: readonly Source[]): string[] {
  return list.flatMap(({ path, imports }) => {
    const layer = layerOf(path);
    return imports
      .filter((one) => layer === undefined || !isAllowed(layer, one))
      .map((one) => `${path} -> ${one.to}`);
  });
}

/** Every file that is loaded with `start`, through any number of imports, and how. */
function reach(start: Source, follow: (one: Import) => boolean = () => true): Set<string> {
  const seen = new Set<string>();
  const todo = [start];
  for (let source = todo.pop(); source; source = todo.pop()) {
    for (const one of source.imports.filter(follow)) {
      if (seen.has(one.to)) continue;
      seen.add(one.to);
      const next = byPath.get(one.to);
      if (next) todo.push(next);
    }
  }
  return seen;
}

const below = (folder: string): Source[] => sources.filter((source) => source.path.startsWith(folder));

describe('the layers', () => {
  it('are all named in the law: a new folder needs a place in it', () => {
    expect(sources.filter(({ path }) => layerOf(path) === undefined).map(({ path }) => path)).toEqual([]);
  });

  it.each(Object.keys(LAW))('%s imports what it may', (layer) => {
    expect(breaches(below(layer))).toEqual([]);
  });

  it('lead nowhere in circles', () => {
    const round = sources.filter((source) => reach(source).has(source.path)).map(({ path }) => path);
    expect(round).toEqual([]);
  });

  it('are entered by processes that nobody imports', () => {
    const imported = sources.flatMap(({ imports }) => imports.map(({ to }) => to));
    expect(imported.filter((to) => to.endsWith('.main.ts'))).toEqual([]);
  });

  it('name only files that exist', () => {
    const lost = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ kind, to }) => kind === 'source' && !byPath.has(to))
        .map(({ to }) => `${path} -> ${to}`),
    );
    expect(lost).toEqual([]);
  });
});

/** What submits a mail or posts an invoice, and what holds a yes. */
const CANNOT_SEND =
  /^nodemailer$|^src\/(mail\/submission|local|mcp\/email|mcp\/odoo\/live|odoo\/posting|journal)\//;

describe('the cloud', () => {
  it.each(below('src/cloud/').map(({ path }) => path))('has no way to send from %s', (path) => {
    const source = byPath.get(path);
    const reached = source ? [...reach(source)] : [];
    expect(reached.filter((to) => CANNOT_SEND.test(to))).toEqual([]);
  });
});

describe('the laptop', () => {
  it('runs no code of the cloud', () => {
    const reached = below('src/local/').flatMap((source) => [...reach(source)]);
    expect(reached.filter((to) => to.startsWith('src/cloud/'))).toEqual([]);
  });
});

describe('a library of an edge', () => {
  const users = (name: string) =>
    sources.filter(({ imports }) => imports.some(({ to }) => to === name)).map(({ path }) => path);
  const outside = (name: string, place: RegExp) => users(name).filter((path) => !place.test(path));

  it('nodemailer is in src/mail/submission alone', () => {
    expect(outside('nodemailer', /^src\/mail\/submission\//)).toEqual([]);
    expect(users('nodemailer').length).toBeGreaterThan(0);
  });

  it('imapflow is where the inbox is read and where Sent is looked into', () => {
    expect(outside('imapflow', /^src\/mail\/(inbox|mailbox|submission)\//)).toEqual([]);
  });

  it('smtp-server is in the demo alone', () => {
    expect(outside('smtp-server', /^src\/demo\//)).toEqual([]);
  });

  it('odoo-xmlrpc is in src/odoo alone', () => {
    expect(outside('odoo-xmlrpc', /^src\/odoo\//)).toEqual([]);
  });

  it('the MCP SDK is in src/mcp, and with its clients in src/local and src/cloud', () => {
    expect(outside('@modelcontextprotocol/sdk', /^src\/(mcp|local|cloud)\//)).toEqual([]);
  });

  it('pm2 is nowhere: it is AGPL and runs our processes from outside', () => {
    expect(users('pm2')).toEqual([]);
  });
});

describe('the environment', () => {
  it('is read in src/runtime/config.ts alone', () => {
    const readers = sources.filter(({ text }) => environmentReads(text).length > 0).map(({ path }) => path);
    expect(readers).toEqual(['src/runtime/config.ts']);
  });

  it.each([
    "const key = process.env['KEY'];",
    'const { env } = process;',
    "const key = process['env'].KEY;",
    'const all = globalThis.process.env;',
    "import { env } from 'node:process';",
  ])('is found being read by: %s', (line) => {
    expect(environmentReads(line)).not.toEqual([]);
  });

  it('is not taken to be read by a comment or a text', () => {
    expect(environmentReads("// process.env\nconst words = 'process.env';")).toEqual([]);
  });
});

describe('core', () => {
  it('asks for no time, no randomness and nothing of the world', () => {
    const impure = below('src/core/').flatMap(({ path, text }) =>
      impurities(text).map((what) => `${path}: ${what}`),
    );
    expect(impure).toEqual([]);
  });

  it.each([
    'const now = Date.now();',
    'const now = new Date();',
    'const dice = Math.random();',
    "await fetch('https://example.org');",
    'setTimeout(run, 1);',
    "import { randomUUID } from 'node:crypto';",
    "console.log('x');",
    'const id = process.pid;',
  ])('would be found impure by: %s', (line) => {
    expect(impurities(line)).not.toEqual([]);
  });

  it('may read a moment that it is given', () => {
    expect(impurities('const d = new Date(now); const p = { process: beat.process };')).toEqual([]);
  });
});

describe('this test', () => {
  it.each([
    ["import x from 'nodemailer';", 'nodemailer', false],
    ["import type { A } from '../core/mail.ts';", 'src/core/mail.ts', true],
    ["import { type A } from '../core/mail.ts';", 'src/core/mail.ts', true],
    ["export * from './b.ts';", 'src/stages/b.ts', false],
    ["const m = await import('@ai-sdk/anthropic');", '@ai-sdk/anthropic', false],
    ["let a: import('imapflow').ImapFlow;", 'imapflow', true],
    ["const m = require('pm2/lib/API');", 'pm2', false],
  ])('sees the import in: %s', (line, to, typeOnly) => {
    expect(importsOf('src/stages/a.ts', line)).toMatchObject([{ to, typeOnly }]);
  });

  it('sees a breach of a layer', () => {
    const path = 'src/core/planted.ts';
    const text = "import 'node:fs';\nimport '../vault/vault.ts';\nimport 'chokidar';\nimport './mail.ts';";
    expect(breaches([{ path, text, imports: importsOf(path, text) }])).toEqual([
      `${path} -> node:fs`,
      `${path} -> src/vault/vault.ts`,
      `${path} -> chokidar`,
    ]);
  });
});
