/**
 * The import law, checked by `npm run check:walls`. Who may know whom:
 *
 *   *.main.ts (cloud, local)  ->  runtime, stages, adapters of their own host
 *   stages                    ->  core, files, vault, clock, interfaces of drafting
 *   adapters                  ->  core, files, the small things of runtime, the interface they fill
 *   runtime, vault            ->  core, files (runtime: vault too)
 *   core                      ->  core
 *
 * tests/architecture/import-walls.test.ts derives the same law from the source text a second time, and
 * planted-violations.test.ts breaks every rule below once to see it caught. A new rule needs a plant there.
 */

/** A package, also where node_modules is a link to another folder. */
const pkg = (names) => `(^|/)node_modules/(${names})/`;
const CORE = '^src/core/';
const FILES = '^src/files/';
const VAULT = '^src/vault/';
/** What says nothing about a host: no configuration, no daemon, no heartbeat. */
const SMALL_RUNTIME = '^src/runtime/(clock|exit-codes|logger|process-identity|ulid)\\.ts$';

/** `folder` may import only itself, what `allowed` lists, and modules of Node unless `node` is false. */
const only = (name, comment, folder, allowed, node = true) => ({
  name,
  comment,
  severity: 'error',
  from: { path: folder },
  to: { pathNot: [folder, ...allowed], ...(node ? { dependencyTypesNot: ['core'] } : {}) },
});

/** `packages` may be imported only from the folders of `where`. */
const place = (name, comment, packages, where) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^src/', ...(where ? { pathNot: where } : {}) },
  to: { path: pkg(packages) },
});

