// The boards: the list of them, and one of them, for looking at and for arranging.

import { useEffect, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { OneBoard } from '../boards/board';
import { TitleDialog } from '../boards/dialogs';
import { newId, type Board } from '../boards/model';
import { boards, create, followBoards, unread } from '../boards/store';
import { Icon } from '../parts/icons';
import { Empty, Loading } from '../parts/ui';
import { boardHref, go, route } from '../router';

export default function Boards(): JSX.Element {
  const [naming, setNaming] = useState(false);
  const [fault, setFault] = useState('');
  useEffect(() => followBoards(), []);
  const list = boards.value;
  const id = route.value.rest;

  const make = async (title: string): Promise<void> => {
    const board: Board = { id: newId(title), title, tiles: [], savedAt: '' };
    const saved = await create(board);
    if (!saved.ok) { setFault(saved.reason); return; }
    setNaming(false);
    go(boardHref(board.id) + '?edit=1');
  };

  if (id && list) {
    const chosen = list.find((b) => b.id === id);
    return chosen
      ? <OneBoard key={id} board={chosen} />
      : <div class="page"><a class="crumb" href="#/boards">← All boards</a><Empty title="There is no such board">It may have been deleted. <a href="#/boards">All boards</a></Empty></div>;
  }
  return (
    <div class="page">
      <header class="page-head">
        <h1>Boards</h1>
        <span class="note">tiles of live answers, kept in the database for everybody who uses it</span>
        <div class="panel-actions"><button type="button" class="button primary" data-testid="board-new" onClick={() => { setFault(''); setNaming(true); }}><Icon name="plus" />New board</button></div>
      </header>
      {unread.value && !list ? <Empty title="The boards could not be read">{unread.value}</Empty>
        : !list ? <Loading lines={6} />
          : list.length === 0
            ? <Empty title="No boards yet"><p>Run or watch a query on the <a href="#/query">Query</a> page and pin its answer, or make an empty board and add tiles to it.</p></Empty>
            : <ul class="board-list">{list.map((b) => <Card key={b.id} board={b} />)}</ul>}
      {naming && <TitleDialog onDone={(t) => void make(t)} onClose={() => setNaming(false)} fault={fault} />}
    </div>
  );
}

function Card({ board: b }: { board: Board }): JSX.Element {
  return (
    <li class="panel">
      <a class="board-card" href={boardHref(b.id)} data-testid="board-card">
        <span class="board-plan" aria-hidden="true">{b.tiles.slice(0, 12).map((t) => <i key={t.id} class={`plan-${t.show} w${Math.min(4, t.wide)} h${Math.min(2, t.high)}`} />)}</span>
        <span class="board-name">{b.title}</span>
        <span class="note">{b.tiles.length} tile{b.tiles.length === 1 ? '' : 's'}</span>
      </a>
    </li>
  );
}
