# What dbt-postgres sends, from its macros (dbt/include/postgres) and those of dbt-adapters (dbt/include/global_project), rendered for a
# project with two models, an incremental one, a seed, a snapshot and tests. How a block is written: tests/clients/replay.md.
-- @setup
create table bi_raw (id int primary key, customer text, amount numeric(10,2), updated_at timestamp);
insert into bi_raw values (1, 'ann', 10.50, '2024-02-29 10:00:00'), (2, 'bob', 20, '2024-02-29 11:00:00'), (3, 'ann', null, '2024-02-29 12:00:00')
;
-- debug: whether the connection works
select 1 as id
;
-- the schemas
-- differs: the schema millrace is there
/* {"app": "dbt", "dbt_version": "1.9.0", "profile_name": "shop", "target_name": "dev", "connection_name": "list_millrace"} */

    select distinct nspname from pg_namespace where nspname !~ '^pg_t' order by nspname
;
-- whether a schema is there
select count(*) from pg_namespace where nspname = 'public'
;
-- the schema, made if it is not there
/* {"app": "dbt", "dbt_version": "1.9.0", "profile_name": "shop", "target_name": "dev", "connection_name": "create_millrace_public"} */
create schema if not exists "public"
;
-- the relations of a schema
/* {"app": "dbt", "dbt_version": "1.9.0", "profile_name": "shop", "target_name": "dev", "connection_name": "list_millrace_public"} */
select
      'millrace' as database,
      tablename as name,
      schemaname as schema,
      'table' as type
    from pg_tables
    where schemaname ilike 'public'
    union all
    select
      'millrace' as database,
      viewname as name,
      schemaname as schema,
      'view' as type
    from pg_views
    where schemaname ilike 'public'
    union all
    select
      'millrace' as database,
      matviewname as name,
      schemaname as schema,
      'materialized_view' as type
    from pg_matviews
    where schemaname ilike 'public'
;
-- a seed: the table
BEGIN
;
-- a seed
create table "millrace"."public"."bi_seed" ("id" integer,"name" text,"born" date,"rate" float8,"paid" boolean)
;
-- a seed: its rows
insert into "millrace"."public"."bi_seed" ("id", "name", "born", "rate", "paid") values
            (1,'it''s','2024-02-29',1.5,True),(2,NULL,NULL,NULL,False)
;
-- a seed: to the end
COMMIT
;
-- a seed, loaded again
truncate table "millrace"."public"."bi_seed"
;
-- a view
BEGIN
;
-- a view: under another name
/* {"app": "dbt", "dbt_version": "1.9.0", "profile_name": "shop", "target_name": "dev", "node_id": "model.shop.bi_stg"} */

  create view "millrace"."public"."bi_stg__dbt_tmp"
    
    
  as (
    select id, customer, amount, updated_at from "millrace"."public"."bi_raw"
  );
;
-- a view: renamed
alter view "millrace"."public"."bi_stg__dbt_tmp" rename to "bi_stg"
;
-- a view: to the end
COMMIT
;
-- a view: what it was before is gone
drop view if exists "millrace"."public"."bi_stg__dbt_backup" cascade
;
-- a table
BEGIN
;
-- a table: under another name
/* {"app": "dbt", "dbt_version": "1.9.0", "profile_name": "shop", "target_name": "dev", "node_id": "model.shop.bi_orders"} */

  
    

  create  table "millrace"."public"."bi_orders__dbt_tmp"
  
  
    as
  
  (
    with stg as (select * from "millrace"."public"."bi_stg")
select customer, count(*) as orders, sum(amount) as total, max(updated_at) as last_at from stg group by 1
  );
;
-- a table: an index
create  index if not exists
  "4c7d8c6ca4ad2f6fb3d4c7d8c6ca4ad2"
  on "millrace"."public"."bi_orders__dbt_tmp" using btree
  (customer)