/** No chain of imports leads from one to the other. */
const unreachable = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: to, reachable: true },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or a third one is missing. Types count.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-packages',
      comment: 'The program runs after `npm ci --omit=dev`, and names every package it uses.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'npm-peer'] },
    },
    {
      name: 'src-knows-no-tests',
      comment: 'What the program needs lies in src.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(tests|bench|deployment|dist)/' },
    },
    {
      name: 'mains-are-started',
      comment: 'A process entry starts when it is loaded: nobody imports it.',
      severity: 'error',
      from: {},
      to: { path: '\\.main\\.ts$' },
    },

    // Layers, from the bottom.
    only(
      'core-is-pure',
      'Data in, decision out: no files, network, clock or randomness. Hashing and parsing are pure.',
      CORE,
      ['^(node:)?crypto$', pkg('gray-matter|yaml|zod')],
      false,
    ),
    only('files-is-lowest', 'Durable files and errno know nothing of the program.', FILES, []),
    only('vault-knows-core', 'The vault knows the states and names, and not what happens to a task.', VAULT, [
      CORE,
      FILES,
      pkg('chokidar'),
    ]),
    only(
      'runtime-knows-no-work',
      'The skeleton of a process: the same whatever the process does.',
      '^src/runtime/',
      [CORE, FILES, VAULT, pkg('pino|smol-toml|zod')],
    ),
    only('audit-is-an-adapter', 'The log knows its chain and its files.', '^src/audit/', [
      CORE,
      FILES,
      SMALL_RUNTIME,
      pkg('zod'),
    ]),
    only('sync-is-an-adapter', 'Speaks with the Syncthing of this machine; moves no task.', '^src/sync/', [
      CORE,
      FILES,
      VAULT,
      SMALL_RUNTIME,
      pkg('zod|smol-toml'),
    ]),
    only(
      'drafting-is-an-adapter',
      'A drafter gets a mail and returns text; it has no vault.',
      '^src/drafting/',
      [CORE, SMALL_RUNTIME, pkg('ai|@ai-sdk/[^/]+|zod')],
    ),
    only('message-is-an-adapter', 'Bytes of a mail in, its parts out.', '^src/mail/message/', [
      CORE,
      pkg('postal-mime|html-to-text|zod'),
    ]),
    only('inbox-is-an-adapter', 'Reads a mailbox; knows no vault and no sending.', '^src/mail/inbox/', [
      CORE,
      FILES,
      '^src/mail/(message|oauth)/',
      SMALL_RUNTIME,
      pkg('imapflow|zod'),
    ]),
    only(
      'mailbox-is-an-adapter',
      'Asks a mailbox questions, for both hosts; knows no vault and no sending.',
      '^src/mail/mailbox/',
      [CORE, FILES, '^src/mail/(message|oauth)/', SMALL_RUNTIME, pkg('imapflow|zod')],
    ),
    only('people-is-an-adapter', 'Whom the user knows, kept outside the vault.', '^src/mail/people/', [
      CORE,
      FILES,
      SMALL_RUNTIME,
      pkg('zod'),
    ]),
    only('oauth-is-an-adapter', 'Keeps and renews tokens; knows no vault.', '^src/mail/oauth/', [
      CORE,
      FILES,
      SMALL_RUNTIME,
      // Two processes that renew at once.
      '^src/runtime/lock\\.ts$',
      pkg('oauth4webapi|zod'),
    ]),
    only(
      'submission-is-an-adapter',
      'Sends what is sealed; knows no vault, so nothing that syncs can reach it. stages/mail-effects.ts is the interface it fills.',
      '^src/mail/submission/',
      [
        CORE,
        FILES,
        SMALL_RUNTIME,
        '^src/journal/',
        '^src/mail/(mailbox|oauth)/',
        '^src/stages/mail-effects\\.ts$',
        pkg('nodemailer|imapflow|zod'),
      ],
    ),
    only('journal-is-an-adapter', 'What was sealed and what became of it; knows no edge.', '^src/journal/', [
      CORE,
      FILES,
      SMALL_RUNTIME,
      pkg('zod'),
    ]),
    only(
      'odoo-is-an-adapter',
      'Speaks with Odoo; knows no vault and cannot post.',
      '^src/odoo/(?!posting/)',
      ['^src/odoo/(?!posting/)', CORE, FILES, SMALL_RUNTIME, pkg('odoo-xmlrpc|zod')],
    ),
    only(
      'posting-is-an-adapter',
      'Posts what is sealed. stages/post-effects.ts is the interface it fills.',
      '^src/odoo/posting/',
      [
        CORE,
        FILES,
        SMALL_RUNTIME,
        '^src/(odoo|journal)/',
        '^src/stages/(mail-effects|post-effects)\\.ts$',
        pkg('zod'),
      ],
    ),
    only('odoo-mcp-drafts', 'Runs on the cloud: no tool here can post.', '^src/mcp/odoo/(?!live/)', [
      '^src/mcp/[^/]+$',
      '^src/mcp/odoo/(?!live/)',
      CORE,
      FILES,
      VAULT,
      SMALL_RUNTIME,
      '^src/odoo/(?!posting/)',
      pkg('@modelcontextprotocol/sdk|zod'),
    ]),
    only('odoo-mcp-posts', 'On the laptop: what was approved, under its id.', '^src/mcp/odoo/live/', [
      '^src/mcp/([^/]+|odoo/.+)$',
      CORE,
      FILES,
      VAULT,
      SMALL_RUNTIME,
      '^src/(odoo|journal)/',
      '^src/stages/post-effects\\.ts$',
      pkg('@modelcontextprotocol/sdk|zod'),
    ]),
    only('mcp-is-an-adapter', 'Tools over the journal and the vault.', '^src/mcp/(?!(status|odoo)/)', [
      '^src/mcp/',
      CORE,
      FILES,
      VAULT,
      SMALL_RUNTIME,
      '^src/(mail/(submission|mailbox)|journal)/',
      pkg('@modelcontextprotocol/sdk|zod'),
    ]),
    only('status-mcp-only-reads', 'Runs on both hosts, so it knows nothing of sending.', '^src/mcp/status/', [
      '^src/mcp/[^/]+$',
      CORE,
      FILES,
      VAULT,
      SMALL_RUNTIME,
      '^src/(audit|sync)/',
      pkg('@modelcontextprotocol/sdk|zod'),
    ]),
    only(
      'monitor-knows-no-work',
      'Runs on both hosts: processes, their marks and notices; it knows nothing of sending.',
      '^src/monitor/',
      [
        CORE,
        FILES,
        VAULT,
        SMALL_RUNTIME,
        '^src/runtime/(happenings|pm2-commands|watch-alive)\\.ts$',
        '^src/(audit|stages)/',
        pkg('zod'),
      ],
    ),
    only(
      'stages-know-interfaces',
      'A move of a task is a function of what it is given: no environment, no process, no library of an edge.',
      '^src/stages/',
      [
        CORE,
        FILES,
        VAULT,
        '^src/runtime/(clock|logger)\\.ts$',
        '^src/drafting/(drafter|handbook|template)\\.ts$',
        pkg('zod'),
      ],
    ),
    {
      name: 'stages-know-shapes',
      comment: 'A clock, a log, a drafter are given to a stage; it knows their types and none of their code.',
      severity: 'error',
      from: { path: '^src/stages/' },
      to: { path: '^src/(drafting|runtime)/', dependencyTypesNot: ['type-only'] },
    },

    // Hosts. Reachable: through any number of files.
    unreachable(
      'cloud-cannot-send',
      'No code on the cloud can submit a mail or post an invoice, and none holds what approves one.',
      '^src/cloud/',
      `^src/(mail/submission|local|mcp/email|mcp/odoo/live|odoo/posting|journal)/|${pkg('nodemailer')}`,
    ),
    unreachable(
      'local-knows-no-cloud',
      'The laptop trusts nothing of the cloud, its code neither.',
      '^src/local/',
      '^src/cloud/',
    ),
    unreachable(
      'no-host-knows-cli-or-demo',
      'The command line and the demo stand outside; the processes never need them.',
      '^src/(cloud|local)/',
      '^src/(cli|demo)/',
    ),
    {
      name: 'only-hosts-import-hosts',
      comment: 'src/cloud and src/local are entries, not libraries.',
      severity: 'error',
      from: { path: '^src/(?!(cloud|local)/)' },
      to: { path: '^src/(cloud|local)/' },
    },
    {
      name: 'cli-is-imported-by-demo-alone',
      comment: 'The demo makes its vault as `handover init` does.',
      severity: 'error',
      from: { path: '^src/(?!(cli|demo)/)' },
      to: { path: '^src/cli/' },
    },
    only(
      'demo-plays-from-outside',
      'The demo shows the real processes: it starts them, and cannot do their work in their place.',
      '^src/demo/',
      [CORE, FILES, SMALL_RUNTIME, '^src/cli/create-vault\\.ts$', pkg('smtp-server|postal-mime|zod')],
    ),
    {
      name: 'demo-is-no-library',
      comment: 'Its mail servers check nothing and believe everybody.',
      severity: 'error',
      from: { path: '^src/(?!demo/)' },
      to: { path: '^src/demo/' },
    },

    // Every library of an edge in its place.
    place('nodemailer-place', 'One place that can send.', 'nodemailer', ['^src/mail/submission/']),
    place('imapflow-place', 'Reading the inbox, and looking into Sent.', 'imapflow', [
      '^src/mail/(inbox|mailbox|submission)/',
    ]),
    place('smtp-server-place', 'The mail provider of the demo.', 'smtp-server', ['^src/demo/']),
    place(
      'mcp-sdk-place',
      'Servers in src/mcp, their clients in src/local and src/cloud.',
      '@modelcontextprotocol/sdk',
      ['^src/(mcp|local|cloud)/'],
    ),
    place('chokidar-place', 'Events of files are hints for the vault.', 'chokidar', ['^src/vault/']),
    place('model-sdk-place', 'Models draft and do nothing else.', 'ai|@ai-sdk/[^/]+', ['^src/drafting/']),
    place('mail-parser-place', 'Hostile bytes are parsed in one place.', 'postal-mime|html-to-text', [
      '^src/mail/message/',
      '^src/demo/',
    ]),
    place('front-matter-place', 'The hardened reader of front matter is the only one.', 'gray-matter|yaml', [
      CORE,
    ]),
    place('xmlrpc-place', 'An old library without deadlines, wrapped in one place.', 'odoo-xmlrpc|xmlrpc', [
      '^src/odoo/',
    ]),
    place('commander-place', 'Arguments belong to the command line.', 'commander', ['^src/cli/']),
    place('pino-place', 'One logger, with its redaction.', 'pino', ['^src/runtime/']),
    place('toml-place', "The share's configuration, and the accounts.", 'smol-toml', [
      '^src/sync/',
      '^src/runtime/accounts-file\\.ts$',
    ]),
    place('oauth-place', 'Authorisation servers are spoken with in one place.', 'oauth4webapi', [
      '^src/mail/oauth/',
    ]),
    place('pm2-is-never-imported', 'PM2 is AGPL-3.0: it runs our processes and is no part of them.', 'pm2'),
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    exclude: { path: '^dist/' },
    // Imports of types are knowledge too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
