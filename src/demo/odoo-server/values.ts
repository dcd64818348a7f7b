/** What a method gives back, before a transport writes it down. */
export type Value =
  | null
  | boolean
  | number
  | string
  | PyFloat
  | RecordSet
  | IntKeyed
  | readonly Value[]
  | { readonly [key: string]: Value };

/** Python keeps 300.0 apart from 300: XML-RPC says `<double>` for one and `<int>` for the other. */
export class PyFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  toJSON(): number {
    return this.value;
  }
}

/** Odoo 14 gives records back from some methods: text in JSON-RPC, a fault in XML-RPC although all is done. */
export class RecordSet {
  readonly model: string;
  readonly ids: readonly number[];
  constructor(model: string, ids: readonly number[]) {
    this.model = model;
    this.ids = ids;
  }
  /** As Python prints it. */
  toJSON(): string {
    return `${this.model}(${this.ids.join(', ')}${this.ids.length === 1 ? ',' : ''})`;
  }
}

/** A dictionary by record id: JSON makes texts of the keys, XML-RPC refuses it. */
export class IntKeyed {
  readonly entries: ReadonlyMap<number, Value>;
  constructor(entries: ReadonlyMap<number, Value>) {
    this.entries = entries;
  }
  toJSON(): Readonly<Record<string, Value>> {
    return Object.fromEntries([...this.entries].map(([key, value]) => [String(key), value]));
  }
}

export type Dict = Readonly<Record<string, Value>>;

export function isDict(value: Value | undefined): value is Dict {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof PyFloat) &&
    !(value instanceof RecordSet) &&
    !(value instanceof IntKeyed)
  );
}

/** Python's repr of what comes in a call, as far as Odoo's messages show it. */
export function repr(value: Value): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string')
    return `'${value.slice(0, 200).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  if (Array.isArray(value)) return `[${(value as readonly Value[]).slice(0, 50).map(repr).join(', ')}]`;
  return JSON.stringify(value).slice(0, 200);
}

export function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}

/** A text as it is; what else comes where one is wanted, as JSON. */
export function textOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