;
-- a table: renamed
alter table "millrace"."public"."bi_orders__dbt_tmp" rename to "bi_orders"
;
-- a table: to the end
COMMIT
;
-- a table: what it was before is gone
drop table if exists "millrace"."public"."bi_orders__dbt_backup" cascade
;
-- a table, made again
BEGIN
;
-- a table, made again: under another name
create  table "millrace"."public"."bi_orders__dbt_tmp"
    as
  (
    select customer, count(*) as orders from "millrace"."public"."bi_stg" group by 1
  );
;
-- a table, made again: the old one goes out of the way
alter table "millrace"."public"."bi_orders" rename to "bi_orders__dbt_backup"
;
-- a table, made again: the new one takes its name
alter table "millrace"."public"."bi_orders__dbt_tmp" rename to "bi_orders"
;
-- a table, made again: to the end
COMMIT
;
-- a table, made again: what it was before is gone
drop table if exists "millrace"."public"."bi_orders__dbt_backup" cascade
;
-- what the table has
select * from "millrace"."public"."bi_orders" order by customer
;
-- incremental: the first time
create  table "millrace"."public"."bi_inc" as (select id, customer, amount from "millrace"."public"."bi_raw" where id < 3)
;
-- incremental: what is new
create temporary table "bi_inc__dbt_tmp101530123456"
    as
  (
    select id, customer, coalesce(amount, 0) + 1 as amount from "millrace"."public"."bi_raw" where id > 1
  );
;
-- incremental: the columns of what is new
select
          column_name,
          data_type,
          character_maximum_length,
          numeric_precision,
          numeric_scale

      from INFORMATION_SCHEMA.columns
      where table_name = 'bi_inc__dbt_tmp101530123456'
      order by ordinal_position
;
-- incremental: the columns of the table
select
          column_name,
          data_type,
          character_maximum_length,
          numeric_precision,
          numeric_scale

      from "millrace".INFORMATION_SCHEMA.columns
      where table_name = 'bi_inc'
        
        and table_schema = 'public'
        
      order by ordinal_position
;
-- incremental: delete and insert
delete from "millrace"."public"."bi_inc" as DBT_INTERNAL_DEST
            where (id) in (
                select distinct id
                from "bi_inc__dbt_tmp101530123456" as DBT_INTERNAL_SOURCE
            );
    

    insert into "millrace"."public"."bi_inc" ("id", "customer", "amount")
    (
        select "id", "customer", "amount"
        from "bi_inc__dbt_tmp101530123456"
    )
;
-- incremental: delete and insert, by two columns
delete from "millrace"."public"."bi_inc"
            using "bi_inc__dbt_tmp101530123456"
            where (
                
                    "bi_inc__dbt_tmp101530123456".id = "millrace"."public"."bi_inc".id
                    and 
                
                    "bi_inc__dbt_tmp101530123456".customer = "millrace"."public"."bi_inc".customer
                    
            );
    insert into "millrace"."public"."bi_inc" ("id", "customer", "amount")
    (
        select "id", "customer", "amount"
        from "bi_inc__dbt_tmp101530123456"
    )
;
-- incremental: merge
-- fails: 0A000
-- differs: MERGE is not there: the strategy delete+insert, which is the default, is
merge into "millrace"."public"."bi_inc" as DBT_INTERNAL_DEST
        using "bi_inc__dbt_tmp101530123456" as DBT_INTERNAL_SOURCE
        on (
                    DBT_INTERNAL_SOURCE.id = DBT_INTERNAL_DEST.id
                )

    
    when matched then update set
        "id" = DBT_INTERNAL_SOURCE."id","customer" = DBT_INTERNAL_SOURCE."customer","amount" = DBT_INTERNAL_SOURCE."amount"
    

    when not matched then insert
        ("id", "customer", "amount")
    values
        (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."customer", DBT_INTERNAL_SOURCE."amount")
