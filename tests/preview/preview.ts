/**
 * `npm run preview [folder]`: pictures of every kind of card and of the dashboard at the width of a laptop and of a phone, into
 * docs/pictures or the folder named. Needs Chromium without a window (Debian: chromium-headless-shell or chromium).
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { previewCards } from './cards.ts';
import { previewDashboard } from './dashboard.ts';
import { notePage } from './page.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const WIDTHS = [1200, 390] as const;
const BROWSERS = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

async function browser(): Promise<string> {
  for (const name of BROWSERS) {
    try {
      await run(name, ['--version']);
      return name;
    } catch {
      // The next name.
    }
  }
  throw new Error(
    'There is no Chromium. On Debian and Ubuntu: apt-get install --no-install-recommends chromium-headless-shell fonts-dejavu-core fonts-noto-color-emoji',
  );
}

/** No network: a picture shows what stands in the note. As root Chromium starts without its sandbox alone. */
function flags(scratch: string): string[] {
  return [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ...['--headless', '--disable-gpu', '--hide-scrollbars', '--host-resolver-rules=MAP * ~NOTFOUND'],
    `--user-data-dir=${join(scratch, 'profile')}`,
  ];
}

/** Chromium's own minimum for a window is wider than a phone, so the page lies in a frame of the width. */
function framed(html: string, width: number, height: number): string {
  const quoted = html.replace(/&/g, '&amp;').replace(/"/g, '&quot;');
  return `<!doctype html><meta charset="utf-8"><style>body{margin:0}iframe{border:0;display:block}</style><iframe width="${width}" height="${height}" srcdoc="${quoted}"></iframe>`;
}

async function heightOf(name: string, scratch: string, html: string, width: number): Promise<number> {
  const asks = `<script>onload=()=>{document.title=String(document.querySelector('iframe').contentDocument.documentElement.scrollHeight)}</script>`;
  const file = join(scratch, 'measure.html');
  await writeFile(file, framed(html, width, 10) + asks);
  const { stdout } = await run(name, [...flags(scratch), '--dump-dom', pathToFileURL(file).href], {
    maxBuffer: 50_000_000,
  });
  return Math.min(Number(/<title>(\d+)<\/title>/.exec(stdout)?.[1] ?? 1600), 4_000);
}

async function main(): Promise<void> {
  const out = resolve(process.argv[2] ?? join(ROOT, 'docs/pictures'));
  const chromium = await browser();
  const snippet = await readFile(join(ROOT, 'vault-template/.obsidian/snippets/handover.css'), 'utf8');
  const scratch = await mkdtemp(join(tmpdir(), 'preview-'));
  await mkdir(out, { recursive: true });
  try {
    const cards = [...(await previewCards()), previewDashboard()];
    for (const card of cards) {
      const html = notePage(card.title, card.source, snippet);
      for (const width of WIDTHS) {
        const height = await heightOf(chromium, scratch, html, width);
        const file = join(scratch, 'page.html');
        await writeFile(file, framed(html, width, height));
        const picture = join(out, `${card.name}-${width}.png`);
        await run(chromium, [
          ...flags(scratch),
          `--window-size=${width},${height}`,
          `--screenshot=${picture}`,
          pathToFileURL(file).href,
        ]);
        process.stdout.write(`${picture}  ${width}x${height}\n`);
      }
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

await main();
