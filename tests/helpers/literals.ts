import ts from 'typescript';

/** Every text that stands in a source file as the program has it; `gap` stands for what is put in at run time. */
export function literalsIn(source: string, gap: string): string[] {
  const found: string[] = [];
  const step = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) found.push(node.text);
    if (ts.isTemplateExpression(node)) {
      found.push(node.head.text + node.templateSpans.map((span) => gap + span.literal.text).join(''));
    }
    ts.forEachChild(node, step);
  };
  step(ts.createSourceFile('source.ts', source, ts.ScriptTarget.ES2023, true));
  return found;
}