;
-- incremental: what the table has
select * from "millrace"."public"."bi_inc" order by id
;
-- incremental: a new column of the model
alter table "millrace"."public"."bi_inc" add column "note" text
;
-- incremental: what is new goes
drop table if exists "bi_inc__dbt_tmp101530123456" cascade
;
-- a snapshot: the first time
create  table "millrace"."public"."bi_snap" as (
    select *,
        md5(coalesce(cast(id as varchar ), '')
         || '|' || coalesce(cast(updated_at as varchar ), '')
        ) as dbt_scd_id,
        updated_at as dbt_updated_at,
        updated_at as dbt_valid_from,
        coalesce(nullif(updated_at, updated_at), null) as dbt_valid_to
    from (
        select id, customer, updated_at from "millrace"."public"."bi_raw"
    ) sbq
  );
;
-- a snapshot: a row changes
update bi_raw set customer = 'rob', updated_at = '2024-03-01 00:00:00' where id = 2
;
-- a snapshot: what changed
create temporary table "bi_snap__dbt_tmp101530123456" as (
    with snapshot_query as (
        select id, customer, updated_at from "millrace"."public"."bi_raw"
    ),
    snapshotted_data as (
        select *, id as dbt_unique_key
        from "millrace"."public"."bi_snap"
        where dbt_valid_to is null
    ),
    insertions_source_data as (
        select *, id as dbt_unique_key,
            updated_at as dbt_updated_at,
            updated_at as dbt_valid_from,
            coalesce(nullif(updated_at, updated_at), null) as dbt_valid_to,
            md5(coalesce(cast(id as varchar ), '')
         || '|' || coalesce(cast(updated_at as varchar ), '')
        ) as dbt_scd_id
        from snapshot_query
    ),
    updates_source_data as (
        select *, id as dbt_unique_key,
            updated_at as dbt_updated_at,
            updated_at as dbt_valid_from,
            updated_at as dbt_valid_to
        from snapshot_query
    ),
    insertions as (
        select
            'insert' as dbt_change_type,
            source_data.*
        from insertions_source_data as source_data
        left outer join snapshotted_data
            on snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
            where snapshotted_data.dbt_unique_key is null
            or (snapshotted_data.dbt_unique_key is not null and (
                (snapshotted_data.dbt_valid_from < source_data.updated_at)
            ))
    ),
    updates as (
        select
            'update' as dbt_change_type,
            source_data.*,
            snapshotted_data.dbt_scd_id
        from updates_source_data as source_data
        join snapshotted_data
            on snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
        where (
            (snapshotted_data.dbt_valid_from < source_data.updated_at)
        )
    )
    select * from insertions
    union all
    select * from updates
  );
;
-- a snapshot: the old rows end, the new ones begin
update "millrace"."public"."bi_snap"
    set dbt_valid_to = DBT_INTERNAL_SOURCE.dbt_valid_to
    from "bi_snap__dbt_tmp101530123456" as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.dbt_scd_id::text = "millrace"."public"."bi_snap".dbt_scd_id::text
      and DBT_INTERNAL_SOURCE.dbt_change_type::text in ('update'::text, 'delete'::text)
      and "millrace"."public"."bi_snap".dbt_valid_to is null;

    insert into "millrace"."public"."bi_snap" ("id", "customer", "updated_at", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_scd_id")
    select DBT_INTERNAL_SOURCE."id",DBT_INTERNAL_SOURCE."customer",DBT_INTERNAL_SOURCE."updated_at",DBT_INTERNAL_SOURCE."dbt_updated_at",DBT_INTERNAL_SOURCE."dbt_valid_from",DBT_INTERNAL_SOURCE."dbt_valid_to",DBT_INTERNAL_SOURCE."dbt_scd_id"
    from "bi_snap__dbt_tmp101530123456" as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.dbt_change_type::text = 'insert'::text;
;
-- a snapshot: what it has
select id, customer, updated_at, dbt_valid_from, dbt_valid_to, dbt_scd_id from "millrace"."public"."bi_snap" order by id, dbt_valid_from
;
-- a snapshot: what changed goes
drop table if exists "bi_snap__dbt_tmp101530123456" cascade
;
-- a test: not null
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
      
    
select amount
from "millrace"."public"."bi_raw"
where amount is null



      
    ) dbt_internal_test
