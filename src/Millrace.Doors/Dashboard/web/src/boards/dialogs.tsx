// The questions a board asks: what a tile shows, what a board is called, whether it may go.

import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { Dialog } from '../parts/dialog';
import { Segmented } from '../parts/ui';
import { SHOWS, SIZE, newTileId, titleOf, type Show, type Tile } from './model';

export function TileDialog({ tile, onDone, onClose }: { tile: Tile | null; onDone: (t: Tile) => void; onClose: () => void }): JSX.Element {
  const [title, setTitle] = useState(tile?.title ?? '');
  const [query, setQuery] = useState(tile?.query ?? '');
  const [show, setShow] = useState<Show>(tile?.show ?? 'rows');
  const [fault, setFault] = useState('');
  const done = (): void => {
    const text = query.trim().replace(/;\s*$/, '');
    if (!text) { setFault('A tile needs a query.'); return; }
    const [wide, high] = tile && tile.show === show ? [tile.wide, tile.high] : SIZE[show];
    onDone({
      id: tile?.id ?? newTileId(), title: title.trim() || titleOf(text), query: text, show,
      // Another query, or another kind of picture: its columns are guessed anew.
      parts: tile && tile.query === text && tile.show === show ? tile.parts : {}, wide, high,
      ...(tile?.sort && tile.query === text ? { sort: tile.sort } : {}),
    });
  };
  return (
    <Dialog title={tile ? 'Change the tile' : 'Add a tile'} class="roomy" onClose={onClose}>
      <form onSubmit={(e) => { e.preventDefault(); done(); }}>
        <div class="form">
          <label for="tile-query">Query</label>
          <textarea id="tile-query" class="mono" rows={6} value={query} spellcheck={false} autocapitalize="off" data-testid="tile-query" placeholder={'SELECT …'}
            onInput={(e) => { setQuery(e.currentTarget.value); setFault(''); }} />
          <label for="tile-title">Title</label>
          <input id="tile-title" type="text" value={title} maxLength={200} placeholder={query.trim() ? titleOf(query) : ''} autocomplete="off" data-testid="tile-title" onInput={(e) => setTitle(e.currentTarget.value)} />
          <span class="form-label">Shown as</span>
          <Segmented label="Shown as" options={SHOWS} value={show} onChange={setShow} />
          {fault && <p class="form-fault" role="alert">{fault}</p>}
        </div>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="button primary" data-testid="tile-done">{tile ? 'Change' : 'Add'}</button>
        </footer>
      </form>
    </Dialog>
  );
}

export function TitleDialog({ onDone, onClose, fault }: { onDone: (title: string) => void; onClose: () => void; fault: string }): JSX.Element {
  const [title, setTitle] = useState('');
  return (
    <Dialog title="A new board" onClose={onClose}>
      <form onSubmit={(e) => { e.preventDefault(); onDone(title.trim() || 'My board'); }}>
        <div class="form">
          <label for="board-title">Title</label>
          <input id="board-title" type="text" value={title} maxLength={200} placeholder="My board" autocomplete="off" data-testid="board-title" onInput={(e) => setTitle(e.currentTarget.value)} />
          {fault && <p class="form-fault" role="alert">{fault}</p>}
        </div>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="button primary" data-testid="board-make">Make it</button>
        </footer>
      </form>
    </Dialog>
  );
}

export function DeleteDialog({ title, tiles, onDone, onClose }: { title: string; tiles: number; onDone: () => void; onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Delete this board?" onClose={onClose}>
      <p class="dialog-text">“{title}”{tiles > 0 ? ` and its ${tiles === 1 ? 'tile go' : tiles + ' tiles go'}` : ' goes'} for everybody. The data behind stays.</p>
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>Keep it</button>
        <button type="button" class="button danger" data-testid="board-delete-yes" onClick={onDone}>Delete</button>
      </footer>
    </Dialog>
  );
}
