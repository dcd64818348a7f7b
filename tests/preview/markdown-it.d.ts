/** What the preview uses of markdown-it 14, which brings no types of its own. */
declare module 'markdown-it' {
  interface Token {
    attrs: [string, string][] | null;
    content: string;
  }
  interface InlineState {
    readonly src: string;
    pos: number;
    push(type: string, tag: string, nesting: -1 | 0 | 1): Token;
  }
  export default class MarkdownIt {
    constructor(options: { readonly html: boolean; readonly breaks: boolean; readonly linkify: boolean });
    readonly inline: {
      readonly ruler: {
        before(rule: string, name: string, fn: (state: InlineState, silent: boolean) => boolean): void;
      };
    };
    use(plugin: (parser: MarkdownIt) => void): this;
    render(source: string): string;
    renderInline(source: string): string;
  }
}