;
-- a test: unique
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
select
    id as unique_field,
    count(*) as n_records

from "millrace"."public"."bi_raw"
where id is not null
group by id
having count(*) > 1
    ) dbt_internal_test
;
-- a test: accepted values
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error
    from (
with all_values as (

    select
        customer as value_field,
        count(*) as n_records

    from "millrace"."public"."bi_raw"
    group by customer

)

select *
from all_values
where value_field not in (
    'ann','bob'
)
    ) dbt_internal_test
;
-- a test: relationships
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error
    from (
with child as (
    select customer as from_field
    from "millrace"."public"."bi_raw"
    where customer is not null
),

parent as (
    select customer as to_field
    from "millrace"."public"."bi_orders"
)

select
    from_field

from child
left join parent
    on child.from_field = parent.to_field

where parent.to_field is null
    ) dbt_internal_test
;
-- show
select * from (select id, customer from "millrace"."public"."bi_raw" order by id) as __preview_sbq__ limit 5
;
-- the columns that a query would have
select * from (
        select id, customer, amount from "millrace"."public"."bi_raw"
    ) as __dbt_sbq
    where false
    limit 0
;
-- the grants on a relation
select grantee, privilege_type
  from "millrace".INFORMATION_SCHEMA.role_table_grants
      where grantor = current_role
        and grantee != current_role
        and table_schema = 'public'
        and table_name = 'bi_orders'
;
-- the comment of a relation
comment on table "millrace"."public"."bi_orders" is $dbt_comment_literal_block$Orders, it's "one" a customer$dbt_comment_literal_block$;
;
-- the comment of a column
comment on column "millrace"."public"."bi_orders".customer is $dbt_comment_literal_block$who$dbt_comment_literal_block$;
;
-- docs: the catalog
select
        'millrace' as table_database,
        sch.nspname as table_schema,
        tbl.relname as table_name,
        case tbl.relkind
            when 'v' then 'VIEW'
            when 'm' then 'MATERIALIZED VIEW'
            else 'BASE TABLE'
        end as table_type,
        tbl_desc.description as table_comment,
        col.attname as column_name,
        col.attnum as column_index,
        pg_catalog.format_type(col.atttypid, col.atttypmod) as column_type,
        col_desc.description as column_comment,
        pg_get_userbyid(tbl.relowner) as table_owner

    from pg_catalog.pg_namespace sch
    join pg_catalog.pg_class tbl on tbl.relnamespace = sch.oid
    join pg_catalog.pg_attribute col on col.attrelid = tbl.oid
    left outer join pg_catalog.pg_description tbl_desc on (tbl_desc.objoid = tbl.oid and tbl_desc.objsubid = 0)
    left outer join pg_catalog.pg_description col_desc on (col_desc.objoid = tbl.oid and col_desc.objsubid = col.attnum)
    where (upper(sch.nspname) = upper('public') and
           upper(tbl.relname) = upper('bi_orders') or (upper(sch.nspname) = upper('public') and
           upper(tbl.relname) = upper('bi_stg')))
      and not pg_is_other_temp_schema(sch.oid) -- not a temporary schema belonging to another session
      and tbl.relpersistence in ('p', 'u') -- [p]ermanent table or [u]nlogged table. Exclude [t]emporary tables
      and tbl.relkind in ('r', 'v', 'f', 'p', 'm') -- o[r]dinary table, [v]iew, [f]oreign table, [p]artitioned table, [m]aterialized view. Other values are [i]ndex, [S]equence, [c]omposite type, [t]OAST table
      and col.attnum > 0 -- negative numbers are used for system columns such as oid
      and not col.attisdropped -- column as not been dropped

    order by
        sch.nspname,
        tbl.relname,
        col.attnum
