// The words of SQL as this database knows it: what the editor offers and what definitions are coloured by.

export const KEYWORDS = 'add alert all allow alter and any array as asc asof asymmetric backup begin between both by cascade case cast changelog check checkpoint close collate column commit concurrently '
  + 'conflict constraint copy create cross cube cumulate current_date current_time current_timestamp current_user cursor data declare default delete desc describe distinct do drop else emit end endpoint '
  + 'except exclude exists explain extract false fetch filter first flush following for foreign from full generated grant group grouping having hop if ilike in index inner insert intersect interval into is '
  + 'isnull join key last late lateness lateral left like limit localtime localtimestamp materialized natural next no not nothing notify notnull null nulls of offset on only or order outer over overlaps '
  + 'partition password preceding primary privileges range recursive references rename replace returning revoke right rollback rollup row rows select session set sets show similar some stream subscribe '
  + 'superuser symmetric system_time table temporary then ties to token trailing transaction true truncate tumble unbounded union unique unnest update user using values view watermark when where window '
  + 'with within without';
