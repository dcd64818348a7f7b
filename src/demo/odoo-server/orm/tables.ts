import { userError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Cell, Records, Row } from './shapes.ts';

/** Every record in memory, by model. A call is one transaction: `atomically` takes all back when it throws. */
export class Tables implements Records {
  private readonly byModel = new Map<string, Map<number, Row>>();
  private readonly lastIds = new Map<string, number>();
  /** What a rollback does, newest last; null outside a transaction. */
  private undo: (() => void)[] | null = null;

  all(model: string): readonly Row[] {
    return [...this.table(model).values()];
  }

  find(model: string, id: number): Row | undefined {
    return this.table(model).get(id);
  }

  /** An id is never given twice, not even after a rollback; so PostgreSQL's sequences do it. */
  insert(model: string, cells: Readonly<Record<string, Cell>>): Row {
    const table = this.table(model);
    if (table.size >= LIMITS.rows) throw userError('This demo server is full.');
    const id = (this.lastIds.get(model) ?? 0) + 1;
    this.lastIds.set(model, id);
    const row = { id, cells };
    table.set(id, row);
    this.undo?.push(() => table.delete(id));
    return row;
  }

  update(model: string, id: number, cells: Readonly<Record<string, Cell>>): void {
    const table = this.table(model);
    const before = table.get(id);
    if (!before) return;
    table.set(id, { id, cells: { ...before.cells, ...cells } });
    this.undo?.push(() => table.set(id, before));
  }

  remove(model: string, id: number): void {
    const table = this.table(model);
    const before = table.get(id);
    if (!before) return;
    table.delete(id);
    this.undo?.push(() => table.set(id, before));
  }

  atomically<T>(work: () => T): T {
    const outer = this.undo;
    const steps: (() => void)[] = [];
    this.undo = steps;
    try {
      const result = work();
      outer?.push(...steps);
      return result;
    } catch (error) {
      this.undo = null;
      for (const step of steps.reverse()) step();
      throw error;
    } finally {
      this.undo = outer;
    }
  }

  private table(model: string): Map<number, Row> {
    const known = this.byModel.get(model);
    if (known) return known;
    const made = new Map<number, Row>();
    this.byModel.set(model, made);
    return made;
  }
}