;
-- what depends on what
select distinct
        dependent_namespace.nspname as dependent_schema,
        dependent_class.relname as dependent_name,
        referenced_namespace.nspname as referenced_schema,
        referenced_class.relname as referenced_name
    from pg_class as dependent_class
    join pg_namespace as dependent_namespace on dependent_namespace.oid = dependent_class.relnamespace
    join pg_depend as dependent_depend on dependent_depend.refobjid = dependent_class.oid
        and dependent_depend.classid = 'pg_rewrite'::regclass
        and dependent_depend.refclassid = 'pg_class'::regclass
        and dependent_depend.deptype = 'i'
    join pg_depend as joining_depend on joining_depend.objid = dependent_depend.objid
        and joining_depend.classid = 'pg_rewrite'::regclass
        and joining_depend.refclassid = 'pg_class'::regclass
        and joining_depend.refobjid != dependent_depend.refobjid
    join pg_class as referenced_class on referenced_class.oid = joining_depend.refobjid
    join pg_namespace as referenced_namespace on referenced_namespace.oid = referenced_class.relnamespace
        and referenced_namespace.nspname != 'information_schema'
        and referenced_namespace.nspname not like 'pg\_%'
    order by
        dependent_schema, dependent_name, referenced_schema, referenced_name;
;
-- the indexes of a relation
select
        i.relname                                   as name,
        m.amname                                    as method,
        ix.indisunique                              as "unique",
        array_to_string(array_agg(a.attname), ',')  as column_names
    from pg_index ix
    join pg_class i
        on i.oid = ix.indexrelid
    join pg_am m
        on m.oid=i.relam
    join pg_class t
        on t.oid = ix.indrelid
    join pg_namespace n
        on n.oid = t.relnamespace
    join pg_attribute a
        on a.attrelid = t.oid
        and a.attnum = ANY(ix.indkey)
    where t.relname = 'bi_raw'
      and n.nspname = 'public'
      and t.relkind in ('r', 'm')
    group by 1, 2, 3
    order by 1, 2, 3
;
-- an index goes
drop index if exists "public"."4c7d8c6ca4ad2f6fb3d4c7d8c6ca4ad2"
;
-- a materialized view
create materialized view if not exists "millrace"."public"."bi_mat" as select customer, count(*) as n from "millrace"."public"."bi_raw" group by customer;
;
-- a materialized view: refreshed
refresh materialized view "millrace"."public"."bi_mat"
;
-- a materialized view: renamed
alter materialized view "millrace"."public"."bi_mat" rename to "bi_mat2"
;
-- a materialized view: gone
drop materialized view if exists "millrace"."public"."bi_mat2" cascade
;
-- the time
select now()::timestamp without time zone > '2024-01-01' as later, (current_timestamp at time zone 'utc')::timestamp without time zone > '2024-01-01' as too
;
-- a date spine
select (date_trunc('day', '2024-02-29'::timestamp) + ((interval '1 day') * (2)))::date as d, '2024-02-29'::date - '2024-01-01'::date as days, split_part('a,b', ',', 2) as part,
  (date_trunc('month', '2024-02-10'::timestamp) + interval '1 month' - interval '1 day')::date as last_day, string_agg(customer, ',' order by customer) as l from bi_raw
;
-- an error in a model
-- fails: 42703
create  table "millrace"."public"."bi_no__dbt_tmp" as (select nothing from "millrace"."public"."bi_raw");
;
-- @cleanup
drop table if exists bi_seed cascade;
drop view if exists bi_stg cascade;
drop table if exists bi_orders cascade;
drop table if exists bi_inc cascade;
drop table if exists bi_snap cascade;
drop materialized view if exists bi_mat cascade;
drop table if exists bi_raw cascade
;
