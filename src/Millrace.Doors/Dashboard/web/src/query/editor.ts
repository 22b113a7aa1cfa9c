// The SQL editor: CodeMirror with the catalog's names to complete from, and errors underlined where the server found them.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { PostgreSQL, SQLDialect, sql, type SQLNamespace } from '@codemirror/lang-sql';
import { HighlightStyle, bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics } from '@codemirror/lint';
import { Compartment, EditorState, Prec, type Extension } from '@codemirror/state';
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { CatalogObject, Problem } from '../model/contract';
import { KEYWORDS } from '../model/words';

/** PostgreSQL's signs and types, with the words that this database knows: what it does not is not offered. */
const dialect = SQLDialect.define({
  ...PostgreSQL.spec,
  keywords: KEYWORDS,
  builtin: '',
});

const colors = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], class: 'tok-keyword' },
  { tag: [tags.string, tags.special(tags.string)], class: 'tok-string' },
  { tag: [tags.number, tags.bool, tags.null], class: 'tok-number' },
  { tag: [tags.comment, tags.lineComment, tags.blockComment], class: 'tok-comment' },
  { tag: [tags.typeName, tags.standard(tags.name)], class: 'tok-type' },
  { tag: [tags.operator, tags.punctuation], class: 'tok-operator' },
]);

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '13px', color: 'var(--text)', backgroundColor: 'transparent' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--accent)', padding: '10px 0' },
  '.cm-line': { padding: '0 12px 0 6px' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--faint)', border: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '30px', padding: '0 4px 0 8px' },
  '.cm-activeLine': { backgroundColor: 'var(--hover)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '2px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--select)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--select)', outline: 'none' },
  '.cm-placeholder': { color: 'var(--muted)' },
  '.tok-keyword': { color: 'var(--tok-keyword)', fontWeight: '600' },
  '.tok-string': { color: 'var(--tok-string)' },
  '.tok-number': { color: 'var(--tok-number)' },
  '.tok-comment': { color: 'var(--muted)', fontStyle: 'italic' },
  '.tok-type': { color: 'var(--tok-type)' },
  '.tok-operator': { color: 'var(--muted)' },
  '.cm-tooltip': { backgroundColor: 'var(--panel)', border: '1px solid var(--line)', borderRadius: '6px', color: 'var(--text)', boxShadow: 'var(--shadow)', overflow: 'hidden' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12px', maxHeight: '220px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 10px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)' },
  '.cm-completionDetail': { color: 'inherit', opacity: '0.75', fontStyle: 'normal', marginLeft: '1.2em' },
  '.cm-completionIcon': { display: 'none' },
  '.cm-diagnostic': { padding: '6px 10px', fontFamily: 'var(--sans)', fontSize: '12px' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--bad)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad)', textDecorationThickness: '1.5px', textUnderlineOffset: '4px' },
  '.cm-gutter-lint': { width: '10px' },
  '.cm-gutter-lint .cm-gutterElement': { padding: '0' },
  '.cm-lint-marker': { width: '8px', height: '8px', marginTop: '6px' },
  '.cm-lint-marker-error': { content: '""', borderRadius: '50%', backgroundColor: 'var(--bad)' },
});

export interface EditorActions { run(): void; watch(): void; stop(): boolean; changed(text: string): void }

export class SqlEditor {
  readonly view: EditorView;
  private readonly language = new Compartment();

