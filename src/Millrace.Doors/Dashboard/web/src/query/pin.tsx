// The button that takes an answer to a board, and the dialog that asks which.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { boards, create, followBoards, save, unread } from '../boards/store';
import { SHOWS, SIZE, newId, newTileId, partsOf, titleOf, TILES_MAX, type Board, type Show, type Tile } from '../boards/model';
import { announcement } from '../live/store';
import type { Column, Row } from '../model/contract';
import { Dialog } from '../parts/dialog';
import type { Sort } from '../parts/grid';
import { Icon } from '../parts/icons';
import { Segmented } from '../parts/ui';
import { boardHref } from '../router';
import { guess, type Shape } from './shape';

export interface PinProps { query: string; columns: Column[]; rows: () => Row[]; keyColumns: number[] | null; choice: Partial<Shape>; asRows: boolean; sort: Sort | null }

const IS_QUERY = /^\s*(select|with|values|table|from|\()/i;

export function Pin(p: PinProps): JSX.Element | null {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  if (!IS_QUERY.test(p.query)) return null;
  return (
    <>
      <button type="button" class="quiet" ref={button} data-testid="pin" title="Pin to a board" onClick={() => setOpen(true)}><Icon name="pin" />Pin</button>
      {open && <PinDialog {...p} onClose={() => { setOpen(false); button.current?.focus(); }} />}
    </>
  );
}

const NEW = '';

function PinDialog(p: PinProps & { onClose: () => void }): JSX.Element {
  const guessed = useRef({ ...guess(p.columns, p.rows(), p.keyColumns), ...p.choice }).current;
  const canDraw = guessed.kind !== 'none';
  const [title, setTitle] = useState(() => titleOf(p.query));
  const [show, setShow] = useState<Show>(p.asRows || !canDraw ? 'rows' : guessed.kind as Show);
  const [board, setBoard] = useState<string | null>(null);
  const [boardTitle, setBoardTitle] = useState('');
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const [pinned, setPinned] = useState<Board | null>(null);
  useEffect(() => followBoards(), []);
  const list = boards.value ?? [];
  const chosen = board ?? list[0]?.id ?? NEW;
  const shows = SHOWS.filter(([s]) => s === 'rows' || (canDraw && (s !== 'lines' || guessed.x >= 0 || p.choice.kind === 'lines')));

  const pin = async (): Promise<void> => {
    const [wide, high] = SIZE[show];
    const tile: Tile = {
      id: newTileId(), title: title.trim() || titleOf(p.query), query: p.query, show, parts: partsOf(p.choice, p.columns), wide, high,
      ...(p.sort ? { sort: { column: p.columns[p.sort.column]!.name, descending: p.sort.descending } } : {}),
    };
    setBusy(true);
    const into = list.find((b) => b.id === chosen);
    if (into && into.tiles.length >= TILES_MAX) {
      setFault(`This board has its ${TILES_MAX} tiles already.`);
      setBusy(false);
      return;
    }
    const name = boardTitle.trim() || 'My board';
    const made = into ? { ...into, tiles: [...into.tiles, tile] } : { id: newId(name), title: name, tiles: [tile], savedAt: '' };
    const saved = into ? await save(made) : await create(made);
    setBusy(false);
    if (!saved.ok) {
      setFault(saved.conflict ? 'The board was changed elsewhere just now. Try again.' : saved.reason);
      return;
    }
    setPinned(made);
    announcement.value = `Pinned to ${made.title}`;
  };

  if (pinned) {
    return (
      <Dialog title="Pinned" onClose={p.onClose}>
        <p class="dialog-text">“{title.trim() || titleOf(p.query)}” is on the board “{pinned.title}”.</p>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={p.onClose}>Stay here</button>
          <a class="button primary" href={boardHref(pinned.id)} data-testid="pin-open">Open the board</a>
        </footer>
      </Dialog>
    );
  }
  return (
    <Dialog title="Pin to a board" onClose={p.onClose}>
      <form onSubmit={(e) => { e.preventDefault(); void pin(); }}>
        <div class="form">
          <label for="pin-title">Title of the tile</label>
          <input id="pin-title" type="text" value={title} maxLength={200} autocomplete="off" data-testid="pin-title" onInput={(e) => setTitle(e.currentTarget.value)} />
          <span class="form-label">Shown as</span>
          <Segmented label="Shown as" options={shows} value={show} onChange={setShow} />
          {boards.value === null && !unread.value
            ? <p class="note" role="status">Reading the boards…</p>
            : list.length > 0 && (
              <>
                <label for="pin-board">Board</label>
                <select id="pin-board" value={chosen} data-testid="pin-board" onChange={(e) => setBoard(e.currentTarget.value)}>
                  {list.map((b) => <option key={b.id} value={b.id}>{b.title}</option>)}
                  <option value={NEW}>A new board</option>
                </select>
              </>
            )}
          {boards.value !== null && chosen === NEW && (
            <>
              <label for="pin-new">Title of the new board</label>
              <input id="pin-new" type="text" value={boardTitle} placeholder="My board" maxLength={200} autocomplete="off" data-testid="pin-new" onInput={(e) => setBoardTitle(e.currentTarget.value)} />
            </>
          )}
          {(fault || unread.value) && <p class="form-fault" role="alert">{fault || unread.value}</p>}
        </div>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={p.onClose}>Cancel</button>
          <button type="submit" class="button primary" data-testid="pin-save" disabled={busy || boards.value === null}>Pin</button>
        </footer>
      </form>
    </Dialog>
  );
}
