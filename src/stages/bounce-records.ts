import { lstatSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { TaskId } from '../core/task-id.ts';
import { createDurably, writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';

const newsSchema = z.array(
  z.object({ notice: z.string(), task: z.string(), words: z.string().max(400), at: z.number() }),
);
type News = z.infer<typeof newsSchema>;

const MAX_NEWS = 20;
const NEWS_MS = 3 * 86_400_000;
const SHOWN = 2;

/**
 * What the laptop knows of delivery reports: `STATE_DIR/bounces/handled/<xx>/<id>`, one empty file for each that it
 * worked off, looked up by name and never listed; and what is worth a line on the dashboard for three days.
 */
export class BounceRecords {
  readonly #folder: string;
  readonly #now: () => number;

  constructor(stateDir: string, now: () => number) {
    this.#folder = join(stateDir, 'bounces');
    this.#now = now;
  }

  /** Did this laptop put the report with this id into Done? */
  isHandled(id: TaskId): boolean {
    return lstatSync(this.#place(id).path, { throwIfNoEntry: false }) !== undefined;
  }

  async handled(id: TaskId): Promise<void> {
    const { folder, path } = this.#place(id);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await createDurably(path, '');
  }

  /** One line for the dashboard; the same report again changes nothing. `words` harmless and of one line. */
  async tell(notice: TaskId, task: TaskId, words: string): Promise<void> {
    const news = (await this.#news()).filter((one) => one.notice !== notice);
    news.push({ notice, task, words: words.slice(0, 400), at: this.#now() });
    await this.#write(news.slice(-MAX_NEWS));
  }

  /** The card is with the user again: nothing of the task needs a line. */
  async settle(task: TaskId): Promise<void> {
    const news = await this.#news();
    if (news.some((one) => one.task === task)) await this.#write(news.filter((one) => one.task !== task));
  }

  /** The newest few, or null. */
  async line(): Promise<string | null> {
    const news = await this.#news();
    if (news.length === 0) return null;
    const shown = news.slice(-SHOWN).map((one) => one.words);
    return [...shown, ...(news.length > SHOWN ? [`and ${news.length - SHOWN} more`] : [])].join(' · ');
  }

  #place(id: TaskId): { folder: string; path: string } {
    const folder = join(this.#folder, 'handled', id.slice(3, 5));
    return { folder, path: join(folder, id) };
  }

  async #write(news: News): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeDurably(join(this.#folder, 'news.json'), JSON.stringify(news));
  }

  /** Lines of the dashboard decide nothing: what cannot be read is none. */
  async #news(): Promise<News> {
    try {
      const news = newsSchema.parse(JSON.parse(await readFile(join(this.#folder, 'news.json'), 'utf8')));
      const now = this.#now();
      return news.filter((one) => one.at > now - NEWS_MS && one.at <= now + NEWS_MS);
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof z.ZodError || errno(error) === 'ENOENT') return [];
      throw error;
    }
  }
}
