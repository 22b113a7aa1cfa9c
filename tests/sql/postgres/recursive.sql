# WITH RECURSIVE in subqueries, with values of the query around it.
-- made
CREATE TABLE tree (id int PRIMARY KEY, parent int, name text NOT NULL, weight numeric);
INSERT INTO tree VALUES (1, NULL, 'root', 1), (2, 1, 'a', 2.5), (3, 1, 'b', NULL), (4, 2, 'aa', 4), (5, 4, 'aaa', 5), (6, NULL, 'other', 6), (7, 6, 'o', 7)
;
-- the root of each
SELECT t.id, (WITH RECURSIVE up(id, parent, depth) AS (SELECT x.id, x.parent, 0 FROM tree x WHERE x.id = t.id UNION ALL SELECT x.id, x.parent, up.depth + 1 FROM tree x JOIN up ON x.id = up.parent)
  SELECT id FROM up ORDER BY depth DESC LIMIT 1) AS root FROM tree t ORDER BY t.id
;
-- the weight below each
SELECT t.name, (WITH RECURSIVE down(id) AS (SELECT t.id UNION ALL SELECT x.id FROM tree x, down WHERE x.parent = down.id) SELECT sum(weight) FROM tree WHERE id IN (SELECT id FROM down)) FROM tree t ORDER BY t.id
;
-- the outer value in the second part
SELECT n, (WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < n) SELECT array_agg(i ORDER BY i) FROM c) FROM generate_series(1, 4) AS n ORDER BY n
;
-- in both, and a null
SELECT n, (WITH RECURSIVE c(i) AS (SELECT n UNION ALL SELECT i + 1 FROM c WHERE i < n * 2) SELECT string_agg(i::text, ',' ORDER BY i) FROM c) FROM (VALUES (1), (3), (NULL), (3)) AS v(n) ORDER BY n
;
-- UNION leaves out what has come for the same outer value alone
SELECT n, (WITH RECURSIVE c(i) AS (SELECT n UNION SELECT (i * 2) % 7 FROM c) SELECT array_agg(i ORDER BY i) FROM c) FROM generate_series(0, 4) AS n ORDER BY n
;
-- LATERAL
SELECT t.name, p.path FROM tree t CROSS JOIN LATERAL (WITH RECURSIVE up(id, parent, path) AS (SELECT t.id, t.parent, t.name UNION ALL SELECT x.id, x.parent, x.name || '/' || up.path FROM tree x, up WHERE x.id = up.parent)
  SELECT path FROM up WHERE parent IS NULL) p ORDER BY t.id
;
-- EXISTS
SELECT t.id FROM tree t WHERE EXISTS (WITH RECURSIVE down(id) AS (SELECT t.id UNION ALL SELECT x.id FROM tree x, down WHERE x.parent = down.id) SELECT 1 FROM down WHERE id = 5) ORDER BY t.id
;
-- one in another, of the rows that came last
WITH RECURSIVE outside(n, s) AS (SELECT 1, 1::bigint UNION ALL SELECT o.n + 1, (WITH RECURSIVE inside(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM inside WHERE i <= o.n) SELECT sum(i) FROM inside)
  FROM outside o WHERE o.n < 5) SELECT * FROM outside ORDER BY n
;
-- an aggregate over one with grouping
SELECT t.parent, count(*), max((WITH RECURSIVE up(id, d) AS (SELECT t.parent, 1 UNION ALL SELECT x.parent, d + 1 FROM tree x, up WHERE x.id = up.id AND x.parent IS NOT NULL) SELECT max(d) FROM up)) FROM tree t GROUP BY t.parent ORDER BY 1
;
-- a column that nobody has
SELECT t.id, (WITH RECURSIVE up(id) AS (SELECT t.nothing UNION ALL SELECT up.id + 1 FROM up WHERE id < 3) SELECT max(id) FROM up) FROM tree t
;
-- a type that changes
SELECT t.id, (WITH RECURSIVE up(id) AS (SELECT t.id UNION ALL SELECT up.id + 1.5 FROM up WHERE id < 3) SELECT max(id) FROM up) FROM tree t
