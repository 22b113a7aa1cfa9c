// Boards are rows that anybody may write: what is read back is a board whatever is there, and what is saved is one statement whatever is in it.
// @ts-nocheck Node's test modules have no types here
import test from 'node:test';
import assert from 'node:assert/strict';
import { boardOf, choiceOf, deleteOf, HIGH_MAX, insertOf, literal, moved, newId, partsOf, resized, TILES_MAX, titleOf, updateOf, WIDE_MAX } from '../src/boards/model';
import { orderOf } from '../src/query/order';
import { statements } from '../src/query/statements';

const tile = (id, more = {}) => ({ id, title: id, query: 'SELECT 1', show: 'rows', parts: {}, wide: 2, high: 2, ...more });

test('what is saved is read back', () => {
  const b = { id: 'a', title: "It's", savedAt: '', tiles: [tile('x', { show: 'lines', parts: { x: 'at', ys: ['v'], by: '' }, sort: { column: 'v', descending: true } }), tile('y', { wide: 4, high: 1 })] };
  const read = boardOf('a', "It's", JSON.parse(JSON.stringify({ tiles: b.tiles })), '');
  assert.deepEqual(read, b);
});

test('a row that holds anything at all is a board', () => {
  for (const content of [null, 1, 'x', [], {}, { tiles: 3 }, { tiles: [null, 1, 'a', {}, { query: 7 }, { query: ' ' }] }]) {
    assert.deepEqual(boardOf('a', '', content, '').tiles, [], JSON.stringify(content));
  }
  const odd = boardOf('a', 'A', { tiles: [{ query: 'q', show: 'pie', wide: 1e9, high: -3, parts: { ys: [1, 'v', null], x: {} }, sort: 'v', title: 5 }, { query: 'q', id: 'x' }, { query: 'q', id: 'x' }] }, '');
  assert.equal(odd.tiles[0].show, 'rows');
  assert.deepEqual([odd.tiles[0].wide, odd.tiles[0].high], [WIDE_MAX, 1]);
  assert.deepEqual(odd.tiles[0].parts, { ys: ['v'] });
  assert.equal(odd.tiles[0].sort, undefined);
  assert.equal(new Set(odd.tiles.map((t) => t.id)).size, 3);
  assert.equal(boardOf('a', 'A', { tiles: Array.from({ length: 500 }, (_, i) => tile('t' + i)) }, '').tiles.length, TILES_MAX);
});

test('titles and queries cannot end the literal they stand in', () => {
  const nasty = "x'); DROP TABLE orders; --\\' \" $$ ;";
  const b = { id: nasty, title: nasty, savedAt: nasty, tiles: [tile('x', { query: nasty, title: nasty })] };
  for (const sql of [insertOf(b), updateOf(b), deleteOf(nasty)]) assert.equal(statements(sql).length, 1, sql);
  assert.equal(literal("a'b"), "'a''b'");
});

test('tiles move and are sized within bounds', () => {
  const tiles = ['a', 'b', 'c'].map((id) => tile(id));
  const ids = (list) => list.map((t) => t.id).join('');
  assert.equal(ids(moved(tiles, 'a', 1)), 'bac');
  assert.equal(ids(moved(tiles, 'c', -2)), 'cab');
  assert.equal(ids(moved(tiles, 'a', 9)), 'bca');
  assert.equal(moved(tiles, 'a', -1), tiles);
  assert.equal(moved(tiles, 'gone', 1), tiles);
  const big = resized(tiles, 'b', 99, 99)[1];
  assert.deepEqual([big.wide, big.high], [WIDE_MAX, HIGH_MAX]);
  const small = resized(tiles, 'b', -99, -99)[1];
  assert.deepEqual([small.wide, small.high], [1, 1]);
});

test('parts are kept by name and found again in other columns', () => {
  const columns = ['at', 'core', 'busy'].map((name) => ({ name, type: 'text' }));
  const parts = partsOf({ kind: 'lines', x: 0, ys: [2], by: -1 }, columns);
  assert.deepEqual(parts, { x: 'at', ys: ['busy'], by: '' });
  assert.deepEqual(choiceOf('lines', parts, [...columns].reverse()), { kind: 'lines', x: 2, ys: [0], by: -1 });
  assert.deepEqual(choiceOf('bars', parts, [{ name: 'other', type: 'text' }]), { kind: 'bars', by: -1 });
});

test('names', () => {
  assert.match(newId('Größe & Cäsar!'), /^gro-e-casar-[a-z0-9]+$|^[a-z0-9-]+$/);
  assert.match(newId('日本'), /^[a-z0-9]+$/);
  assert.equal(titleOf('SELECT * FROM cpu_by_10s'), 'cpu by 10s');
  assert.equal(titleOf('SELECT a FROM TUMBLE(bid, at, INTERVAL \'1 s\')'), 'bid');
  assert.equal(titleOf('SELECT 1'), 'SELECT 1');
});

test('the order a query asks for', () => {
  const columns = ['name', 'busy', 'Total'].map((name) => ({ name, type: 'bigint' }));
  const is = (sql, expected) => assert.deepEqual(orderOf(sql, columns), expected, sql);
  is('SELECT * FROM v', null);
  is('SELECT * FROM v ORDER BY busy DESC, name LIMIT 10', { column: 1, descending: true });
  is('select * from v order by v.name', { column: 0, descending: false });
  is('SELECT * FROM v ORDER BY 2 DESC', { column: 1, descending: true });
  is('SELECT * FROM v ORDER BY "Total" NULLS LAST;', { column: 2, descending: false });
  is('SELECT * FROM v ORDER BY busy + 1', null);
  is('SELECT * FROM v ORDER BY other', null);
  is('SELECT * FROM v ORDER BY 9', null);
  is('SELECT * FROM v ORDER BY', null);
  is("SELECT 'ORDER BY busy' FROM v -- ORDER BY busy", null);
  is('SELECT row_number() OVER (ORDER BY busy) FROM v', null);
  is('SELECT * FROM (SELECT * FROM v ORDER BY busy LIMIT 3) x ORDER BY name', { column: 0, descending: false });
});
