import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import ts from 'typescript';

/** What one source file says about itself, read from its text by the compiler's parser. */
export interface Source {
  /** Relative to the project, such as `src/core/states.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

export interface Import {
  /** `src/core/mail.ts`, `node:fs` or the name of a package. */
  readonly to: string;
  readonly kind: 'source' | 'node' | 'package';
  readonly typeOnly: boolean;
}

export const PROJECT = join(import.meta.dirname, '../..');

/** All TypeScript files below `folder` of the project. */
export async function readSources(folder: string): Promise<Source[]> {
  const entries = await readdir(join(PROJECT, folder), { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((e) => e.isFile() && e.name.endsWith('.ts'))
    .map((e) => relative(PROJECT, join(e.parentPath, e.name)))
    .sort();
  return Promise.all(
    paths.map(async (path) => {
      const text = await readFile(join(PROJECT, path), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    }),
  );
}

/** Static, dynamic, re-exporting and type imports. */
export function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier && ts.isStringLiteralLike(specifier)) found.push(target(path, specifier.text, typeOnly));
  };
  walk(text, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && loads(node.expression)) add(node.arguments[0], false);
  });
  return found;
}

function loads(called: ts.Expression): boolean {
  return (
    called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === 'require')
  );
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const names = clause.namedBindings;
  return (
    !clause.name &&
    names !== undefined &&
    ts.isNamedImports(names) &&
    names.elements.length > 0 &&
    names.elements.every((e) => e.isTypeOnly)
  );
}

function target(from: string, specifier: string, typeOnly: boolean): Import {
  if (specifier.startsWith('.')) {
    return { to: normalize(join(dirname(from), specifier)), kind: 'source', typeOnly };
  }
  if (specifier.startsWith('node:')) return { to: specifier, kind: 'node', typeOnly };
  const parts = specifier.split('/');
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
  return { to: name, kind: 'package', typeOnly };
}

/** Where the text reads the environment of the process, in any spelling. */
export function environmentReads(text: string): string[] {
  const found: string[] = [];
  walk(text, (node) => {
    if (ts.isPropertyAccessExpression(node) && node.name.text === 'env' && isProcess(node.expression))
      found.push(node.getText());
    if (ts.isElementAccessExpression(node) && isProcess(node.expression)) found.push(node.getText());
    if (ts.isVariableDeclaration(node) && node.initializer && isProcess(node.initializer))
      found.push(node.getText());
    if (ts.isImportDeclaration(node) && /^['"](node:)?process['"]$/.test(node.moduleSpecifier.getText()))
      found.push(node.getText());
  });
  return found;
}

function isProcess(node: ts.Expression): boolean {
  if (ts.isIdentifier(node)) return node.text === 'process';
  return (
    ts.isPropertyAccessExpression(node) &&
    node.name.text === 'process' &&
    node.expression.getText() === 'globalThis'
  );
}

/** Impure whatever is asked of them. A parameter may well be called `process`: only a member counts. */
const IMPURE_OBJECTS = new Set(['process', 'globalThis', 'performance', 'console', 'navigator', 'crypto']);
const IMPURE_CALLS = new Set([
  ...['fetch', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
  ...['randomBytes', 'randomUUID', 'randomInt', 'getRandomValues'],
]);

/** Where the text asks for the time, for randomness or for the world: what `core` takes as arguments. */
export function impurities(text: string): string[] {
  const found: string[] = [];
  walk(text, (node) => {
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length)
      found.push(node.getText());
    if (ts.isCallExpression(node) && node.expression.getText() === 'Date') found.push(node.getText());
    if (ts.isPropertyAccessExpression(node) && ['Date.now', 'Math.random'].includes(node.getText()))
      found.push(node.getText());
    if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
      const object = node.expression;
      if (ts.isIdentifier(object) && IMPURE_OBJECTS.has(object.text)) found.push(node.getText());
    }
    if (ts.isCallExpression(node) && IMPURE_CALLS.has(lastName(node.expression))) found.push(node.getText());
    if (ts.isImportSpecifier(node) && IMPURE_CALLS.has((node.propertyName ?? node.name).text))
      found.push(node.getText());
  });
  return found;
}

function lastName(called: ts.Expression): string {
  if (ts.isIdentifier(called)) return called.text;
  return ts.isPropertyAccessExpression(called) ? called.name.text : '';
}

function walk(text: string, visit: (node: ts.Node) => void): void {
  const file = ts.createSourceFile('source.ts', text, ts.ScriptTarget.ES2023, true);
  const step = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, step);
  };
  step(file);
}
