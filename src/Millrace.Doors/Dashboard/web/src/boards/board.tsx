// One board: its tiles in a grid, live; arranged by mouse or keyboard, saved with each change, shown full screen.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { announcement } from '../live/store';
import { clock } from '../model/format';
import { Icon, type IconName } from '../parts/icons';
import { isForPage } from '../parts/keys';
import { Empty } from '../parts/ui';
import { incoming } from '../query/session';
import { boardHref, go, route } from '../router';
import { Status } from '../shell/status';
import { DeleteDialog, TileDialog } from './dialogs';
import { arrange } from './drag';
import { HIGH_MAX, TILES_MAX, WIDE_MAX, moved, resized, type Board, type Tile } from './model';
import { overwrite, remove, save } from './store';
import { TileContent } from './tile';

type Saving = { state: 'saved' | 'saving' } | { state: 'failed'; conflict: boolean; reason: string };

export function OneBoard({ board }: { board: Board }): JSX.Element {
  const full = route.value.params.has('full');
  const [editing, setEditing] = useState(route.value.params.has('edit'));
  // While it is arranged the page's own copy counts; else what the database says, live.
  const [mine, setMine] = useState<Board>(board);
  const [saving, setSaving] = useState<Saving>({ state: 'saved' });
  const [asking, setAsking] = useState<{ tile: Tile | null } | 'delete' | null>(null);
  const [undo, setUndo] = useState<Tile[] | null>(null);
  const latest = useRef(mine);
  const work = useRef({ busy: false, again: false });
  const shown = editing || saving.state !== 'saved' ? mine : board;
  latest.current = shown;

  const put = async (b: Board): Promise<void> => {
    latest.current = b;
    setMine(b);
    // One save at a time, each knowing when the one before was: the last change made meanwhile goes along with the next.
    if (work.current.busy) { work.current.again = true; return; }
    work.current.busy = true;
    setSaving({ state: 'saving' });
    for (;;) {
      work.current.again = false;
      const saved = await save(latest.current);
      if (saved.ok) {
        latest.current = { ...latest.current, savedAt: saved.savedAt };
        setMine(latest.current);
      }
      if (work.current.again && saved.ok) continue;
      setSaving(saved.ok ? { state: 'saved' } : { state: 'failed', conflict: saved.conflict, reason: saved.reason });
      break;
    }
    work.current.busy = false;
  };
  const tiles = (next: Tile[], said: string): void => {
    if (next === latest.current.tiles) return;
    announcement.value = said;
    setUndo(null);
    void put({ ...latest.current, tiles: next });
  };
  const edit = (on: boolean): void => {
    if (on) setMine(board);
    setEditing(on);
    setUndo(null);
  };
  const place = (id: string, list: Tile[]): string => `Place ${list.findIndex((t) => t.id === id) + 1} of ${list.length}`;
  const act = (tile: Tile, what: Act): void => {
    const now = latest.current.tiles;
    if (what === 'edit') setAsking({ tile });
    else if (what === 'remove') {
      tiles(now.filter((t) => t.id !== tile.id), `${tile.title} removed`);
      setUndo(now);
    } else if (what === 'earlier' || what === 'later') {
      const next = moved(now, tile.id, what === 'earlier' ? -1 : 1);
      tiles(next, place(tile.id, next));
    } else {
      const next = resized(now, tile.id, what === 'wider' ? 1 : what === 'narrower' ? -1 : 0, what === 'higher' ? 1 : what === 'lower' ? -1 : 0);
      const t = next.find((x) => x.id === tile.id)!;
      tiles(next, `${t.wide} wide, ${t.high} high`);
    }
  };

  useFullScreen(full, board.id);
  useEffect(() => {
    const onKey = (e: KeyboardEvent): void => {
      if (!isForPage(e)) return;
      if (e.key === 'f') { e.preventDefault(); showFull(board.id, !full); }
      else if (e.key === 'e' && !full) { e.preventDefault(); edit(!editing); }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });

  return (
    <div class={'page board-page' + (editing && !full ? ' editing' : '')} data-testid="board" data-saving={saving.state}>
      {full ? <Wall title={shown.title} id={board.id} /> : (
        <>
          <a class="crumb" href="#/boards">← All boards</a>
          <header class="page-head">
            {editing
              ? <><h1 class="sr">{shown.title}</h1><input class="board-title" type="text" aria-label="Title of the board" value={shown.title} maxLength={200} onChange={(e) => void put({ ...latest.current, title: e.currentTarget.value.trim() || shown.title })} /></>
              : <h1>{shown.title}</h1>}
            {editing && <span class="note" role="status">{saving.state === 'saving' ? 'saving…' : saving.state === 'saved' ? 'every change is saved' : 'not saved'}</span>}
            <div class="panel-actions">
              {editing && <button type="button" class="button ghost" data-testid="board-delete" onClick={() => setAsking('delete')}>Delete</button>}
              {editing && <button type="button" class="button" data-testid="tile-add" disabled={shown.tiles.length >= TILES_MAX} onClick={() => setAsking({ tile: null })}><Icon name="plus" />Add a tile</button>}
              <button type="button" class="button" aria-pressed={editing} data-testid="board-edit" title="Arrange the tiles (E)" onClick={() => edit(!editing)}><Icon name={editing ? 'check' : 'edit'} />{editing ? 'Done' : 'Edit'}</button>
              <button type="button" class="button primary" data-testid="board-full" aria-label="Full screen" title="Full screen (F)" onClick={() => showFull(board.id, true)}><Icon name="fit" /><span class={editing ? 'in-grid' : ''}>Full screen</span></button>
            </div>
          </header>
          {saving.state === 'failed' && (
            <p class="notice bad" role="alert">
              {saving.reason} {saving.conflict
                ? <><button type="button" class="link" onClick={() => { setSaving({ state: 'saved' }); setMine(board); }}>Take what is there</button> or <button type="button" class="link" onClick={() => void overwrite(latest.current).then((s) => { if (s.ok) { setMine({ ...latest.current, savedAt: s.savedAt }); setSaving({ state: 'saved' }); } })}>keep mine</button></>
                : <button type="button" class="link" onClick={() => void put(latest.current)}>Try again</button>}
            </p>
          )}
          {undo && <p class="notice" role="status">A tile was removed. <button type="button" class="link" onClick={() => tiles(undo, 'The tile is back')}>Put it back</button></p>}
          {editing && shown.tiles.length > 0 && <p class="note board-help in-grid">Drag a tile by its head, or its lower right corner to size it. By keyboard: ← → move it, Shift with arrows sizes it, Enter changes it, Del removes it.</p>}
        </>
      )}
      {shown.tiles.length === 0
        ? <Empty title="An empty board"><p>Add a tile here, or pin an answer on the <a href="#/query">Query</a> page.</p>{!editing && <button type="button" class="button" onClick={() => edit(true)}><Icon name="edit" />Edit</button>}</Empty>
        : <div class="board" data-testid="tiles">
          {shown.tiles.map((t) => <TileBox key={t.id} tile={t} editing={editing && !full} act={(w) => act(t, w)} reorder={(to) => { const by = to - latest.current.tiles.findIndex((x) => x.id === t.id); const next = moved(latest.current.tiles, t.id, by); tiles(next, place(t.id, next)); }}
            resize={(w, h) => { const next = resized(latest.current.tiles, t.id, w - t.wide, h - t.high); tiles(next, `${w} wide, ${h} high`); }} />)}
        </div>}
      {asking && (asking === 'delete'
        ? <DeleteDialog title={shown.title} tiles={shown.tiles.length} onClose={() => setAsking(null)} onDone={() => { setAsking(null); void remove(board.id).then((fault) => { if (fault) setSaving({ state: 'failed', conflict: false, reason: fault }); else go('#/boards'); }); }} />
        : <TileDialog tile={asking.tile} onClose={() => setAsking(null)} onDone={(t) => {
          const old = asking.tile;
          setAsking(null);
          tiles(old ? latest.current.tiles.map((x) => (x.id === t.id ? t : x)) : [...latest.current.tiles, t], old ? `${t.title} changed` : `${t.title} added`);
        }} />)}
    </div>
  );
}

type Act = 'earlier' | 'later' | 'wider' | 'narrower' | 'higher' | 'lower' | 'edit' | 'remove';

const KEYS: Record<string, Act> = {
  ArrowLeft: 'earlier', ArrowUp: 'earlier', ArrowRight: 'later', ArrowDown: 'later', Enter: 'edit', Delete: 'remove', Backspace: 'remove',
  'Shift ArrowLeft': 'narrower', 'Shift ArrowRight': 'wider', 'Shift ArrowUp': 'lower', 'Shift ArrowDown': 'higher',
};

interface BoxProps { tile: Tile; editing: boolean; act: (what: Act) => void; reorder: (to: number) => void; resize: (wide: number, high: number) => void }

function TileBox({ tile, editing, act, reorder, resize }: BoxProps): JSX.Element {
  const [state, setState] = useState('');
  const box = useRef<HTMLElement>(null);
  const tool = (what: Act, icon: IconName, text: string, off = false): JSX.Element =>
    <button type="button" class="quiet" disabled={off} title={text} aria-label={text} onClick={() => act(what)}><Icon name={icon} /></button>;
  const onKey = (e: KeyboardEvent): void => {
    const what = e.target === box.current ? KEYS[(e.shiftKey ? 'Shift ' : '') + e.key] : undefined;
    if (!what || !editing) return;
    e.preventDefault();
    act(what);
    // It keeps the focus where it goes to.
    requestAnimationFrame(() => box.current?.focus());
  };
  return (
    <section class={`tile-box w${tile.wide} h${tile.high}`} ref={box} data-testid="tile" data-id={tile.id} data-show={tile.show} aria-label={tile.title}
      {...(editing ? { tabIndex: 0, onKeyDown: onKey } : {})}>
      <header class="tile-head" onPointerDown={(e) => { if (editing) arrange.drag(e, box.current!, reorder); }}>
        <h2>{tile.title}</h2>
        {state && <span class="note">{state}</span>}
        {editing ? (
          <div class="tile-tools">
            <span class="in-column">{tool('earlier', 'up', 'Up')}{tool('later', 'down', 'Down')}</span>
            <span class="in-grid">{tool('narrower', 'narrower', 'Narrower', tile.wide <= 1)}{tool('wider', 'wider', 'Wider', tile.wide >= WIDE_MAX)}</span>
            {tool('lower', 'lower', 'Lower', tile.high <= 1)}{tool('higher', 'higher', 'Higher', tile.high >= HIGH_MAX)}
            {tool('edit', 'edit', 'Change')}{tool('remove', 'close', 'Remove')}
          </div>
        ) : (
          <button type="button" class="quiet tile-open" title="Open the query" aria-label={`Open the query of ${tile.title}`} onClick={() => { incoming.value = { text: tile.query, then: 'watch' }; go('#/query'); }}><Icon name="query" /></button>
        )}
      </header>
      <TileContent tile={tile} onState={setState} />
      {editing && <i class="tile-grip" aria-hidden="true" onPointerDown={(e) => arrange.size(e, box.current!, tile, resize)} />}
    </section>
  );
}

/** The bar over a board that hangs on a wall. */
function Wall({ title, id }: { title: string; id: string }): JSX.Element {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <header class="wall">
      <h1>{title}</h1>
      <Status />
      <time>{clock(now, false)}</time>
      <button type="button" class="quiet" data-testid="board-leave" title="Leave (Esc)" onClick={() => showFull(id, false)}><Icon name="close" /><span class="sr">Leave full screen</span></button>
    </header>
  );
}

function showFull(id: string, on: boolean): void {
  // The address says it too, so that a screen on a wall can be opened on it.
  if (on) void document.documentElement.requestFullscreen?.().catch(() => undefined);
  else if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
  go(boardHref(id) + (on ? '?full=1' : ''));
}

function useFullScreen(full: boolean, id: string): void {
  useEffect(() => {
    if (!full) return;
    const leave = (): void => { if (!document.fullscreenElement) go(boardHref(id)); };
    const key = (e: KeyboardEvent): void => { if (e.key === 'Escape' && !document.fullscreenElement) go(boardHref(id)); };
    document.addEventListener('fullscreenchange', leave);
    addEventListener('keydown', key);
    return () => { document.removeEventListener('fullscreenchange', leave); removeEventListener('keydown', key); };
  }, [full, id]);
}
