# Frames that reach by months: by the calendar, at the ends of months too.
-- made
CREATE TABLE days (d date, ts timestamp, tz timestamptz, t time, n int); INSERT INTO days SELECT d, d + interval '1 hour', d + interval '1 hour', '10:00'::time + (i * interval '7 minutes'), i
  FROM (SELECT i, DATE '2024-01-28' + i AS d FROM generate_series(0, 40) AS i) AS x; INSERT INTO days VALUES (NULL, NULL, NULL, NULL, 100), ('infinity', 'infinity', 'infinity', NULL, 200), ('-infinity', '-infinity', '-infinity', NULL, 300)
;
-- back
SELECT d, sum(n) OVER (ORDER BY d RANGE BETWEEN interval '1 month' PRECEDING AND CURRENT ROW), count(*) OVER (ORDER BY d DESC RANGE BETWEEN interval '1 month' PRECEDING AND CURRENT ROW) FROM days ORDER BY d
;
-- ahead
SELECT ts, min(n) OVER (ORDER BY ts RANGE BETWEEN CURRENT ROW AND interval '1 month 2 days' FOLLOWING), max(n) OVER (ORDER BY ts RANGE BETWEEN CURRENT ROW AND interval '1 month 2 days' FOLLOWING) FROM days ORDER BY ts
;
-- both, with zones
SELECT tz, count(*) OVER (ORDER BY tz RANGE BETWEEN interval '2 months' PRECEDING AND interval '1 month' PRECEDING), count(*) OVER (ORDER BY tz DESC RANGE BETWEEN interval '1 month' FOLLOWING AND interval '1 year' FOLLOWING) FROM days ORDER BY tz
;
-- a month less a day
SELECT d, count(*) OVER (ORDER BY d RANGE BETWEEN interval '1 month -1 day' PRECEDING AND interval '0' FOLLOWING) FROM days ORDER BY d
;
-- less than nothing
SELECT count(*) OVER (ORDER BY d RANGE BETWEEN interval '1 month -31 days' PRECEDING AND CURRENT ROW) FROM days
;
-- times of the day
SELECT t, count(*) OVER (ORDER BY t RANGE BETWEEN interval '20 minutes' PRECEDING AND CURRENT ROW) FROM days WHERE t < '11:30' ORDER BY t
