// Pasting rows into a stream or table: JSON, NDJSON or CSV, told apart by their first characters, sent as one commit.

import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { asProblem, sendRows, type Accepted } from '../live/api';
import { announcement } from '../live/store';
import type { CatalogObject, Problem } from '../model/contract';
import { path } from '../model/names';
import { whole } from '../model/format';
import { Icon } from '../parts/icons';
import { Panel } from '../parts/ui';
import { sniff, template } from '../query/paste';

const WORDS = { json: 'JSON', ndjson: 'NDJSON', csv: 'CSV' } as const;

export function AddRows({ object: o }: { object: CatalogObject }): JSX.Element {
  const [text, setText] = useState('');
  const [skip, setSkip] = useState(false);
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Accepted | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const format = text.trim() ? sniff(text) : null;
  const send = async (): Promise<void> => {
    setBusy(true);
    setAnswer(null);
    setProblem(null);
    try {
      const a = await sendRows(path(o), text, format ?? 'csv', skip);
      setAnswer(a);
      if (a.rejected === 0) setText('');
      announcement.value = `${a.accepted} rows added`;
    } catch (error) {
      const p = asProblem(error);
      setProblem(p);
      announcement.value = 'Error: ' + (p.detail ?? p.title);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel title="Add rows" note={format ? WORDS[format] : 'JSON, NDJSON or CSV with a header line'} class="add-rows">
      <form onSubmit={(e) => { e.preventDefault(); void send(); }}>
        <textarea value={text} rows={4} aria-label={'Rows to add to ' + o.name} placeholder={template(o.columns)} spellcheck={false} data-testid="rows-text"
          onInput={(e) => setText(e.currentTarget.value)} />
        {problem && <p class="notice bad" role="alert" data-testid="rows-problem">{problem.detail ?? problem.title}{problem.hint ? '. ' + problem.hint : ''}</p>}
        {answer && answer.rejected > 0 && (
          <ul class="notice">{answer.errors.slice(0, 10).map((e) => <li key={e.line}>line {e.line}{e.column ? ', ' + e.column : ''}: {e.reason}</li>)}</ul>
        )}
        <div class="toolbar">
          <button type="submit" class="button" disabled={busy || !format} data-testid="rows-send"><Icon name="plus" />Add</button>
          <label class="field"><input type="checkbox" checked={skip} onChange={(e) => setSkip(e.currentTarget.checked)} /><span>keep the good rows when some are bad</span></label>
          <span class="toolbar-fill note" data-testid="rows-answer">{answer && `${whole(answer.accepted)} added${answer.rejected ? `, ${whole(answer.rejected)} refused` : ''}`}</span>
        </div>
      </form>
    </Panel>
  );
}