  constructor(host: HTMLElement, text: string, actions: EditorActions) {
    // In a shadow root the editor's styles are adopted sheets, which a strict style-src allows; in the page they would be <style> tags.
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
    const box = document.createElement('div');
    box.style.height = '100%';
    root.append(box);
    const does = (f: () => void) => (): boolean => { f(); return true; };
    this.view = new EditorView({
      root,
      parent: box,
      state: EditorState.create({
        doc: text,
        extensions: [
          Prec.highest(keymap.of([
            { key: 'Mod-Enter', run: does(actions.run) },
            { key: 'Shift-Mod-Enter', run: does(actions.watch) },
            { key: 'Escape', run: () => actions.stop() },
          ])),
          lineNumbers(),
          lintGutter(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          highlightActiveLine(),
          autocompletion({ icons: false, maxRenderedOptions: 60 }),
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, indentWithTab]),
          syntaxHighlighting(colors),
          look,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': 'SQL editor; Escape, then Tab leaves it', spellcheck: 'false', autocapitalize: 'off' }),
          placeholder('SELECT …   Ctrl-Enter runs, Shift-Ctrl-Enter keeps the answer live'),
          this.language.of(this.languageFor([])),
          EditorView.updateListener.of((u) => { if (u.docChanged) actions.changed(u.state.doc.toString()); }),
        ],
      }),
    });
  }

  private objects: CatalogObject[] = [];
  private functions: string[] = [];

  private languageFor(objects: CatalogObject[]): Extension {
    const schema: Record<string, SQLNamespace> = {};
    for (const o of objects) {
      if (o.kind === 'index') continue;
      schema[o.name] = {
        self: { label: o.name, type: 'class', detail: o.kind },
        children: o.columns.map((c) => ({ label: c.name, type: 'property', detail: c.type })),
      };
    }
    return [
      sql({ dialect, schema, upperCaseKeywords: true }),
      // Column names also without their table before them: most queries read one or two.
      dialect.language.data.of({ autocomplete: columnsOf(objects) }),
      dialect.language.data.of({ autocomplete: functionsOf(this.functions) }),
    ];
  }

  /** The functions that can be called. */
  setFunctions(names: string[]): void {
    this.functions = names;
    this.setCatalog(this.objects);
  }

  setCatalog(objects: CatalogObject[]): void {
    this.objects = objects;
    this.view.dispatch({ effects: this.language.reconfigure(this.languageFor(objects)) });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  set text(value: string) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: value }, selection: { anchor: value.length } });
    this.clearProblem();
  }

  get cursor(): number {
    return this.view.state.selection.main.head;
  }

  /** The selected text and where it starts, if there is any. */
  get selection(): { from: number; text: string } | null {
    const { from, to } = this.view.state.selection.main;
    const text = this.view.state.sliceDoc(from, to);
    return text.trim() ? { from, text } : null;
  }

  clearProblem(): void {
    this.view.dispatch(setDiagnostics(this.view.state, []));
  }

  /** Underlines the word at the problem's place; `offset` is where the sent text starts in the editor. */
  showProblem(problem: Problem, offset: number): void {
    if (problem.position === undefined || problem.position < 0) return;
    const doc = this.view.state.doc;
    const from = Math.min(doc.length, offset + problem.position);
    const line = doc.lineAt(from);
    const word = /^(?:"[^"]*"|'[^']*'|[\p{L}\p{N}_.$]+|\S)/u.exec(line.text.slice(from - line.from));
    let start = from;
    let end = from + (word ? word[0].length : 0);
    if (start === end && start > line.from) start--;
    else if (start === end) end = Math.min(doc.length, end + 1);
    const message = (problem.detail || problem.title) + (problem.hint ? '\n' + problem.hint : '');
    this.view.dispatch(setDiagnostics(this.view.state, [{ from: start, to: end, severity: 'error', message }]));
    this.view.dispatch({ effects: EditorView.scrollIntoView(start, { y: 'center' }) });
  }

  focus(): void {
    this.view.focus();
  }

  destroy(): void {
    this.view.destroy();
    this.view.dom.parentElement?.remove();
  }
}

type Source = (context: import('@codemirror/autocomplete').CompletionContext) => import('@codemirror/autocomplete').CompletionResult | null;

/** Completes functions; those that are operators, or are for the system alone, have no names to type. */
function functionsOf(names: string[]): Source {
  const options = names.filter((n) => /^[a-z][a-z0-9_]*$/.test(n)).map((n) => ({ label: n, apply: n + '(', type: 'function', detail: 'function', boost: n.startsWith('pg_') ? -20 : -1 }));
  return (context) => {
    const word = context.matchBefore(/\w+/);
    if (!word || word.to - word.from < 2 || context.state.sliceDoc(word.from - 1, word.from) === '.') return null;
    return { from: word.from, options, validFor: /^\w*$/ };
  };
}

/** Completes columns of the tables the text names. */
function columnsOf(objects: CatalogObject[]): Source {
  return (context) => {
    const word = context.matchBefore(/[\w]+/);
    if (!word || (word.from === word.to && !context.explicit)) return null;
    if (context.state.sliceDoc(word.from - 1, word.from) === '.') return null;
    const text = context.state.doc.toString().toLowerCase();
    const seen = new Map<string, { label: string; type: string; detail: string; boost: number }>();
    for (const o of objects) {
      if (o.kind === 'index' || !new RegExp(`\\b${o.name.toLowerCase().replace(/\W/g, '\\$&')}\\b`).test(text)) continue;
      for (const c of o.columns) if (!seen.has(c.name)) seen.set(c.name, { label: c.name, type: 'property', detail: c.type, boost: 2 });
    }
    return seen.size ? { from: word.from, options: [...seen.values()], validFor: /^\w*$/ } : null;
  };
}
